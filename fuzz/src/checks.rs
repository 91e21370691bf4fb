//! Properties that must hold for any bytes. A violation panics.

use serde_json::value::RawValue;
use taskback::{MessageFormat, RawTask, Receipt, ReportErrorKind, Service, ServiceResponse, TaskToken};
use taskback_core::{
    Members, PriorAttempts, durable, find, fnf, judge_response, sfn, swf, unwrap_message, without_repeated,
};

/// The token that replaces `TOKEN` in an input, and in its JSON form `ESCAPED`. It is too long to occur by chance.
const TOKEN: &str = "x1/A+token=\"é\\ of the fuzzer%";

/// Events, wrappers, envelopes, members and pointers are read or rejected, and nothing is lost.
pub fn decoders(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let plain = MessageFormat { service: Some(Service::Fnf), ..MessageFormat::default() };
    let pointer = text.split('\n').next().unwrap_or_default();
    let pointers = |token: &str, input: &str| MessageFormat {
        token_pointer: Some(token.to_owned()),
        input_pointer: Some(input.to_owned()),
        ..plain.clone()
    };
    // It has names of a token and a document of its own.
    let durable = MessageFormat { service: Some(Service::Durable), ..MessageFormat::default() };
    let by_pointer = [pointers("/detail/0/taskToken", "/detail"), pointers(pointer, pointer)];
    let readings = [plain.clone(), durable].into_iter().chain(by_pointer).collect::<Vec<_>>();
    // The first line is the pointer, so that one input has both.
    let body = text.split_once('\n').map_or(&*text, |(_, rest)| rest);
    for body in [&*text, body] {
        let inner = unwrap_message(body);
        let Ok(event) = RawValue::from_string(body.trim().to_owned()) else {
            assert!(plain.task(body).is_err(), "a body that is not JSON has no task");
            continue;
        };
        members(&event, pointer);
        for message_format in &readings {
            for task in [message_format.task(&inner), message_format.task(body)].into_iter().flatten() {
                round_trip(&task);
            }
            if let Ok(tasks) = taskback::tasks(&event, message_format) {
                assert!(!tasks.is_empty(), "an event without deliveries is not an event");
                tasks.iter().flatten().for_each(round_trip);
            }
        }
    }
}

/// A task does not change when it passes a queue as an envelope.
fn round_trip(task: &RawTask) {
    let again = MessageFormat::default().task(&task.envelope()).unwrap_or_else(|error| panic!("{error}"));
    assert!(again.token == task.token && again.input.get() == task.input.get());
    assert!(again.execution == task.execution && again.heartbeat == task.heartbeat);
    let shown = format!("{task:?}");
    assert!(task.token.expose().len() < 24 || !shown.contains(task.token.expose()), "Debug shows the token");
    let _ = task.business_key(); // must not panic
    let _ = task.input_digest(); // must not panic
}

fn members(json: &RawValue, pointer: &str) {
    if let Some(found) = find(json, pointer) {
        assert!(serde_json::from_str::<&RawValue>(found.value.get()).is_ok());
    }
    if let Some(rest) = without_repeated(json) {
        assert!(serde_json::from_str::<&RawValue>(rest.get()).is_ok());
    }
    if let Some(members) = Members::of(json) {
        let _ = (members.holds_token(), members.get("a"), members.text("taskToken")); // must not panic
    }
}

/// Responses of the services: only a service's own response is a receipt, and no error shows the token. The success of
/// FnF is that of its client, in the target `fnf`.
pub fn answers(data: &[u8]) {
    let [flags, low, high, rest @ ..] = data else { return };
    let has = |bit: u8| flags & (1 << bit) != 0;
    let service = match (has(7), has(0)) {
        (false, false) => Service::Swf,
        (false, true) => Service::Fnf,
        (true, false) => Service::Sfn,
        (true, true) => Service::Durable,
    };
    let token = TaskToken::new(service, TOKEN).expect("it is short enough");
    let status = u16::from_le_bytes([*low, *high]) % 1000;
    let escaped = serde_json::Value::from(TOKEN).to_string();
    let escaped = escaped.trim_matches('"');
    let text = String::from_utf8_lossy(rest).replace("TOKEN", TOKEN).replace("ESCAPED", escaped);
    let mut lines = text.splitn(3, '\n');
    let mut line = |is_present: bool| lines.next().map(str::to_owned).filter(|_| is_present);
    let (request_id, code) = (line(has(1)), line(has(2)));
    let body = lines.next().unwrap_or_default();
    let prior = PriorAttempts {
        lost_answer: has(3),
        found_decided: has(4),
        receive_count: has(5).then_some(u32::from(*low)),
    };

    let replies = [(Service::Swf, SWF), (Service::Sfn, SFN), (Service::Durable, DURABLE)];
    let mut own = None;
    for (replying, (read, successes)) in replies {
        let reply = read(status, code.as_deref(), request_id.as_deref(), body.as_bytes());
        let accepted = matches!(reply, ServiceResponse::Accepted { .. });
        let is_own = status == 200 && request_id.is_some() && successes.contains(&body.trim_ascii());
        assert_eq!(accepted, is_own, "only the own success of {replying} is accepted");
        // FnF's token meets the reply that every service with AWS's JSON has.
        if replying == service || service == Service::Fnf && replying == Service::Swf {
            own = Some(reply);
        }
    }
    let reply = own.expect("each service has a reply");
    let refused =
        ServiceResponse::Refused { status, code, message: body.to_owned(), request_id: request_id.clone() };
    let missing = ServiceResponse::NoResponse { sent: has(6), reason: body.to_owned() };
    let unsendable = ServiceResponse::NotSent { kind: ReportErrorKind::Denied, reason: body.to_owned() };
    for answer in [&reply, &refused, &missing, &unsendable] {
        let judged = judge_response(&token, answer, prior);
        match &judged {
            Ok(Receipt::Recorded { .. }) => assert!(matches!(answer, ServiceResponse::Accepted { .. })),
            Ok(_) => assert!(request_id.is_some() && status >= 400, "only a service closes a task"),
            Err(error) => {
                assert!(error.message.encode_utf16().count() <= 300, "too long to be logged");
                let shown = format!("{error} {error:?} {answer:?}");
                assert!(!shown.contains(TOKEN) && !shown.contains(escaped), "{shown}");
            }
        }
    }
    let _ = (swf::heartbeat_details(body), swf::input(Some(body))); // must not panic
    reports(&taskback::Outcome::failed(body, body));
}

type ReadReply = fn(u16, Option<&str>, Option<&str>, &[u8]) -> ServiceResponse;
/// The reading of a reply, and the bodies of a success.
type Replies = (ReadReply, &'static [&'static str]);

const SWF: Replies = (swf::reply, &["", "{}"]);
const SFN: Replies = (sfn::reply, &["", "{}"]);
const DURABLE: Replies = (durable::reply, &[""]);

/// A failure with any text has a call, whose fields are within the limits of its service.
fn reports(outcome: &taskback::Outcome) {
    let _ = (fnf::report(outcome), swf::report(outcome)); // must not panic
    let chars = |text: &str| text.encode_utf16().count();
    match sfn::report(outcome) {
        Some(sfn::Report::Failure { error, cause }) => {
            assert!((1..=sfn::ERROR_CHARS).contains(&chars(&error)));
            assert!(cause.is_none_or(|cause| (1..=sfn::CAUSE_CHARS).contains(&chars(&cause))));
        }
        other => panic!("{other:?}"),
    }
    match durable::report(outcome) {
        Some(durable::Report::Failed(error)) => {
            assert!((1..=durable::ERROR_TYPE_CHARS).contains(&chars(&error.error_type)));
            assert!((1..=durable::ERROR_MESSAGE_CHARS).contains(&chars(&error.error_message)));
            assert!(error.error_message.starts_with(&*error.error_type));
        }
        other => panic!("{other:?}"),
    }
}

/// The scrubber removes the token in every spelling and place.
pub fn scrubber(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (secret, text) = text.split_once('\n').unwrap_or((TOKEN, &text));
    let secret = if secret.len() < 12 { TOKEN } else { secret };
    let Ok(token) = TaskToken::new(Service::Fnf, secret) else { return };
    let spellings = spellings(secret);
    // A digit after `T` selects a spelling.
    let mut filled = text.to_owned();
    for (number, spelling) in spellings.iter().enumerate() {
        filled = filled.replace(&format!("T{number}"), spelling);
    }
    let clean = token.scrub(&filled);
    for spelling in &spellings {
        assert!(!clean.contains(&**spelling), "a spelling is left");
    }
    if !spellings.iter().any(|spelling| filled.contains(&**spelling)) {
        assert!(clean.contains("[token ") || clean == filled, "text without the token does not change");
    }
}

fn spellings(secret: &str) -> [String; 5] {
    let encode = |upper: bool| -> String {
        let of = |byte: u8| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ if upper => format!("%{byte:02X}"),
            _ => format!("%{byte:02x}"),
        };
        secret.bytes().map(of).collect()
    };
    let escaped = serde_json::Value::from(secret).to_string();
    let escaped = escaped[1..escaped.len() - 1].to_owned();
    let slashed = escaped.replace('/', "\\/");
    [secret.to_owned(), encode(true), encode(false), escaped, slashed]
}
