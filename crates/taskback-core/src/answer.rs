use std::fmt;

use crate::{Earlier, ErrorKind, Receipt, ReportError, Service, TaskToken, fnf, swf, text};

/// What came back from one attempt to report, before anybody judges it.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// The service's own success reply.
    Accepted {
        /// The service's id of the request.
        request_id: Option<String>,
    },
    /// Any other HTTP reply, a success status that is not the service's own among them.
    Refused {
        /// HTTP status.
        status: u16,
        /// The service's error code, where the reply had one.
        code: Option<String>,
        /// The service's text. It may echo the request: [`read`] cleans it.
        message: String,
        /// The service's id of the request.
        request_id: Option<String>,
    },
    /// Nothing was sent, and sending would not have helped: no credentials, or a request that breaks
    /// a limit.
    Unsendable {
        /// What to do about it.
        kind: ErrorKind,
        /// What is missing, without the request's text.
        why: String,
    },
    /// No reply.
    Missing {
        /// False only where certainly nothing of the request reached the service, as when the
        /// connection was refused.
        sent: bool,
        /// What was seen instead, without the request's text.
        why: String,
    },
}

/// The code of an error and nothing that the service wrote.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted { .. } => f.write_str("Accepted"),
            Self::Refused { status, code, .. } => {
                write!(f, "Refused({status} {})", code.as_deref().unwrap_or("without a code"))
            }
            Self::Unsendable { kind, .. } => write!(f, "Unsendable({kind:?})"),
            Self::Missing { sent, .. } => write!(f, "Missing(sent: {sent})"),
        }
    }
}

/// What a code says of the report that it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Closed,
    Error(ErrorKind),
}

/// Judges the answer to one attempt to report `token`, given what is known of earlier ones.
pub fn read(token: &TaskToken, answer: &Answer, earlier: Earlier) -> Result<Receipt, ReportError> {
    let (status, code, message, request_id) = match answer {
        Answer::Accepted { request_id } => {
            return Ok(Receipt::Recorded { request_id: request_id.clone() });
        }
        Answer::Missing { sent, why } => return Err(unanswered(token, ErrorKind::Unavailable, *sent, why)),
        Answer::Unsendable { kind, why } => return Err(unanswered(token, *kind, false, why)),
        Answer::Refused { status, code, message, request_id } => (*status, code, message, request_id),
    };
    let known = code.as_deref().and_then(|code| match token.service() {
        Service::Fnf => fnf::verdict(code, message),
        Service::Swf => swf::verdict(code, message),
    });
    // Without a code that the service is known to send, only the status can speak.
    let verdict = known.unwrap_or(Verdict::Error(match status {
        429 => ErrorKind::Throttled,
        408 | 500.. => ErrorKind::Unavailable,
        _ => ErrorKind::Unexpected,
    }));
    match verdict {
        Verdict::Closed => Ok(Receipt::Closed { ours: earlier.ours() }),
        Verdict::Error(kind) => Err(ReportError {
            kind,
            // A success status that is not the service's own says nothing either way; a conflict says
            // "not now".
            maybe_taken: (kind == ErrorKind::Unavailable && status != 409) || status < 400,
            status: Some(status),
            code: code.as_deref().map(|code| clean(token, code)),
            message: clean(token, without_echo(message)),
            request_id: request_id.as_deref().map(|id| clean(token, id)),
        }),
    }
}

fn unanswered(token: &TaskToken, kind: ErrorKind, maybe_taken: bool, why: &str) -> ReportError {
    let message = clean(token, why);
    ReportError { kind, maybe_taken, status: None, code: None, message, request_id: None }
}

/// A validation error quotes the value that it refuses, which may be the token or the user's
/// output: only what follows the last quoted value is kept.
fn without_echo(message: &str) -> &str {
    match message.rfind("' at '") {
        Some(at) => &message[at + 2..],
        None => message,
    }
}

fn clean(token: &TaskToken, message: &str) -> String {
    text::cut(&token.scrub(message), 300).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ours;

    fn token(service: Service) -> TaskToken {
        TaskToken::new(service, "the/secret+token=").unwrap()
    }

    fn refused(status: u16, code: Option<&str>, message: &str) -> Answer {
        Answer::Refused { status, code: code.map(Into::into), message: message.into(), request_id: None }
    }

    fn closed(earlier: Earlier) -> Ours {
        let answer = refused(400, Some("TaskAlreadyCompleted"), "");
        match read(&token(Service::Fnf), &answer, earlier).unwrap() {
            Receipt::Closed { ours } => ours,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_closed_task_says_what_is_known_of_who_closed_it() {
        let first = Earlier { receive_count: Some(1), ..Earlier::default() };
        assert_eq!(closed(first), Ours::No);
        assert_eq!(closed(Earlier { lost_answer: true, ..first }), Ours::Likely);
        assert_eq!(closed(Earlier { found_decided: true, ..first }), Ours::Likely);
        assert_eq!(closed(Earlier { receive_count: Some(2), ..first }), Ours::Likely);
        assert_eq!(closed(Earlier::default()), Ours::Unknown);
    }

    #[test]
    fn an_answer_without_a_known_code_is_judged_by_its_status() {
        for service in [Service::Fnf, Service::Swf] {
            for (status, code, kind) in [
                (502, None, ErrorKind::Unavailable),
                (503, Some("SomethingNew"), ErrorKind::Unavailable),
                (429, None, ErrorKind::Throttled),
                (200, None, ErrorKind::Unexpected),
                (403, None, ErrorKind::Unexpected),
                (400, Some("SomethingNew"), ErrorKind::Unexpected),
            ] {
                let error = read(&token(service), &refused(status, code, "<html>"), Earlier::default());
                assert_eq!(error.unwrap_err().kind, kind, "{service} {status} {code:?}");
            }
        }
    }

    #[test]
    fn only_what_cannot_have_arrived_is_certainly_not_taken() {
        let maybe =
            |answer: &Answer| read(&token(Service::Swf), answer, Earlier::default()).unwrap_err().maybe_taken;
        assert!(!maybe(&Answer::Missing { sent: false, why: "refused".into() }));
        assert!(!maybe(&Answer::Unsendable { kind: ErrorKind::Denied, why: "no credentials".into() }));
        assert!(maybe(&Answer::Missing { sent: true, why: "reset".into() }));
        assert!(maybe(&refused(500, Some("InternalFailure"), "")));
        assert!(maybe(&refused(200, None, "<xml/>")));
        assert!(!maybe(&refused(400, Some("ThrottlingException"), "Rate exceeded")));
    }

    /// "Not now" is tried again, and is no sign that the report was taken.
    #[test]
    fn a_conflict_is_tried_again_and_certainly_not_taken() {
        for code in ["TaskInvalidState", "ConcurrentUpdateError"] {
            let error = read(&token(Service::Fnf), &refused(409, Some(code), ""), Earlier::default());
            let error = error.unwrap_err();
            assert_eq!((error.kind, error.maybe_taken), (ErrorKind::Unavailable, false), "{code}");
        }
    }

    #[test]
    fn an_error_shows_neither_the_token_nor_an_echoed_value() {
        let message = "1 validation error detected: Value 'my output the/secret+token=' at 'result' failed to \
                       satisfy constraint: Member must have length less than or equal to 32768";
        let answer = refused(400, Some("ValidationException"), message);
        let error = read(&token(Service::Swf), &answer, Earlier::default()).unwrap_err();
        assert!(error.to_string().contains("at 'result' failed"), "{error}");
        let shown = format!("{error} {error:?} {answer:?}");
        assert!(!shown.contains("secret") && !shown.contains("my output"), "{shown}");

        let lost = Answer::Missing {
            sent: true,
            why: "reset by https://x/?TaskToken=the%2Fsecret%2Btoken%3D".into(),
        };
        let error = read(&token(Service::Fnf), &lost, Earlier::default()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    }
}
