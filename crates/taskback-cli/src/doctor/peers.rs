//! The peers that unit tests compare with.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs the script beside the other peers and returns its lines of JSON.
pub(super) fn templates(arguments: &[&str], stdin: &str) -> Vec<Value> {
    let venv = std::env::var_os("TASKBACK_VENV").map_or_else(|| root().join("target/venv"), PathBuf::from);
    let mut command = Command::new(venv.join("bin/python"));
    command.env_clear().env("PYTHONDONTWRITEBYTECODE", "1").arg(root().join("tests/peers/templates.py"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("tests/run installs the Python peers");
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
