//! The book's lists against the code: what either has alone is an error.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Events whose name is chosen by a value, with their levels and the file that has them.
const CHOSEN: [(&str, &str, &str); 4] = [
    ("report.accepted", "INFO", "src/adapter/reporting.rs"),
    ("task.closed", "INFO", "src/adapter/reporting.rs"),
    ("task.delegated", "INFO", "src/adapter/reporting.rs"),
    ("step.output_not_object", "WARN", "src/service/reporter.rs"),
];

#[test]
fn page_lists_exactly_the_log_events() {
    let mut logged = BTreeSet::new();
    for file in sources() {
        logged.extend(events(&fs::read_to_string(&file).unwrap()));
    }
    for (event, level, file) in CHOSEN {
        assert!(read(file).contains(&format!("\"{event}\"")), "{event} is not in {file}");
        logged.insert((event.to_owned(), level.to_owned()));
    }
    let page = read("docs/reference/log-events.md");
    let rows = page.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let event = cells.next()?.trim_matches('*').strip_prefix('`')?.strip_suffix('`')?;
        event.contains('.').then(|| (event.to_owned(), cells.next().unwrap_or_default().to_owned()))
    });
    let listed: BTreeSet<_> = rows.collect();
    // One name at two levels: the page has the higher one.
    logged.retain(|(event, level)| level != "WARN" || !listed.contains(&(event.clone(), "ERROR".to_owned())));
    let missing: Vec<_> = logged.difference(&listed).collect();
    let stale: Vec<_> = listed.difference(&logged).collect();
    assert_eq!((missing, stale), (Vec::new(), Vec::new()), "not on the page; on the page and not logged");
    assert!(listed.len() > 60, "{listed:?}");
}

#[test]
fn page_marks_the_events_of_alarms() {
    let template = read("template.yaml");
    let filters = template.lines().filter(|line| line.contains("FilterPattern:"));
    let counted: BTreeSet<&str> = filters.flat_map(|line| line.split('"').skip(1).step_by(2)).collect();
    let page = read("docs/reference/log-events.md");
    let bold: BTreeSet<&str> = page.split("**`").skip(1).filter_map(|rest| rest.split('`').next()).collect();
    assert_eq!(bold, counted);
}

#[test]
fn page_has_a_heading_for_each_check() {
    let checks = read("crates/taskback-cli/src/doctor/finding.rs");
    let known: BTreeSet<&str> =
        checks.split("(\"TB").skip(1).chain(checks.split("\n        \"TB").skip(1)).map(id).collect();
    let page = read("docs/deploy/doctor.md");
    let headings: BTreeSet<&str> = page.split("\n## TB").skip(1).map(id).collect();
    assert_eq!(headings, known);
    assert!(known.len() >= 18, "{known:?}");
}

/// An alarm has a heading of its own; an event of level ERROR is named in a runbook.
#[test]
fn alarms_and_errors_have_runbooks() {
    let page = read("docs/guides/operations.md");
    let headings: BTreeSet<&str> = page.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let template = read("template.yaml");
    let lines: Vec<&str> = template.lines().collect();
    let alarms = lines.windows(2).filter(|pair| pair[1] == "    Type: AWS::CloudWatch::Alarm");
    let alarms: BTreeSet<&str> = alarms.map(|pair| pair[0].trim().trim_end_matches(':')).collect();
    assert!(alarms.len() > 6, "{alarms:?}");
    let other = read("s.yaml");
    let rule = other.split("RuleName: ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
    let missing: Vec<_> =
        alarms.into_iter().chain([rule]).filter(|alarm| !headings.contains(alarm)).collect();
    assert_eq!(missing, Vec::<&str>::new());

    let events = read("docs/reference/log-events.md");
    let (events, _) = events.split_once("## Local services").unwrap();
    let rows = events.lines().filter(|line| line.starts_with("| ") && line.contains(" | ERROR | "));
    let errors: Vec<_> = rows.filter_map(|row| row.split('`').nth(1)).collect();
    assert!(errors.len() > 20, "{errors:?}");
    let named = |event: &str| page.contains(&format!("`{event}`")) || headings.contains(event);
    let missing: Vec<_> = errors.into_iter().filter(|event| !named(event)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "an ERROR without a runbook");
}

/// The number behind `TB`.
fn id(text: &str) -> &str {
    text.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default()
}

/// The events of a source with their levels.
fn events(source: &str) -> Vec<(String, String)> {
    let code = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let code = code.lines().filter(is_code).collect::<Vec<_>>().join("\n");
    let mut events = Vec::new();
    for level in ["debug", "info", "warn", "error"] {
        for call in code.split(&format!("tracing::{level}!(")).skip(1) {
            let head = call.split(");").next().unwrap_or_default();
            if let Some(rest) = head.split_once("event = \"").map(|(_, rest)| rest) {
                let event = rest.split('"').next().unwrap_or_default();
                events.push((event.to_owned(), level.to_uppercase()));
            }
        }
        // log_task!(level, labels, "event", …)
        for call in code.split("log_task!(").skip(1) {
            let parts: Vec<&str> = call.splitn(4, ',').map(str::trim).collect();
            if let [called, _, event, _] = parts[..]
                && called == level
                && let Some(event) = event.strip_prefix('"').and_then(|event| event.strip_suffix('"'))
            {
                events.push((event.to_owned(), level.to_uppercase()));
            }
        }
    }
    events
}

fn sources() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in [
        "src",
        "crates/taskback-local/src",
        "crates/taskback-cli/src",
        "crates/aliyun-fnf/src",
        "crates/taskback-http/src",
    ] {
        add(&root().join(folder), &mut files);
    }
    files
}

fn add(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            add(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
