//! The commands that documents tell a reader to type.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::run;

/// Documents whose commands are all run here, as they stand.
const DOCUMENTS: [&str; 4] =
    ["README.md", "docs/quick-start.md", "docs/guides/external-steps.md", "docs/deploy/doctor.md"];

/// Commands of README that something else runs: what, where, and the line by which it is found there.
const RUN_ELSEWHERE: [(&str, &str, &str); 5] = [
    ("tests/run", ".ci/run", "tests/run"),
    ("cargo add taskback --path ../taskback", ".ci/run", "^cargo add"),
    ("cargo add serde --features derive", ".ci/run", "^cargo add"),
    ("cargo add tokio --features macros,rt-multi-thread", ".ci/run", "^cargo add"),
    (
        "cargo run --manifest-path ../taskback/Cargo.toml -- invoke --function 'cargo run --quiet' --open -e ../taskback/examples/own-function/event.json",
        ".ci/run",
        "'^cargo run --manifest-path'",
    ),
];

#[test]
fn documented_commands_succeed() {
    let mut commands = BTreeSet::new();
    for document in DOCUMENTS {
        let text = read(document);
        commands.extend(fenced(&text).filter(|line| line.contains("cargo run -- ")).map(str::to_owned));
    }
    assert!(commands.len() >= 4, "{commands:?}");
    for command in commands {
        let line = command.replace("cargo run --", env!("CARGO_BIN_EXE_taskback"));
        let mut shell = Command::new("/bin/sh");
        let ran = run(shell.args(["-c", &line]).current_dir(root()).env_clear().env("PATH", "/usr/bin:/bin"));
        assert_eq!(ran.code, 0, "{command}\n{}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn every_readme_command_is_run() {
    let readme = read("README.md");
    for command in fenced(&readme).filter(|line| !line.contains("cargo run -- ")) {
        let found = RUN_ELSEWHERE.iter().find(|(known, ..)| *known == command);
        let Some((_, file, line)) = found else { panic!("{command:?} is run by nothing") };
        assert!(read(file).contains(line), "{file} does not run {command:?}");
    }
}

#[test]
fn readme_is_short_and_starts_quickly() {
    let readme = read("README.md");
    let lines: Vec<_> = readme.lines().collect();
    assert!(lines.len() <= 150, "{} lines", lines.len());
    assert!(readme.split_whitespace().count() <= 1800, "{} words", readme.split_whitespace().count());
    for command in ["cargo run -- demo", "tests/run"] {
        assert!(lines[..40].contains(&command), "{command} is not in the first 40 lines");
    }
}

/// The book's own links are checked by its strict build.
#[test]
fn links_beside_the_book_lead_to_files() {
    for document in
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "RELEASING.md", "SECURITY.md"]
    {
        let text = read(document);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.starts_with("http") && !target.starts_with('#')) {
            let path = target.split('#').next().unwrap_or_default();
            assert!(root().join(path).exists(), "{document}: {target}");
        }
    }
}

#[test]
fn paths_of_the_tour_exist() {
    let tour = read("ARCHITECTURE.md");
    let named = tour.split('`').skip(1).step_by(2);
    let paths: BTreeSet<_> = named.filter(|text| text.ends_with(".rs") || text.ends_with('/')).collect();
    assert!(paths.len() > 60, "{paths:?}");
    for path in paths {
        assert!(root().join(path).exists(), "ARCHITECTURE.md: {path}");
    }
}

/// The lines of fenced text that is not a picture.
fn fenced(text: &str) -> impl Iterator<Item = &str> {
    let blocks = text.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter(|block| !block.contains('▶')).flat_map(str::lines)
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
