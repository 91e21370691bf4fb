use serde_json::json;
use serde_json::value::RawValue;
use taskback::{Service, StepError, StepOutput};
use taskback_local::ReportedOutcome;

/// The report for each result of a step. Every length is the longest that fits, or one more.
#[allow(clippy::type_complexity)]
pub(super) fn of(
    service: Service,
) -> Vec<(&'static str, fn() -> Result<StepOutput, StepError>, ReportedOutcome)> {
    fn text(text: impl Into<String>) -> Result<StepOutput, StepError> {
        StepOutput::succeeded(&text.into())
    }
    fn raw(json: &str) -> Result<StepOutput, StepError> {
        StepOutput::succeeded(&RawValue::from_string(json.into()).unwrap())
    }
    fn failed(error: &str, cause: String) -> Result<StepOutput, StepError> {
        Err(StepError::terminal(error, cause))
    }
    let swf = service == Service::Swf;
    let succeeded = |output: String| ReportedOutcome::Succeeded { output: Some(output) };
    // A JSON string is bare text for SWF and JSON for the others.
    let string = |text: String| succeeded(if swf { text } else { json!(text).to_string() });
    let failure = |error: &str, cause: Option<String>| {
        // The message of durable functions names the type too.
        let named = cause.as_ref().map_or(error.to_owned(), |cause| format!("{error}: {cause}"));
        let cause = if service == Service::Durable { Some(named) } else { cause };
        ReportedOutcome::Failed { error: Some(error.to_owned()), cause }
    };
    let too_large =
        failure("OutputTooLarge", Some("the step succeeded; its output exceeds the service's limit".into()));
    let cut = |width: usize, unit: &str, total: usize| {
        // The mark names the number of removed characters and counts toward the limit.
        let kept = (width - format!("… [{total} characters cut]").len() + 2) / unit.encode_utf16().count();
        format!("{}… [{} characters cut]", unit.repeat(kept), total - kept)
    };
    let (error_width, cause_width) = match service {
        Service::Fnf => (128, 4096),
        Service::Swf => (256, 32768),
        Service::Sfn => (256, 32768),
        // Beside the error, which the message names too.
        Service::Durable => (256, 8192 - 256 - 2),
    };
    let mut outcomes: Vec<(_, fn() -> _, _)> = vec![
        ("a success", || raw(r#"{"valid":true}"#), succeeded(r#"{"valid":true}"#.into())),
        ("no output", || StepOutput::succeeded(&()), succeeded("null".into())),
        (
            "numbers as they were written",
            || raw(r#"{"n":12345678901234567890.123456789,"m":1.10,"e":1E400}"#),
            succeeded(r#"{"n":12345678901234567890.123456789,"m":1.10,"e":1E400}"#.into()),
        ),
        (
            "a string",
            || text("customer \"credit card\" verified"),
            string("customer \"credit card\" verified".into()),
        ),
        ("unicode", || text("卡 é 🚀 \u{7f} & = + % \n"), string("卡 é 🚀 \u{7f} & = + % \n".into())),
        ("unicode in an object", || raw(r#"{"卡":"é🚀\u0000"}"#), succeeded(r#"{"卡":"é🚀\u0000"}"#.into())),
        (
            "a failure",
            || failed("CardDeclined", "no 卡".into()),
            failure("CardDeclined", Some("no 卡".into())),
        ),
        ("an empty cause", || failed("CardDeclined", String::new()), failure("CardDeclined", None)),
        ("an empty error", || failed("", "why".into()), failure("StepFailed", Some("why".into()))),
        (
            "an over-long cause",
            || failed("E", "é".repeat(40_000)),
            failure("E", Some(cut(cause_width, "é", 40_000))),
        ),
        (
            "an over-long error",
            || failed(&"E".repeat(500), "why".into()),
            failure(&cut(error_width, "E", 500), Some("why".into())),
        ),
    ];
    outcomes.extend::<[(_, fn() -> _, _); 4]>(match service {
        Service::Fnf => [
            ("the longest output", || text("x".repeat(65_534)), string("x".repeat(65_534))),
            ("one byte more", || text("x".repeat(65_535)), too_large.clone()),
            ("the longest in unicode", || text("卡".repeat(21_844)), string("卡".repeat(21_844))),
            ("one character more", || text("卡".repeat(21_845)), too_large),
        ],
        Service::Swf => [
            ("the longest output", || text("x".repeat(32_768)), string("x".repeat(32_768))),
            ("one character more", || text("x".repeat(32_769)), too_large.clone()),
            ("the longest in UTF-16", || text("🚀".repeat(16_384)), string("🚀".repeat(16_384))),
            ("one character more in UTF-16", || text("🚀".repeat(16_385)), too_large),
        ],
        Service::Sfn => [
            ("the longest output", || text("x".repeat(262_142)), string("x".repeat(262_142))),
            ("one byte more", || text("x".repeat(262_143)), too_large.clone()),
            ("the longest in unicode", || text("卡".repeat(87_380)), string("卡".repeat(87_380))),
            ("one character more", || text("卡".repeat(87_381)), too_large),
        ],
        Service::Durable => [
            ("the longest output", || text("x".repeat(262_142)), string("x".repeat(262_142))),
            ("one byte more", || text("x".repeat(262_143)), too_large.clone()),
            ("the longest in unicode", || text("卡".repeat(87_380)), string("卡".repeat(87_380))),
            ("one character more", || text("卡".repeat(87_381)), too_large),
        ],
    });
    outcomes
}
