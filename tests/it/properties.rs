//! Properties of any input: no panic, no acknowledgement without a receipt, every text within its limit, no
//! visible token.

mod arbitrary;
mod meaning;

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use taskback::testing::Fault;
use taskback::{MessageFormat, Outcome, Output, Service, StepError, Task, TaskToken, tasks};

use arbitrary::{arbitrary_json, fault, long_text, record, whole};

use crate::support::{MINUTE, Rig, value};
use taskback_core::{MAX_RUN, durable, fnf, sfn, swf, unwrap_message};

/// The same cases every time; a failure is printed with its smallest case.
fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 200,
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..300), text in "\\PC{0,80}") {
        for text in [String::from_utf8_lossy(&bytes).into_owned(), text] {
            decode(&text);
            if let Ok(event) = RawValue::from_string(text) {
                handle(&event, &[])?;
            }
        }
    }

    #[test]
    fn arbitrary_json_is_read_or_refused(value in arbitrary_json(), pointer in "(/[a-zA-Z0-9~]{0,9}){0,3}") {
        let text = value.to_string();
        decode(&text);
        let pointers = MessageFormat {
            service: Some(Service::Swf),
            token_pointer: Some(pointer.clone()),
            input_pointer: Some(pointer),
        };
        drop(pointers.task(&text));
        handle(&RawValue::from_string(text).unwrap(), &[])?;
    }

    #[test]
    fn batch_acks_only_with_receipts(
        records in vec(record(), 0..8),
        by_pipe in any::<bool>(),
        faults in vec(fault(), 0..6),
    ) {
        let event = if by_pipe { json!(records) } else { json!({"Records": records}) };
        handle(&RawValue::from_string(event.to_string()).unwrap(), &faults)?;
    }

    #[test]
    fn whole_event_acks_only_with_receipts(
        event in whole(),
        faults in vec(fault(), 0..6),
    ) {
        handle(&RawValue::from_string(event.to_string()).unwrap(), &faults)?;
    }

    #[test]
    fn reported_texts_respect_the_limits(error in long_text(), cause in long_text()) {
        for outcome in [Outcome::failed(&*error, &*cause), Outcome::Canceled { details: cause.clone() }] {
            match fnf::report(&outcome) {
                Some(fnf::Report::Failed { error, cause: reported_cause }) => {
                    within(&error, 1, fnf::ERROR_CHARS)?;
                    prop_assert_eq!(reported_cause.is_none(), cause.is_empty());
                    within(&reported_cause.unwrap_or("x".into()), 1, fnf::CAUSE_CHARS)?;
                }
                _ => prop_assert!(false, "no failure for {:?}", outcome),
            }
            match swf::report(&outcome) {
                Some(swf::Report::Failed { reason, details }) => {
                    within(&reason, 1, swf::REASON_CHARS)?;
                    prop_assert_eq!(details.is_none(), cause.is_empty());
                    within(&details.unwrap_or_default(), 0, swf::DETAILS_CHARS)?;
                }
                Some(swf::Report::Canceled { details }) => {
                    within(&details.unwrap_or_default(), 0, swf::DETAILS_CHARS)?;
                }
                _ => prop_assert!(false, "no call for {:?}", outcome),
            }
            match durable::report(&outcome) {
                Some(durable::Report::Failed(error)) => {
                    within(&error.error_type, 1, durable::ERROR_TYPE_CHARS)?;
                    within(&error.error_message, 1, durable::ERROR_MESSAGE_CHARS)?;
                    prop_assert!(error.error_message.starts_with(&*error.error_type));
                }
                _ => prop_assert!(false, "no failure for {:?}", outcome),
            }
            match sfn::report(&outcome) {
                Some(sfn::Report::Failure { error, cause: reported_cause }) => {
                    within(&error, 1, sfn::ERROR_CHARS)?;
                    prop_assert_eq!(reported_cause.is_none(), cause.is_empty());
                    within(&reported_cause.unwrap_or_default(), 0, sfn::CAUSE_CHARS)?;
                }
                _ => prop_assert!(false, "no failure for {:?}", outcome),
            }
        }
        within(&swf::heartbeat_details(&cause), 0, swf::HEARTBEAT_CHARS)?;
    }

    #[test]
    fn output_is_unchanged_or_fixed_failure(text in long_text(), bytes in 0..70_000usize) {
        let output = Outcome::Succeeded(Output::new(&text).unwrap());
        match fnf::enforce_limits(output.clone(), bytes) {
            Outcome::Succeeded(fits) => {
                prop_assert!(fits.json().len() <= bytes);
                prop_assert_eq!(Outcome::Succeeded(fits), output.clone());
            }
            replaced => prop_assert_eq!(replaced, Outcome::output_too_large()),
        }
        match durable::enforce_limits(output.clone()) {
            Outcome::Succeeded(fits) => {
                prop_assert!(fits.json().len() <= durable::RESULT_BYTES);
                prop_assert_eq!(Outcome::Succeeded(fits), output.clone());
            }
            replaced => prop_assert_eq!(replaced, Outcome::output_too_large()),
        }
        match sfn::enforce_limits(output.clone()) {
            Outcome::Succeeded(fits) => {
                prop_assert!(fits.json().len() <= sfn::OUTPUT_BYTES);
                prop_assert_eq!(Outcome::Succeeded(fits), output.clone());
            }
            replaced => prop_assert_eq!(replaced, Outcome::output_too_large()),
        }
        let fitted = swf::enforce_limits(output);
        match swf::report(&fitted) {
            Some(swf::Report::Completed { result }) => {
                prop_assert_eq!(&*result, &*text);
                within(&result, 0, swf::RESULT_CHARS)?;
            }
            _ => prop_assert_eq!(fitted, Outcome::output_too_large()),
        }
    }

    #[test]
    fn scrubbed_text_holds_no_spelling_of_the_token(
        secret in "[A-Za-z0-9+/=\"\\\\ é🚀%-]{12,60}",
        around in vec("\\PC{0,12}", 1..6),
        spelling in 0..4usize,
    ) {
        let token = TaskToken::new(Service::Fnf, secret).unwrap();
        let spellings = spellings(&token);
        let clean = token.scrub(&around.join(&spellings[spelling]));
        for spelling in &spellings {
            prop_assert!(!clean.contains(spelling.as_str()), "{} in {}", spelling, clean);
        }
    }
}

proptest! {
    #![proptest_config(config())]

    /// Wherever the text was cut, and whatever surrounds the rest of it.
    #[test]
    fn scrubbed_text_shows_no_long_token_run(
        secret in "[A-Za-z0-9+/=\"\\\\ é🚀%-]{24,80}",
        (before, after) in ("\\PC{0,12}", "\\PC{0,12}"),
        spelling in 0..4usize,
        (from, to) in (0.0..1.0f64, 0.0..1.0f64),
    ) {
        let token = TaskToken::new(Service::Fnf, secret).unwrap();
        let spelled = &spellings(&token)[spelling];
        let at = |part: f64| spelled.floor_char_boundary((spelled.len() as f64 * part) as usize);
        let part = &spelled[at(from.min(to))..at(from.max(to))];
        for text in [format!("{before}{part}{after}"), format!("{before}{spelled}{part}{after}")] {
            let clean = token.scrub(&text);
            for run in token.expose().as_bytes().windows(MAX_RUN + 1) {
                let shown = clean.as_bytes().windows(run.len()).any(|window| window == run);
                prop_assert!(!shown, "{:?} of {:?} in {}", String::from_utf8_lossy(run), token.expose(), clean);
            }
        }
    }
}

/// Runs every function that only reads the event.
fn decode(text: &str) {
    let inner = unwrap_message(text);
    for service in [None, Some(Service::Fnf)] {
        drop(MessageFormat { service, ..MessageFormat::default() }.task(&inner));
    }
}

/// Handles the event and checks the response: acknowledged messages have a receipt, nacked ones were in the
/// event, and no token is shown.
fn handle(event: &RawValue, faults: &[Fault]) -> Result<(), TestCaseError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let rig = Rig::new();
    rig.fnf.fail_with(faults.iter().copied());
    rig.swf.fail_with(faults.iter().copied());
    rig.sfn.fail_with(faults.iter().copied());
    rig.durable.fail_with(faults.iter().copied());
    let answer = runtime.block_on(async {
        rig.builder().step(step).max_receives(3).build().unwrap().handle(event, MINUTE).await
    });
    let text = answer.as_ref().map_or_else(ToString::to_string, |response| response.json().to_owned());
    let shown = format!("{answer:?} {text}");
    prop_assert!(!shown.contains("secret/token"), "{}", shown);

    let Ok(deliveries) = tasks(event, &MessageFormat::default()) else {
        prop_assert!(answer.is_err(), "{:?}", answer);
        return Ok(());
    };
    let Ok(answer) = answer.map(|response| value(&response)) else { return Ok(()) };
    let event: Value = serde_json::from_str(event.get()).unwrap();
    let mut reported = deliveries.iter().map(|task| {
        task.as_ref().is_ok_and(|task| !rig.of(task.token.service()).accepted(&task.token).is_empty())
    });
    let Some(failures) = answer["batchItemFailures"].as_array() else {
        prop_assert!(reported.all(|is_reported| is_reported), "done without a receipt: {}", answer);
        return Ok(());
    };
    let records = event.as_array().or(event["Records"].as_array()).unwrap();
    let listed: Vec<_> = failures.iter().map(|item| &item["itemIdentifier"]).collect();
    prop_assert_eq!(records.len(), deliveries.len());
    for (record, reported) in records.iter().zip(reported) {
        prop_assert!(
            reported || listed.contains(&&record["messageId"]),
            "{} is done without a receipt",
            record
        );
    }
    for (place, id) in listed.iter().enumerate() {
        prop_assert!(records.iter().any(|record| record["messageId"] == **id), "{} is not in the event", id);
        prop_assert!(id.as_str().is_some_and(|id| !id.is_empty()) && !listed[..place].contains(id));
    }
    Ok(())
}

async fn step(task: Task<Value>) -> Result<Value, StepError> {
    match task.input.as_str() {
        Some("retry") => Err(StepError::retryable("not yet")),
        Some("fail") => Err(StepError::terminal("Declined", "for good")),
        Some("slow") => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            Ok(Value::Null)
        }
        _ => Ok(json!("done")),
    }
}

/// Counts in the larger of the two units that a service may use.
fn within(text: &str, least: usize, most: usize) -> Result<(), TestCaseError> {
    let width = text.encode_utf16().count();
    prop_assert!((least..=most).contains(&width), "{} instead of {}..={}", width, least, most);
    Ok(())
}

/// The token unchanged, percent-encoded in either case, and escaped for JSON.
fn spellings(token: &TaskToken) -> [String; 4] {
    let encoded: String = token.expose().bytes().map(percent_encoded).collect();
    let lower = encoded.split('%').enumerate().map(|(place, part)| match place {
        0 => part.to_owned(),
        _ => format!("%{}{}", part[..2].to_ascii_lowercase(), &part[2..]),
    });
    let escaped = json!(token.expose()).to_string();
    [token.expose().into(), encoded.clone(), lower.collect(), escaped[1..escaped.len() - 1].into()]
}

fn percent_encoded(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).into(),
        _ => format!("%{byte:02X}"),
    }
}
