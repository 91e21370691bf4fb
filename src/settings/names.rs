//! Names of variables that look like settings and are not: a typing error must not select a default.

use std::collections::BTreeSet;

/// Settings that had another name: the old name, the new one, and the new values.
const RENAMED: [(&str, &str, &str); 3] = [
    ("TASKBACK_LATE", "TASKBACK_ON_CLOSED", ", with ack for done and nack for keep"),
    (
        "TASKBACK_LEDGER_DOWN",
        "TASKBACK_LEDGER_FAILURE",
        ", with fail-closed for closed and fail-open for open",
    ),
    ("TASKBACK_SWF_HISTORY", "TASKBACK_ASK_HISTORY", ""),
];

/// Two names that differ by so many characters at most are taken for one with a typing error.
const MAX_EDITS: usize = 2;

/// The errors in names, and the names that are not settings.
pub(super) struct Checked {
    pub(super) errors: Vec<String>,
    pub(super) unknown: Vec<String>,
}

/// Compares the names of all variables that are set with those that any program of taskback reads.
pub(super) fn check<'n>(set: impl IntoIterator<Item = &'n str>, known: &BTreeSet<String>) -> Checked {
    let mut checked = Checked { errors: Vec::new(), unknown: Vec::new() };
    let unknown = set.into_iter().filter(|name| !known.contains(*name) && !is_foreign(name));
    for name in unknown {
        if let Some((_, new, values)) = RENAMED.iter().find(|(old, ..)| *old == name) {
            checked.errors.push(format!("{name}: renamed, set {new} instead{values}"));
        } else if let Some(near) = nearest(name, known) {
            checked.errors.push(format!("{name}: unknown setting, did you mean {near}?"));
        } else if name.starts_with("TASKBACK_") {
            checked.unknown.push(name.to_owned());
        }
    }
    checked
}

/// Returns `true` if another program sets variables of this name: Kubernetes does for each Service, such as
/// `TASKBACK_STEP_PORT_80_TCP_ADDR` for one named `taskback-step`, and `TASKBACK_TASK_…` is what commands get.
pub(super) fn is_foreign(name: &str) -> bool {
    let is_ours = ["TASKBACK_", "FNF_"].iter().any(|prefix| name.starts_with(prefix));
    is_ours && (name.starts_with("TASKBACK_TASK_") || is_of_kubernetes(name))
}

fn is_of_kubernetes(name: &str) -> bool {
    let service = name.ends_with("_SERVICE_HOST") || name.contains("_SERVICE_PORT");
    service || name.ends_with("_PORT") || is_of_one_port(name)
}

/// `…_PORT_80_TCP`, alone or with `_ADDR`, `_PORT` or `_PROTO`.
fn is_of_one_port(name: &str) -> bool {
    let bare = ["_ADDR", "_PORT", "_PROTO"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    let Some(bare) = ["_TCP", "_UDP", "_SCTP"].iter().find_map(|end| bare.strip_suffix(end)) else {
        return false;
    };
    let number = bare.rsplit_once("_PORT_").map_or("", |(_, number)| number);
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The known name that this one was probably meant to be. Names of `FNF_` are short: there the prefix must be right.
fn nearest<'k>(name: &str, known: &'k BTreeSet<String>) -> Option<&'k String> {
    let upper = name.to_ascii_uppercase();
    let candidates = known.iter().filter(|known| {
        known.starts_with("TASKBACK_") || (known.starts_with("FNF_") && upper.starts_with("FNF_"))
    });
    let distances = candidates.map(|known| (edits(&upper, known), known));
    distances.filter(|(edits, _)| *edits <= MAX_EDITS).min().map(|(_, known)| known)
}

/// The fewest insertions, deletions and replacements of one character between the two.
fn edits(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().abs_diff(b.len()) > MAX_EDITS {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_single_characters() {
        for (a, b, expected) in [
            ("TASKBACK_STEP", "TASKBACK_STEP", 0),
            ("TASKBACK_STPE", "TASKBACK_STEP", 2),
            ("TASKBACK_STEPS", "TASKBACK_STEP", 1),
            ("TASKBAK_STEP", "TASKBACK_STEP", 1),
            ("", "AB", 2),
            ("ABC", "", usize::MAX),
        ] {
            assert_eq!(edits(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn kubernetes_service_variables_are_foreign() {
        for name in [
            "TASKBACK_SERVICE_HOST",
            "TASKBACK_SERVICE_PORT",
            "TASKBACK_SERVICE_PORT_HTTP",
            "TASKBACK_PORT",
            "TASKBACK_PORT_80_TCP",
            "TASKBACK_STEP_PORT_8080_UDP_ADDR",
            "TASKBACK_STEP_PORT_8080_SCTP_PORT",
            "FNF_PORT_443_TCP_PROTO",
            "FNF_SERVICE_HOST",
            "TASKBACK_TASK_ATTEMPT",
        ] {
            assert!(is_foreign(name), "{name}");
        }
        for name in
            ["TASKBACK_SERVICE", "TASKBACK_STEP", "TASKBACK_PORT_X_TCP", "FC_SERVER_PORT", "FNF_REGION"]
        {
            assert!(!is_foreign(name), "{name}");
        }
    }
}
