//! Other readers of templates see the same resources.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::broken::broken;
use super::{doctor, doctor_within, own};
use crate::python;

/// cfn-lint and SAM load every template of the tests, and list what is in it.
#[tokio::test]
async fn loaders_of_sam_and_cfn_lint_see_the_same_resources() {
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates");
    let mut paths: Vec<_> = broken().iter().map(|folder| folder.join("template.yaml")).collect();
    paths.extend(fs::read_dir(templates).unwrap().map(|entry| entry.unwrap().path()));
    paths.push(own());
    let arguments: Vec<_> =
        ["resources"].into_iter().chain(paths.iter().map(|path| path.to_str().unwrap())).collect();
    let loaded = python::run("templates.py", &arguments, "").await;
    assert_eq!(loaded.len(), paths.len());
    for (path, loaded) in paths.iter().zip(loaded) {
        let repeats_keys = path.ends_with("repeated-keys.yaml");
        let resources = resources(path);
        assert_eq!(resources, loaded["sam"], "{}", path.display());
        // cfn-lint refuses repeated keys.
        assert!(repeats_keys || resources == loaded["lint"], "{}: {}", path.display(), loaded["lint"]);
    }
}

/// The resources that doctor sees, with all conditions of our own template true.
fn resources(path: &Path) -> Value {
    let given = [
        "Service=fnf",
        "FnfRegion=x",
        "FnfSecretArn=arn:a",
        "FnfSecretKeyArn=arn:a",
        "SwfTaskList=x",
        "Tracing=on",
        "Dashboard=on",
        "Step=x",
    ];
    let given = given.iter().flat_map(|parameter| ["--parameter", parameter]);
    let options: Vec<_> = ["--json"].into_iter().chain(given.filter(|_| *path == own())).collect();
    let ran = doctor(path, &options);
    let report: Value =
        serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}: {}", path.display(), ran.stderr));
    report["resources"].clone()
}

/// All files of the installed peers and their dependencies that mention resources, templates or not.
#[test]
fn templates_of_the_peers_are_read_in_time() {
    let mut files = Vec::new();
    collect(&packages(), &mut files);
    assert!(files.len() > 20, "{}", files.len());
    for file in files {
        let ran = doctor_within(2, &file);
        let is_report = serde_json::from_str::<Value>(&ran.stdout).is_ok();
        let is_error = ran.code == 2 && ran.stderr.starts_with("taskback: ");
        assert!(is_report || is_error, "{}: {}", file.display(), ran.stderr);
    }
}

fn packages() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv");
    let venv = std::env::var_os("TASKBACK_VENV").map_or_else(own, PathBuf::from);
    let python = fs::read_dir(venv.join("lib")).expect("tests/run installs the Python peers").next();
    python.unwrap().unwrap().path().join("site-packages")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_text = path
            .extension()
            .is_some_and(|end| ["yaml", "yml", "json", "template"].iter().any(|own| end == *own));
        if path.is_dir() {
            collect(&path, files);
        } else if is_text
            && fs::read(&path).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains("Resources"))
        {
            files.push(path);
        }
    }
}
