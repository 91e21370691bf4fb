//! The broken templates: each has its findings, also as CDK would write it, and none once its fix is applied.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{doctor, written};
use crate::python;
use crate::run::{run, taskback};

/// One folder each, named after the check.
pub(super) fn broken() -> Vec<PathBuf> {
    let all = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctor")).unwrap();
    let mut all: Vec<_> = all.map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

fn check_of(folder: &Path) -> String {
    let name = folder.file_name().unwrap().to_str().unwrap();
    name.split('-').next().unwrap().to_owned()
}

#[test]
fn broken_templates_yield_their_findings() {
    for folder in broken() {
        let ran = doctor(&folder.join("template.yaml"), &[]);
        let expected = fs::read_to_string(folder.join("findings.txt")).unwrap();
        assert_eq!((ran.code, ran.stdout), (1, expected), "{} {}", folder.display(), ran.stderr);
    }
}

#[test]
fn every_check_has_a_broken_template() {
    let listed = run(&mut taskback(&["doctor", "--checks"])).stdout;
    let listed: BTreeSet<_> = listed.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(broken().iter().map(|folder| check_of(folder)).collect::<BTreeSet<_>>(), listed);
    for folder in broken() {
        let report: Value =
            serde_json::from_str(&doctor(&folder.join("template.yaml"), &["--json"]).stdout).unwrap();
        let findings = report["findings"].as_array().unwrap();
        assert!(!findings.is_empty() && report["unknown"] == json!([]), "{report}");
        for finding in findings {
            assert_eq!(finding["id"], check_of(&folder), "{finding}");
            for part in ["resource", "reason", "fix"] {
                assert!(finding[part].as_str().is_some_and(|text| !text.is_empty()), "{finding}");
            }
        }
    }
}

/// The replacements in fix.json are the fix that the finding proposes.
#[test]
fn proposed_fix_removes_the_finding() {
    for folder in broken() {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let fix: Vec<[String; 2]> =
            serde_json::from_str(&fs::read_to_string(folder.join("fix.json")).unwrap()).unwrap();
        let manifest = folder.join("Cargo.toml");
        let mut template = fs::read_to_string(folder.join("template.yaml")).unwrap();
        let mut manifest = manifest.exists().then(|| fs::read_to_string(manifest).unwrap());
        for [before, after] in fix {
            let text = manifest.as_mut().unwrap_or(&mut template);
            assert_eq!(text.matches(&before).count(), 1, "{name}: {before}");
            *text = text.replace(&before, &after);
        }
        let fixed = written(&format!("fixed-{name}"), &template);
        if let Some(manifest) = manifest {
            fs::write(fixed.with_file_name("Cargo.toml"), manifest).unwrap();
        }
        let ran = doctor(&fixed, &["--strict"]);
        assert_eq!((ran.code, &*ran.stdout), (0, "no findings\n"), "{name}");
    }
}

/// SAM's own translator writes the CloudFormation, and every Fn::Sub is a Fn::Join, as in CDK's output.
#[tokio::test]
async fn cdk_output_has_the_same_findings() {
    let templates: Vec<_> = broken().iter().map(|folder| folder.join("template.yaml")).collect();
    let paths = templates.iter().map(|path| path.to_str().unwrap());
    let arguments: Vec<_> = ["cdk"].into_iter().chain(paths).collect();
    let translated = python::run("templates.py", &arguments, "").await;
    assert_eq!(translated.len(), templates.len());
    for (template, translated) in templates.iter().zip(translated) {
        let name = template.parent().unwrap().file_name().unwrap().to_str().unwrap();
        let text = translated.to_string();
        assert!(!text.contains("Fn::Sub") && !text.contains("AWS::Serverless"), "{name}");
        let written = written(&format!("cdk-{name}"), &text);
        let manifest = template.with_file_name("Cargo.toml");
        if manifest.exists() {
            fs::copy(manifest, written.with_file_name("Cargo.toml")).unwrap();
        }
        let (as_sam, as_cdk) = (report(template), report(&written));
        assert_eq!(as_cdk["unknown"], json!([]), "{name}");
        assert_eq!(found(&as_cdk), found(&as_sam), "{name}");
    }
}

fn report(template: &Path) -> Value {
    serde_json::from_str(&doctor(template, &["--json"]).stdout).unwrap()
}

fn found(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|finding| (text(&finding["id"]), text(&finding["resource"]))).collect()
}
