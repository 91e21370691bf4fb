use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde_json::value::RawValue;
use taskback::core::{Reading, TaskToken};

/// Lambda's limit for an event, in bytes.
const MOST_BYTES: u64 = 6 * 1024 * 1024;

/// The event's JSON, as it is written.
pub(super) fn read(path: &Path) -> Result<Box<RawValue>, String> {
    let named = |why: String| format!("--event {}: {why}", path.display());
    let source: Box<dyn Read> = match path == Path::new("-") {
        true => Box::new(io::stdin().lock()),
        false => Box::new(File::open(path).map_err(|error| named(error.to_string()))?),
    };
    let mut bytes = Vec::new();
    source.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| named(error.to_string()))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(named(format!("an event has at most {MOST_BYTES} bytes")));
    }
    serde_json::from_slice(&bytes).map_err(|error| named(format!("not JSON: {error}")))
}

/// The tokens that the handler would find, each once. An event that cannot be read has none; its
/// invocation says what is wrong with it.
pub(super) fn tokens(event: &RawValue, reading: &Reading) -> Vec<TaskToken> {
    let tasks = taskback::tasks(event, reading).unwrap_or_default();
    let mut known = HashSet::new();
    let tokens = tasks.into_iter().flatten().map(|task| task.token);
    tokens.filter(|token| known.insert(token.fingerprint())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_opened_once_and_what_is_unreadable_is_passed_over() {
        let record =
            |body: &str| serde_json::json!({ "eventSource": "aws:sqs", "messageId": "m", "body": body });
        let body = r#"{"service":"fnf","taskToken":"t","input":{}}"#;
        let event = serde_json::json!({ "Records": [record(body), record("not JSON"), record(body)] });
        let event = serde_json::value::to_raw_value(&event).unwrap();
        assert_eq!(tokens(&event, &Reading::default()).len(), 1);
        let unknown = serde_json::value::to_raw_value(&[1]).unwrap();
        assert!(tokens(&unknown, &Reading::default()).is_empty());
    }
}
