use serde_json::{Value, json};
use taskback::CommandStep;
use taskback::testing::Message;
use taskback::{CommandLine, Outcome, Service};

use super::{TASK, deliver, failure, output};
use crate::support::{MINUTE, Rig, kept_within, token};

pub(crate) fn shell(script: &str) -> CommandStep {
    words(&["/bin/sh", "-c", script])
}

fn words(words: &[&str]) -> CommandStep {
    CommandStep::new(CommandLine::parse(&json!(words).to_string()).unwrap())
}

#[tokio::test]
async fn stdout_is_json_or_text() {
    for (script, wanted) in [
        (r#"echo '{"n": 1.10000000000000000001}'"#, r#"{"n": 1.10000000000000000001}"#),
        (r"printf ' [1, 2]\n\n'", "[1, 2]"),
        ("echo verified", r#""verified""#),
        (r"printf 'two\nlines\r\n'", r#""two\nlines""#),
        (r"printf 'é\n\n'", r#""é\n""#),
        (r#"echo '"a text"'"#, r#""a text""#),
        ("echo '{\"half\":'", r#""{\"half\":""#),
        ("true", "null"),
        ("echo", "null"),
    ] {
        assert_eq!(output(shell(script), "{}").await, wanted, "{script}");
    }
}

#[tokio::test]
async fn stdin_has_the_input_unchanged() {
    let input = r#"{"a": 1.0000000000000000000001, "b": "é\u0000"}"#;
    assert_eq!(output(words(&["cat"]), input).await, input);
    let long = json!("x".repeat(30_000)).to_string();
    assert_eq!(output(words(&["cat"]), &long).await, long);
}

#[tokio::test]
async fn exit_code_65_is_terminal() {
    for (script, error, cause) in [
        ("echo no luck >&2; exit 65", "ExitCode65", "no luck"),
        ("exit 65", "ExitCode65", "the command ended with exit code 65"),
    ] {
        assert_eq!(failure(shell(script), "{}").await, (error.into(), cause.into()), "{script}");
    }
    // On the first delivery.
    let rig = Rig::new();
    let taskback = rig.builder().step(shell("exit 65")).build().unwrap();
    assert_eq!(deliver(&taskback, "{}", MINUTE).await, None);
    assert_eq!(rig.swf.accepted(&token(Service::Swf, TASK)).len(), 1);
}

/// Python exits with 1 after a traceback and with 2 if the script does not exist. Neither is caused by the
/// task.
#[tokio::test]
async fn other_exits_are_retryable() {
    let exits = [1, 2, 64, 66, 75, 101, 125, 126, 127, 128, 137, 255].map(|code| {
        let how = format!("the command ended with exit code {code}: busy");
        (format!("echo busy >&2; exit {code}"), how)
    });
    let signals = [
        ("echo dying >&2; kill -9 $$".to_owned(), "the command was ended by signal 9: dying".to_owned()),
        ("kill -15 $$".to_owned(), "the command was ended by signal 15".to_owned()),
    ];
    for (script, cause) in exits.into_iter().chain(signals) {
        assert_eq!(failure(shell(&script), "{}").await, ("StepFailed".into(), cause), "{script}");
        // Before the last delivery nothing is reported.
        let rig = Rig::new();
        let taskback = rig.builder().step(shell(&script)).build().unwrap();
        assert!(deliver(&taskback, "{}", MINUTE).await.is_some(), "{script}");
        assert_eq!(rig.swf.attempts(&token(Service::Swf, TASK)), 0, "{script}");
    }
}

#[tokio::test]
async fn failed_start_names_the_program() {
    for program in ["no-such-program", "/no/such/program", "/etc/passwd"] {
        let (error, cause) = failure(words(&[program, "the-secret-argument"]), "{}").await;
        let start = format!("the command {program:?} did not start: ");
        assert!(error == "StepFailed" && cause.starts_with(&start) && !cause.contains("secret"), "{cause}");
    }
}

#[tokio::test]
async fn stderr_is_limited_to_its_end() {
    let flood = "head -c 3000000 /dev/zero | tr '\\0' e >&2; echo ' the end' >&2; exit 65";
    let (error, cause) = failure(shell(flood), "{}").await;
    assert_eq!(error, "ExitCode65");
    assert!(cause.len() <= 4096 && cause.len() > 4000 && cause.ends_with("e the end"), "{}", cause.len());
    let (_, cause) = failure(shell(r"printf '\377\376 bytes \377 and more\n' >&2; exit 65"), "{}").await;
    assert_eq!(cause, "bytes \u{fffd} and more");
}

#[tokio::test]
async fn oversized_stdout_fails_only_successful_command() {
    let flood = |code| shell(&format!("head -c 3000000 /dev/zero | tr '\\0' 1; exit {code}"));
    let (error, cause) = failure(flood(0), "{}").await;
    assert_eq!(error, "OutputTooLarge");
    assert!(cause.contains("more than 1048576 bytes"), "{cause}");
    assert_eq!(failure(flood(65), "{}").await.0, "ExitCode65");
    assert_eq!(failure(flood(75), "{}").await.0, "StepFailed");
}

#[tokio::test]
async fn non_utf8_output_is_invalid() {
    assert_eq!(failure(shell(r"printf '\377'"), "{}").await.0, "InvalidOutput");
}

#[tokio::test]
async fn command_may_ignore_its_input() {
    let long = json!("x".repeat(500_000)).to_string();
    assert_eq!(output(shell("exec <&-; echo done"), &long).await, r#""done""#);
    assert_eq!(output(shell("echo done"), &long).await, r#""done""#);
    assert_eq!(output(shell("head -c 1 >/dev/null; echo done"), &long).await, r#""done""#);
}

#[tokio::test]
async fn command_gets_task_without_token() {
    let task = token(Service::Swf, TASK);
    let body = json!({
        "service": "swf", "taskToken": task.expose(), "input": {"a": 1},
        "execution": {"workflowId": format!("order {}", task.expose()), "activityId": "7", "activityType": "ver\0ify"},
    });
    let rig = Rig::new();
    let look = r#"tr '\0' '\n' </proc/$$/cmdline; env; cat"#;
    let taskback = rig.builder().step(shell(look)).build().unwrap();
    let message = Message::new("m", body.to_string()).received(3);
    assert!(kept_within(&taskback, &[message], MINUTE).await.is_empty());
    let [Outcome::Succeeded(output)] = &rig.swf.accepted(&task)[..] else { panic!() };
    let seen: Value = serde_json::from_str(output.json()).unwrap();
    let seen = seen.as_str().unwrap();
    crate::secrets::assert_hidden(seen, [task.expose()]);
    let fingerprint = task.fingerprint();
    for line in [
        format!("TASKBACK_TASK_FINGERPRINT={}", fingerprint.hex()),
        format!("TASKBACK_TASK_BUSINESS_KEY=order [token {}]/7", fingerprint.short()),
        "TASKBACK_TASK_SERVICE=swf".into(),
        "TASKBACK_TASK_ATTEMPT=3".into(),
        r#"{"a":1}"#.into(),
    ] {
        assert!(seen.lines().any(|seen| seen == line), "{line} is not in\n{seen}");
    }
    let remaining = seen.lines().find_map(|line| line.strip_prefix("TASKBACK_TASK_REMAINING_MS="));
    assert!((1..=50_000).contains(&remaining.unwrap().parse::<u32>().unwrap()), "{remaining:?}");
    assert!(!seen.contains("TASKBACK_TASK_ACTIVITY_TYPE"), "no variable can hold a NUL");
}
