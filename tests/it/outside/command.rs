use serde_json::{Value, json};
use taskback::CommandStep;
use taskback::core::{Outcome, Service};
use taskback::settings::CommandLine;
use taskback::testing::Message;

use super::{TASK, deliver, failure, output};
use crate::support::{MINUTE, Rig, kept_within, token};

pub(super) fn shell(script: &str) -> CommandStep {
    words(&["/bin/sh", "-c", script])
}

fn words(words: &[&str]) -> CommandStep {
    CommandStep::new(CommandLine::parse(&json!(words).to_string()).unwrap())
}

#[tokio::test]
async fn stdout_is_json_where_it_is_some_and_else_a_text() {
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
async fn the_input_is_on_stdin_as_it_was_written() {
    let input = r#"{"a": 1.0000000000000000000001, "b": "é\u0000"}"#;
    assert_eq!(output(words(&["cat"]), input).await, input);
    let long = json!("x".repeat(30_000)).to_string();
    assert_eq!(output(words(&["cat"]), &long).await, long);
}

#[tokio::test]
async fn exit_codes_to_125_but_75_tell_the_end_of_stderr() {
    for code in [1, 2, 64, 74, 76, 101, 125] {
        let told = failure(shell(&format!("echo no luck >&2; exit {code}")), "{}").await;
        assert_eq!(told, (format!("ExitCode{code}"), "no luck".into()));
    }
    let told = failure(shell("exit 3"), "{}").await;
    assert_eq!(told, ("ExitCode3".into(), "the command ended with exit code 3".into()));
}

#[tokio::test]
async fn codes_75_126_127_and_above_and_signals_are_tried_again() {
    for (script, cause) in [
        ("echo busy >&2; exit 75", "the command ended with exit code 75: busy"),
        ("exit 126", "the command ended with exit code 126"),
        ("exit 127", "the command ended with exit code 127"),
        ("exit 128", "the command ended with exit code 128"),
        ("exit 255", "the command ended with exit code 255"),
        ("echo dying >&2; kill -9 $$", "the command was ended by signal 9: dying"),
        ("kill -15 $$", "the command was ended by signal 15"),
    ] {
        assert_eq!(failure(shell(script), "{}").await, ("StepFailed".into(), cause.into()), "{script}");
    }
    for program in ["no-such-program", "/no/such/program", "/etc/passwd"] {
        assert_eq!(failure(words(&[program]), "{}").await.0, "StepFailed", "{program}");
    }
    // And not only on the last delivery: then nothing is told.
    let rig = Rig::new();
    let taskback = rig.builder().step(shell("exit 75")).build().unwrap();
    assert!(deliver(&taskback, "{}", MINUTE).await.is_some());
    assert_eq!(rig.swf.attempts(&token(Service::Swf, TASK)), 0);
}

#[tokio::test]
async fn a_flood_on_stderr_leaves_its_end() {
    let flood = "head -c 3000000 /dev/zero | tr '\\0' e >&2; echo ' the end' >&2; exit 3";
    let (error, cause) = failure(shell(flood), "{}").await;
    assert_eq!(error, "ExitCode3");
    assert!(cause.len() <= 4096 && cause.len() > 4000 && cause.ends_with("e the end"), "{}", cause.len());
    let (_, cause) = failure(shell(r"printf '\377\376 bytes \377 and more\n' >&2; exit 3"), "{}").await;
    assert_eq!(cause, "bytes \u{fffd} and more");
}

#[tokio::test]
async fn a_flood_on_stdout_is_too_large_only_where_the_command_succeeds() {
    let flood = |code| shell(&format!("head -c 3000000 /dev/zero | tr '\\0' 1; exit {code}"));
    let (error, cause) = failure(flood(0), "{}").await;
    assert_eq!(error, "OutputTooLarge");
    assert!(cause.contains("more than 1048576 bytes"), "{cause}");
    assert_eq!(failure(flood(3), "{}").await.0, "ExitCode3");
    assert_eq!(failure(flood(75), "{}").await.0, "StepFailed");
}

#[tokio::test]
async fn an_output_that_is_not_utf_8_is_never_told_as_another() {
    assert_eq!(failure(shell(r"printf '\377'"), "{}").await.0, "InvalidOutput");
}

#[tokio::test]
async fn a_command_need_not_read_its_input() {
    let long = json!("x".repeat(500_000)).to_string();
    assert_eq!(output(shell("exec <&-; echo done"), &long).await, r#""done""#);
    assert_eq!(output(shell("echo done"), &long).await, r#""done""#);
    assert_eq!(output(shell("head -c 1 >/dev/null; echo done"), &long).await, r#""done""#);
}

#[tokio::test]
async fn the_command_knows_the_task_and_never_its_token() {
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
        format!("TASKBACK_TASK_BUSINESS_KEY=order [token {fingerprint}]/7"),
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
