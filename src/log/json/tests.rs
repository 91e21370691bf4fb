use std::io;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tracing::field::Empty;
use tracing_subscriber::layer::SubscriberExt;

use super::*;

/// Keeps each write apart.
#[derive(Clone, Default)]
struct Writes(Arc<Mutex<Vec<String>>>);

impl Write for Writes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().push(String::from_utf8(bytes.to_vec()).unwrap());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The lines that `work` logs, each of which is one write.
fn lines(work: impl FnOnce()) -> Vec<Value> {
    let writes = Writes::default();
    let writer = writes.clone();
    let subscriber = tracing_subscriber::registry().with(JsonLines(move || writer.clone()));
    tracing::subscriber::with_default(subscriber, work);
    let lines = writes.0.lock().unwrap();
    let parsed = lines.iter().map(|line| {
        assert!(line.ends_with("}\n") && line.matches('\n').count() == 1, "{line}");
        let mut line: Value = serde_json::from_str(line).unwrap();
        let timestamp = line.as_object_mut().unwrap().remove("timestamp").unwrap();
        assert!(timestamp.as_str().unwrap().starts_with("20"), "{timestamp}");
        line
    });
    parsed.collect()
}

#[test]
fn line_has_fields_of_every_type() {
    let lines = lines(|| {
        let text = "a \"quoted\" \\ text\n\t\r\u{1}\u{7f}卡";
        tracing::warn!(
            event = "a.b", n = -1, u = 2_u64, f = 0.5, infinite = f64::INFINITY, yes = true, text, none = None::<u32>,
            shown = %text, debugged = ?text, r#type = "t", "a \"message\""
        );
    });
    let text = "a \"quoted\" \\ text\n\t\r\u{1}\u{7f}卡";
    let expected = json!({
        "level": "WARN", "event": "a.b", "n": -1, "u": 2, "f": 0.5, "infinite": "inf", "yes": true, "text": text,
        "shown": text, "debugged": format!("{text:?}"), "type": "t", "message": "a \"message\"", "target": module_path!(),
    });
    assert_eq!(lines, [expected]);
}

#[test]
fn line_has_fields_of_its_spans() {
    let lines = lines(|| {
        let outer = tracing::info_span!("outer", requestId = "r-1", later = Empty);
        let _in = outer.enter();
        let inner = tracing::info_span!("inner");
        let _in = inner.enter();
        tracing::info!("first");
        outer.record("later", 7);
        tracing::info!("second");
    });
    let inner = json!({"name": "inner"});
    assert_eq!(lines[0]["spans"], json!([{"name": "outer", "requestId": "r-1"}, inner]));
    assert_eq!(lines[1]["spans"], json!([{"name": "outer", "requestId": "r-1", "later": 7}, inner]));
}

/// Each thread uses its buffer again.
#[test]
fn line_after_a_longer_one_is_whole() {
    let lines = lines(|| {
        tracing::info!(text = "x".repeat(2 * MAX_KEPT), "long");
        tracing::info!("short");
    });
    let messages: Vec<_> = lines.iter().map(|line| &line["message"]).collect();
    assert_eq!(messages, ["long", "short"]);
}
