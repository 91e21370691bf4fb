//! Terminal failures, named by a command or by the settings.

use serde_json::json;
use taskback::testing::Message;
use taskback::{Outcome, Service, TerminalErrors};

use super::command::shell;
use super::http::replying;
use super::{TASK, failure};
use crate::support::{MINUTE, Rig, kept_within, token};
use crate::wire::server::Reply;

fn terminal(list: &str) -> TerminalErrors {
    TerminalErrors::parse(list).unwrap()
}

#[tokio::test]
async fn exit_65_names_error_and_cause() {
    for (stdout, error, cause) in [
        (r#"{"error":"CardDeclined","cause":"é 12 €"}"#, "CardDeclined", "é 12 €"),
        (r#" {"cause":"why", "code":[7], "error":"CardDeclined"} "#, "CardDeclined", "why"),
        (r#"{"error":"CardDeclined"}"#, "CardDeclined", "no luck"),
        (r#"{"cause":"why"}"#, "ExitCode65", "why"),
        (r#"{"error":null,"cause":""}"#, "ExitCode65", "no luck"),
        (r#"{"error":"","cause":"why"}"#, "ExitCode65", "why"),
        ("{}", "ExitCode65", "no luck"),
        // Not an object with texts, so all of it is ignored.
        (r#"{"error":7,"cause":"why"}"#, "ExitCode65", "no luck"),
        (r#"{"error":"A","error":"B"}"#, "ExitCode65", "no luck"),
        (r#"{"error":"CardDeclined""#, "ExitCode65", "no luck"),
        (r#"["CardDeclined","why"]"#, "ExitCode65", "no luck"),
        (r#""CardDeclined""#, "ExitCode65", "no luck"),
        ("declined", "ExitCode65", "no luck"),
    ] {
        let script = format!("echo no luck >&2; cat <<'END'\n{stdout}\nEND\nexit 65");
        assert_eq!(failure(shell(&script), "{}").await, (error.into(), cause.into()), "{stdout}");
    }
    let deep = format!("printf '{{\"x\":%s}}' '{}'; exit 65", "[".repeat(60_000));
    assert_eq!(failure(shell(&deep), "{}").await.0, "ExitCode65");
}

#[tokio::test]
async fn named_failure_respects_the_limits() {
    let script =
        |error, cause| format!("printf '{{\"error\":\"%0{error}d\",\"cause\":\"%0{cause}d\"}}' 1 2; exit 65");
    let (error, cause) = failure(shell(&script(256, 32_768)), "{}").await;
    assert_eq!((error.len(), cause.len()), (256, 32_768));
    let (error, cause) = failure(shell(&script(257, 32_769)), "{}").await;
    assert!(error.ends_with("characters cut]") && cause.ends_with("characters cut]"), "{error}");
    assert!(error.chars().count() <= 256 && cause.chars().count() <= 32_768);
    // Anything beyond the output limit is not read.
    assert_eq!(failure(shell(&script(3, 2_000_000)), "{}").await.0, "ExitCode65");
}

#[tokio::test]
async fn named_failure_is_scrubbed() {
    let task = token(Service::Swf, TASK);
    let input = json!({"error": task.expose(), "cause": task.expose()});
    let body = json!({"service": "swf", "taskToken": task.expose(), "input": input});
    let rig = Rig::new();
    let taskback = rig.builder().step(shell("cat; exit 65")).build().unwrap();
    assert!(kept_within(&taskback, &[Message::new("m", body.to_string())], MINUTE).await.is_empty());
    let mark = format!("[token {}]", task.fingerprint().short());
    assert!(rig.swf.accepted(&task) == [Outcome::failed(&*mark, &*mark)]);
}

#[tokio::test]
async fn listed_exit_codes_are_terminal() {
    let listed = || {
        shell("echo '{\"error\":\"CardDeclined\"}'; echo no luck >&2; exit 3")
            .terminal_errors(terminal("http:409, exit:3"))
    };
    assert_eq!(failure(listed(), "{}").await, ("CardDeclined".into(), "no luck".into()));
    for (list, code, error) in [
        ("exit:3", 3, "ExitCode3"),
        ("exit:3,exit:255", 255, "ExitCode255"),
        ("exit:3", 65, "ExitCode65"),
        ("exit:3", 4, "StepFailed"),
        ("http:403", 3, "StepFailed"),
    ] {
        let step = shell(&format!("exit {code}")).terminal_errors(terminal(list));
        assert_eq!(failure(step, "{}").await.0, error, "{list} {code}");
    }
    // A signal is not an exit code.
    let step = shell("kill -9 $$").terminal_errors(terminal("exit:9,exit:137"));
    assert_eq!(failure(step, "{}").await.0, "StepFailed");
}

#[tokio::test]
async fn listed_statuses_are_terminal() {
    for (list, status, headers, error) in [
        ("http:409", 409, "", "HttpStatus409"),
        ("http:409,http:599", 599, "", "HttpStatus599"),
        ("http:409", 422, "", "HttpStatus422"),
        ("http:409", 404, "", "StepFailed"),
        ("exit:40", 409, "", "StepFailed"),
        ("http:409", 409, "content-type: text/html\r\n", "StepFailed"),
    ] {
        let (_server, step) = replying(Reply::http(status, headers, "no")).await;
        let step = step.terminal_errors(terminal(list));
        assert_eq!(failure(step, "{}").await.0, error, "{list} {status}");
    }
}
