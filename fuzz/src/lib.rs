//! The bodies of the fuzz targets. fuzz_targets/ has one program for each.

pub mod checks;
pub mod fnf;

// Modules of the command, which is a program without a library.
#[allow(dead_code, unreachable_pub)]
#[path = "../../crates/taskback-cli/src"]
mod cli {
    pub(crate) mod doctor;
    pub(crate) mod exit;
}

// The modules name each other by these paths.
use cli::{doctor, exit};

/// Reads templates, within the time limit of libFuzzer.
pub fn templates(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(report) = doctor::report(&text, None, &[], true) {
        let value: serde_json::Value = serde_json::from_str(&report.text).expect("a report in JSON");
        assert_eq!(value["findings"].as_array().map(Vec::len), Some(report.findings));
    }
}
