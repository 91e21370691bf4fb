//! Laws that hold for whatever arrives: no panic, nothing done without a receipt, every text within
//! its limit, no token in sight.

mod arbitrary;

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use taskback::core::{Outcome, Output, Reading, Service, TaskToken, fnf, swf, unwrapped};
use taskback::testing::Fault;
use taskback::{StepError, Task, tasks};

use arbitrary::{arbitrary_json, fault, long_text, record, whole};

use crate::support::{MINUTE, Rig};

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
        let pointers = Reading {
            service: Some(Service::Swf),
            token_pointer: Some(pointer.clone()),
            input_pointer: Some(pointer),
        };
        drop(pointers.task(&text));
        handle(&RawValue::from_string(text).unwrap(), &[])?;
    }

    #[test]
    fn of_a_batch_nothing_is_done_without_a_receipt(
        records in vec(record(), 0..8),
        faults in vec(fault(), 0..6),
    ) {
        let event = json!({"Records": records}).to_string();
        handle(&RawValue::from_string(event).unwrap(), &faults)?;
    }

    #[test]
    fn of_an_event_without_a_partial_answer_nothing_is_done_without_a_receipt(
        event in whole(),
        faults in vec(fault(), 0..6),
    ) {
        handle(&RawValue::from_string(event.to_string()).unwrap(), &faults)?;
    }

    #[test]
    fn every_text_is_told_within_the_limits(error in long_text(), cause in long_text()) {
        for outcome in [Outcome::failed(&*error, &*cause), Outcome::Canceled { details: cause.clone() }] {
            match fnf::report(&outcome) {
                Some(fnf::Report::Failed { error, cause: told }) => {
                    within(&error, 1, fnf::ERROR_CHARS)?;
                    prop_assert_eq!(told.is_none(), cause.is_empty());
                    within(&told.unwrap_or("x".into()), 1, fnf::CAUSE_CHARS)?;
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
        }
        within(&swf::heartbeat_details(&cause), 0, swf::HEARTBEAT_CHARS)?;
    }

    #[test]
    fn an_output_goes_as_it_is_or_becomes_the_fixed_failure(text in long_text(), bytes in 0..70_000usize) {
        let output = Outcome::Succeeded(Output::new(&text).unwrap());
        match fnf::fit(output.clone(), bytes) {
            Outcome::Succeeded(fits) => {
                prop_assert!(fits.json().len() <= bytes);
                prop_assert_eq!(Outcome::Succeeded(fits), output.clone());
            }
            replaced => prop_assert_eq!(replaced, Outcome::output_too_large()),
        }
        let fitted = swf::fit(output);
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

/// Everything that only reads.
fn decode(text: &str) {
    let inner = unwrapped(text);
    for service in [None, Some(Service::Fnf)] {
        drop(Reading { service, ..Reading::default() }.task(&inner));
    }
}

/// Handles the event and checks the answer: what it does not give back has a receipt, what it gives
/// back was there, and no token is in it.
fn handle(event: &RawValue, faults: &[Fault]) -> Result<(), TestCaseError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let rig = Rig::new();
    rig.fnf.fail_with(faults.iter().copied());
    rig.swf.fail_with(faults.iter().copied());
    let answer = runtime.block_on(async {
        rig.builder().step(step).max_receives(3).build().unwrap().handle(event, MINUTE).await
    });
    let shown = format!("{answer:?} {}", answer.as_ref().err().map(ToString::to_string).unwrap_or_default());
    prop_assert!(!shown.contains("secret/token"), "{}", shown);

    let Ok(deliveries) = tasks(event, &Reading::default()) else {
        prop_assert!(answer.is_err(), "{:?}", answer);
        return Ok(());
    };
    let Ok(answer) = answer else { return Ok(()) };
    let event: Value = serde_json::from_str(event.get()).unwrap();
    let mut told = deliveries.iter().map(|task| {
        task.as_ref().is_ok_and(|task| !rig.of(task.token.service()).accepted(&task.token).is_empty())
    });
    let Some(failures) = answer["batchItemFailures"].as_array() else {
        prop_assert!(told.all(|told| told), "done without a receipt: {}", answer);
        return Ok(());
    };
    let records = event["Records"].as_array().unwrap();
    let listed: Vec<_> = failures.iter().map(|item| &item["itemIdentifier"]).collect();
    prop_assert_eq!(records.len(), deliveries.len());
    for (record, told) in records.iter().zip(told) {
        prop_assert!(told || listed.contains(&&record["messageId"]), "{} is done without a receipt", record);
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

/// In the larger of the two units in which a service may count.
fn within(text: &str, least: usize, most: usize) -> Result<(), TestCaseError> {
    let width = text.encode_utf16().count();
    prop_assert!((least..=most).contains(&width), "{} instead of {}..={}", width, least, most);
    Ok(())
}

/// As it is, percent-encoded in either case, and escaped for JSON.
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
