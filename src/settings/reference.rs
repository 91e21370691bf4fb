//! docs/reference/settings.md against the parser: names, accepted values, defaults and errors.

mod table;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use super::super::super::error::SettingsError;
use super::super::super::poller_settings::PollerSettings;
use super::super::known;
use table::{GROUPS, Unset};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/settings.md");
const BEGIN: &str = "<!-- Generated from src/settings/reference/table.rs and the parser: begin -->\n";
const END: &str = "<!-- Generated: end -->\n";

#[test]
fn settings_page_is_up_to_date() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (head, rest) = page.split_once(BEGIN).unwrap();
    let (_, tail) = rest.split_once(END).unwrap();
    let expected = format!("{head}{BEGIN}{}{END}{tail}", sections());
    if std::env::var_os("REWRITE_DOCS").is_some() {
        return std::fs::write(Path::new(PAGE), expected).unwrap();
    }
    assert!(
        page == expected,
        "docs/reference/settings.md is stale, rewrite it: REWRITE_DOCS=1 cargo test -p taskback --all-features --lib \
         settings_page"
    );
}

#[test]
fn table_lists_exactly_the_known_settings() {
    let listed: Vec<&str> = GROUPS.iter().flat_map(|group| group.settings).map(|(name, ..)| *name).collect();
    let known = known();
    assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), known.iter().map(String::as_str).collect());
    assert_eq!(listed.len(), known.len(), "a setting is listed twice");
}

#[test]
fn stated_defaults_equal_unset_settings() {
    for (name, unset, _) in GROUPS.iter().flat_map(|group| group.settings) {
        if let Unset::Is(value) = unset {
            assert_eq!(read(name, value).unwrap(), read(name, "").unwrap(), "{name}={value}");
        }
    }
}

fn sections() -> String {
    let mut text = String::new();
    for group in GROUPS {
        writeln!(text, "\n## {}", group.title).unwrap();
        for (name, unset, about) in group.settings {
            let default = match unset {
                Unset::Is(value) => format!("`{value}`"),
                Unset::Means(words) => (*words).to_owned(),
            };
            writeln!(text, "\n### `{name}`\n\n{about}\n\n- Default: {default}").unwrap();
            if let Some(error) = error(name) {
                writeln!(text, "- Error, for example: `{error}`").unwrap();
            }
        }
    }
    text + "\n"
}

/// The parser's error for the first of some odd values that it refuses; free text is none of them.
fn error(name: &str) -> Option<String> {
    ["x", "eu.central", "\u{e9}", &"x".repeat(3000)].into_iter().find_map(|value| {
        let SettingsError(errors) = read(name, value).err()?;
        let own: Vec<_> = errors.into_iter().filter(|error| error.starts_with(name)).collect();
        assert!(own.len() == 1, "{name}: {own:?}");
        own.into_iter().next()
    })
}

/// Everything that all programs read, where nothing is set beside that and what must be set.
fn read(name: &str, value: &str) -> Result<PollerSettings, SettingsError> {
    let needed = [
        ("TASKBACK_SWF_DOMAIN", "orders"),
        ("TASKBACK_SWF_TASK_LIST", "cards"),
        ("TASKBACK_QUEUE_URL", "https://sqs.test/1/tasks"),
    ];
    let vars = needed.into_iter().filter(|(needed, _)| *needed != name).chain([(name, value)]);
    PollerSettings::from_vars(vars.map(|(name, value)| (name.to_owned(), value.to_owned())))
}
