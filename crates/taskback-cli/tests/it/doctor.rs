//! `taskback doctor`.

mod broken;
mod exit;
mod hostile;
mod own;
mod peers;
mod permissions;
mod statements;
mod triggers;
mod unknown;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::run::{Ran, run, run_within, taskback};

fn doctor(template: &Path, more: &[&str]) -> Ran {
    run(&mut command(template, more))
}

/// As [`doctor`], within so many seconds of the processor's time.
fn doctor_within(seconds: u32, template: &Path) -> Ran {
    run_within(seconds, &command(template, &["--json"]))
}

fn command(template: &Path, more: &[&str]) -> Command {
    taskback(&[&["doctor", template.to_str().unwrap()], more].concat())
}

/// The only parameter of our own template without a default.
const STEP: &str = "Step=verify-card";

fn own() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "template.yaml"].iter().collect()
}

/// Writes a template, alone in its folder.
fn written(name: &str, text: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("doctor").join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("template.yaml"), text).unwrap();
    folder.join("template.yaml")
}

/// A template without findings, `sound` or `direct`, with replacements in it.
fn changed(template: &str, changes: &[(&str, &str)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates").join(template);
    let text = fs::read_to_string(path.with_extension("yaml")).unwrap();
    changes.iter().fold(text, |text, (before, after)| {
        assert_eq!(text.matches(before).count(), 1, "{before}");
        text.replace(before, after)
    })
}

/// The findings in a template, each as its id and resource, and what is unknown.
fn examined(name: &str, text: &str) -> (Vec<String>, Vec<String>) {
    let ran = doctor(&written(name, text), &["--json"]);
    let report: Value =
        serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{name}: {}{}", ran.stdout, ran.stderr));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    let findings = findings.map(|finding| format!("{} {}", text(&finding["id"]), text(&finding["resource"])));
    (findings.collect(), report["unknown"].as_array().unwrap().iter().map(text).collect())
}
