use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde_json::value::RawValue;
use taskback::{MessageFormat, TaskToken};

/// Lambda's limit for an event, in bytes.
const MAX_BYTES: u64 = 6 * 1024 * 1024;

/// Returns the JSON text of the event, unchanged.
pub(super) fn read(path: &Path) -> Result<Box<RawValue>, String> {
    let error = |reason: String| format!("--event {}: {reason}", path.display());
    let source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).map_err(|reason| error(reason.to_string()))?)
    };
    let mut bytes = Vec::new();
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|reason| error(reason.to_string()))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(error(format!("too large, expected at most {MAX_BYTES} bytes")));
    }
    serde_json::from_slice(&bytes).map_err(|reason| error(format!("not valid JSON: {reason}")))
}

/// Returns the tokens that the handler would find, each once. An unreadable event has none; its invocation fails with
/// the reason.
pub(super) fn tokens(event: &RawValue, message_format: &MessageFormat) -> Vec<TaskToken> {
    let tasks = taskback::tasks(event, message_format).unwrap_or_default();
    let mut seen = HashSet::new();
    let tokens = tasks.into_iter().flatten().map(|task| task.token);
    tokens.filter(|token| seen.insert(token.fingerprint())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_unique_and_readable() {
        let record =
            |body: &str| serde_json::json!({ "eventSource": "aws:sqs", "messageId": "m", "body": body });
        let body = r#"{"service":"fnf","taskToken":"t","input":{}}"#;
        let event = serde_json::json!({ "Records": [record(body), record("not JSON"), record(body)] });
        let event = serde_json::value::to_raw_value(&event).unwrap();
        assert_eq!(tokens(&event, &MessageFormat::default()).len(), 1);
        let unknown = serde_json::value::to_raw_value(&[1]).unwrap();
        assert!(tokens(&unknown, &MessageFormat::default()).is_empty());
    }
}
