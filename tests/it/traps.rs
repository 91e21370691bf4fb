//! Checks the table of traps: it lists every trap, and every test that it names exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const TABLE: &str = include_str!("../TRAPS.md");
const TRAPS: usize = 33;

#[test]
fn every_trap_has_a_test() {
    let rows = TABLE.lines().filter_map(|line| line.strip_prefix("| T")?.split_once(" | "));
    let mut numbers: Vec<usize> = Vec::new();
    for (number, row) in rows {
        numbers.push(number.parse().unwrap());
        assert!(tests(row).next().is_some(), "T{number} is held by nothing");
    }
    assert_eq!(numbers, (1..=TRAPS).collect::<Vec<_>>());
}

#[test]
fn every_listed_test_exists() {
    let named: BTreeSet<_> = tests(TABLE).collect();
    assert!(named.len() > TRAPS, "the table names only {} tests", named.len());
    for (path, name) in named {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let source = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(is_test(&source, name), "{name} is no test in {}", path.display());
    }
}

/// The tests that the table names as `path.rs::name`.
fn tests(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('`').skip(1).step_by(2).filter_map(|code| code.split_once("::"))
}

/// Whether the function directly follows a test attribute.
fn is_test(source: &str, name: &str) -> bool {
    let lines: Vec<_> = source.lines().map(str::trim).collect();
    lines.windows(2).any(|pair| {
        let attribute = pair[0] == "#[test]" || pair[0].starts_with("#[tokio::test");
        attribute && pair[1].trim_start_matches("async ").starts_with(&format!("fn {name}("))
    })
}
