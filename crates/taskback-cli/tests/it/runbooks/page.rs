//! The commands of a page, each with the runbook that names it.

use std::collections::BTreeSet;

/// The programs of the runbooks. A code span that begins with another word is a name, a setting or a field.
const PROGRAMS: [&str; 7] = ["aws", "export", "kubectl", "ps", "s", "sam", "taskback"];

/// The beginning of the one block that is not for a shell: a query of CloudWatch Logs Insights.
const QUERY: &str = "fields @timestamp";

/// Every command by the heading above it.
pub(super) fn commands(page: &str) -> BTreeSet<(String, String)> {
    let (mut section, mut is_block) = (String::new(), false);
    let mut found = BTreeSet::new();
    for line in page.lines() {
        let text = line.trim();
        if let Some(heading) = line.strip_prefix("### ").or_else(|| line.strip_prefix("## ")) {
            heading.clone_into(&mut section);
        } else if text.starts_with("```") {
            assert!(["```", "```text"].contains(&text), "{text}: a block of commands is a text");
            is_block = text == "```text";
        } else if is_block {
            assert!(is_command(text) || text.starts_with(QUERY), "{text:?} is not a command");
            found.extend(is_command(text).then(|| (section.clone(), text.to_owned())));
        } else {
            let spans = line.split('`').skip(1).step_by(2).filter(|span| is_command(span));
            found.extend(spans.map(|span| (section.clone(), span.to_owned())));
        }
    }
    found
}

fn is_command(text: &str) -> bool {
    text.split_once(' ').is_some_and(|(program, _)| PROGRAMS.contains(&program))
}

/// The words in capitals: they stand for what an operator has to fill in.
pub(super) fn placeholders(command: &str) -> BTreeSet<&str> {
    // A variable, and a value of an option.
    let names = ["TASKBACK_LEDGER", "RUNNING"];
    let is_capital =
        |word: &&str| word.len() > 1 && word.bytes().all(|c| c.is_ascii_uppercase() || c == b'_');
    let words = command.split(|c: char| !is_word(c)).filter(is_capital);
    words.filter(|word| !names.contains(word)).collect()
}

/// The command with the value in place of each such word, quoted for a shell.
pub(super) fn fill_in(command: &str, word: &str, value: &str) -> String {
    assert!(!value.contains('\''), "{value}");
    let (mut filled, mut rest) = (String::new(), command);
    while let Some(start) = rest.find(word) {
        let (before, after) = (&rest[..start], &rest[start + word.len()..]);
        let is_whole = !before.ends_with(is_word) && !after.starts_with(is_word);
        filled.push_str(before);
        filled.push_str(&if is_whole { format!("'{value}'") } else { word.to_owned() });
        rest = after;
    }
    filled + rest
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[test]
fn blocks_and_spans_are_commands() {
    let page = "## A\nthe `event`, `ps -p PID`\n\n   ```text\n   taskback task show TASK\n   ```\n### B\n`sam deploy`\n";
    let named = |section: &str, text: &str| (section.to_owned(), text.to_owned());
    let expected = [named("A", "ps -p PID"), named("A", "taskback task show TASK"), named("B", "sam deploy")];
    assert_eq!(commands(page), expected.into());
}

#[test]
fn whole_words_are_filled_in() {
    let command = "export TASKBACK_LEDGER=dynamodb:TABLE # TABLES";
    assert_eq!(placeholders(command), ["TABLE", "TABLES"].into());
    assert_eq!(fill_in(command, "TABLE", "tasks"), "export TASKBACK_LEDGER=dynamodb:'tasks' # TABLES");
}
