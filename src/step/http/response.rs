//! From an endpoint's response to the result of its task.

use ::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use ::http::{HeaderMap, HeaderName, StatusCode};
use taskback_core::Fingerprint;

use crate::step::contract::{StepError, StepOutput};
use crate::step::external::{OUTPUT_BYTES, Written, resembles_json, text, too_large};
use crate::step::terminal_errors::TerminalErrors;

/// The part of a response before its body.
pub(super) struct Head {
    status: u16,
    media: Media,
    /// True where the end of the body differs from a broken connection.
    framed: bool,
    /// True where the body is compressed, which is not asked for.
    coded: bool,
}

/// The declared type of the body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Media {
    Html,
    Json,
    Other,
    Undeclared,
}

/// The use of the body.
pub(super) enum Verdict {
    /// It is the output.
    Output,
    /// There is none, and the step succeeded.
    NoContent,
    /// Its beginning is the cause of a failure for good.
    Failure,
    /// Nothing: the step runs again, for this reason.
    Retryable(String),
}

impl Head {
    pub(super) fn new(status: StatusCode, headers: &HeaderMap) -> Self {
        let transfer = tokens(headers, TRANSFER_ENCODING);
        let framed = match transfer.last() {
            Some(last) => last == "chunked",
            None => headers.contains_key(CONTENT_LENGTH),
        };
        let coded = tokens(headers, CONTENT_ENCODING).iter().any(|coding| coding != "identity")
            || transfer.iter().any(|coding| coding != "chunked");
        Self { status: status.as_u16(), media: media(headers), framed, coded }
    }

    /// Judges what the head alone decides.
    pub(super) fn verdict(&self, terminal: &TerminalErrors) -> Verdict {
        let how = self.how();
        let fails = terminal.has_status(self.status);
        match self.status {
            202 => Verdict::Retryable(format!("{how}, which only accepts the work")),
            206 => Verdict::Retryable(format!("{how}, which is a part of the output only")),
            // A sign-in page comes with 200, a gateway's own page with 400: neither is the step's answer.
            status if self.media == Media::Html && (fails || matches!(status, 200..=299)) => {
                Verdict::Retryable(format!("{how} with HTML"))
            }
            200..=299 if self.coded => {
                Verdict::Retryable(format!("{how} with a content-encoding that was not asked for"))
            }
            204 | 205 => Verdict::NoContent,
            200..=299 => Verdict::Output,
            _ if fails => Verdict::Failure,
            300..=399 => Verdict::Retryable(format!("{how}, and no redirect is followed")),
            _ => Verdict::Retryable(how),
        }
    }

    /// The output that is the whole body, or its first bytes where it has more than an output may have.
    pub(super) fn output(&self, body: Vec<u8>, task: Fingerprint) -> Result<StepOutput, StepError> {
        self.check_page(&body)?;
        if body.len() > OUTPUT_BYTES {
            return Err(too_large());
        }
        let ends_with_digit = body.last().is_some_and(u8::is_ascii_digit);
        let written = Written::read(body);
        let problem = match &written {
            // A number may go on; all other JSON ends by itself.
            Written::Json(_) if self.framed || !ends_with_digit => None,
            _ if !self.framed => Some(
                "a body that may have been cut short: it has neither content-length nor chunks, and is not \
                 one whole JSON document",
            ),
            // A gateway's empty answer; 204 and 205 are there for a step without output.
            Written::Nothing if self.media == Media::Json => Some("an empty body that is declared as JSON"),
            Written::Text(_) | Written::NotUtf8(_) if self.media == Media::Json => {
                Some("a body that is declared as JSON and does not parse")
            }
            Written::Text(text) | Written::NotUtf8(text)
                if self.media == Media::Undeclared && resembles_json(text) =>
            {
                Some("a body without content-type that resembles JSON and does not parse")
            }
            _ => None,
        };
        match problem {
            Some(problem) => Err(StepError::retryable(format!("{} with {problem}", self.how()))),
            None => written.into_output(task),
        }
    }

    /// The failure whose cause begins with these bytes.
    pub(super) fn failure(&self, beginning: &[u8]) -> StepError {
        if let Err(page) = self.check_page(beginning) {
            return page;
        }
        let cause = if self.coded { String::new() } else { text(beginning) };
        let cause = if cause.is_empty() { self.how() } else { cause };
        StepError::terminal(format!("HttpStatus{}", self.status), cause)
    }

    /// An error where the body is a web page that was not declared as one.
    fn check_page(&self, body: &[u8]) -> Result<(), StepError> {
        let start = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body).trim_ascii_start();
        let begins =
            |with: &str| start.get(..with.len()).is_some_and(|s| s.eq_ignore_ascii_case(with.as_bytes()));
        if self.media == Media::Undeclared && (begins("<!doctype html") || begins("<html")) {
            return Err(StepError::retryable(format!("{} with HTML", self.how())));
        }
        Ok(())
    }

    fn how(&self) -> String {
        format!("the endpoint answered {}", self.status)
    }
}

fn media(headers: &HeaderMap) -> Media {
    let types = tokens(headers, CONTENT_TYPE);
    let types: Vec<_> =
        types.iter().map(|value| value.split(';').next().unwrap_or_default().trim()).collect();
    let any = |is: fn(&str) -> bool| types.iter().any(|essence| is(essence));
    if any(|essence| matches!(essence, "text/html" | "application/xhtml+xml")) {
        Media::Html
    } else if any(|essence| matches!(essence, "application/json" | "text/json") || essence.ends_with("+json"))
    {
        Media::Json
    } else if any(|essence| !essence.is_empty()) {
        Media::Other
    } else {
        Media::Undeclared
    }
}

/// The elements of a header's list, in lower case.
fn tokens(headers: &HeaderMap, name: HeaderName) -> Vec<String> {
    let values = headers.get_all(name).into_iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let list = values.collect::<Vec<_>>().join(",").to_ascii_lowercase();
    list.split(',').map(str::trim).filter(|token| !token.is_empty()).map(str::to_owned).collect()
}
