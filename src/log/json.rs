//! One JSON object a line: formatted once, into a buffer that the thread uses again, and written at once.

use std::cell::RefCell;
use std::fmt::{self, Write as _};
use std::io::Write;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// Writes events with their own fields, `timestamp`, `level`, `target` and, where there are any, `spans` with their fields.
pub(super) struct JsonLines<W>(pub(super) W);

thread_local! {
    static BUFFER: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A buffer that once held a longer line than this is not kept.
const MAX_KEPT: usize = 16 << 10;

impl<W> JsonLines<W>
where
    W: for<'w> MakeWriter<'w> + 'static,
{
    fn write(&self, event: &Event<'_>, format: impl FnOnce(&mut String) -> fmt::Result) {
        BUFFER.with(|buffer| {
            // A value that logs while it is formatted has a buffer of its own.
            let (mut kept, mut own) = (buffer.try_borrow_mut().ok(), String::new());
            let line = kept.as_deref_mut().unwrap_or(&mut own);
            line.clear();
            if format(line).is_ok() {
                // An error means that the reader is gone.
                let _ = self.0.make_writer_for(event.metadata()).write_all(line.as_bytes());
            }
            if line.capacity() > MAX_KEPT {
                *line = String::new();
            }
        });
    }
}

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = SpanFields::default();
        attributes.record(&mut Fields(&mut fields.0));
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<SpanFields>() {
            values.record(&mut Fields(&mut fields.0));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        self.write(event, |line| {
            line.push_str("{\"timestamp\":\"");
            SystemTime.format_time(&mut Writer::new(line))?;
            let metadata = event.metadata();
            write!(line, "\",\"level\":\"{}\"", metadata.level())?;
            event.record(&mut Fields(line));
            line.push_str(",\"target\":");
            push_text(line, metadata.target());
            let mut separator = ",\"spans\":[{\"name\":";
            for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
                line.push_str(separator);
                push_text(line, span.name());
                if let Some(fields) = span.extensions().get::<SpanFields>() {
                    line.push_str(&fields.0);
                }
                line.push('}');
                separator = ",{\"name\":";
            }
            if separator.starts_with(",{") {
                line.push(']');
            }
            line.push_str("}\n");
            Ok(())
        });
    }
}

/// The fields of a span, formatted once for all of its events.
#[derive(Default)]
struct SpanFields(String);

/// Appends fields as members, each after a comma.
struct Fields<'a>(&'a mut String);

impl Fields<'_> {
    fn name(&mut self, field: &Field) {
        self.0.push(',');
        push_text(self.0, field.name().trim_start_matches("r#"));
        self.0.push(':');
    }

    /// Writing to a `String` fails only if the value's own formatting does; the member is a text then, cut short.
    fn number(&mut self, field: &Field, number: impl fmt::Display) {
        self.name(field);
        let _ = write!(self.0, "{number}");
    }
}

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.number(field, value);
        } else {
            self.record_debug(field, &value);
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.number(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        push_text(self.0, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.name(field);
        self.0.push('"');
        let _ = write!(Escaped(self.0), "{value:?}");
        self.0.push('"');
    }
}

fn push_text(line: &mut String, text: &str) {
    line.push('"');
    // Writing to a `String` does not fail.
    let _ = Escaped(line).write_str(text);
    line.push('"');
}

/// Escapes what is written, as JSON's strings require.
struct Escaped<'a>(&'a mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, mut text: &str) -> fmt::Result {
        while let Some(at) = text.bytes().position(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\')) {
            self.0.push_str(&text[..at]);
            match text.as_bytes()[at] {
                b'\n' => self.0.push_str("\\n"),
                b'\r' => self.0.push_str("\\r"),
                b'\t' => self.0.push_str("\\t"),
                byte @ (b'"' | b'\\') => self.0.extend(['\\', char::from(byte)]),
                control => write!(self.0, "\\u{control:04x}")?,
            }
            text = &text[at + 1..];
        }
        self.0.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
