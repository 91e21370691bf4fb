//! Texts that a step, an endpoint or a service cuts inside a token, and terminal control characters.

use serde_json::json;

use taskback::testing::Message;
use taskback::{CommandStep, IntoStep, Outcome, Service, ServiceResponse, StepError, Task, TaskToken};

use super::Log;
use crate::external::command::shell;
use crate::external::http::replying;
use crate::support::{MINUTE, Rig, kept_within};
use crate::wire::server::Reply;
use taskback_core::{MAX_RUN, PriorAttempts, judge_response};

/// A token as long as SWF's, without repeated runs.
fn long_token() -> TaskToken {
    let text: Vec<_> = (100..280).map(|number| format!("{number}+")).collect();
    TaskToken::new(Service::Swf, text.concat()).unwrap()
}

fn assert_no_run(text: &str, token: &TaskToken) {
    let runs = token.expose().as_bytes().windows(MAX_RUN + 1);
    let shown = runs.map(|run| str::from_utf8(run).unwrap()).find(|run| text.contains(run));
    assert_eq!(shown, None, "{text}");
}

/// The log and the reports of the step, with the token as its input.
async fn seen<Shape>(step: impl IntoStep<Shape>, token: &TaskToken, receives: u32) -> String {
    let (rig, log) = (Rig::new(), Log::default());
    let writer = log.clone();
    let guard = tracing::subscriber::set_default(taskback::log::subscriber("trace", move || writer.clone()));
    let taskback = rig.builder().max_receives(3).step(step).build().unwrap();
    let body = json!({"service": "swf", "taskToken": token.expose(), "input": token.expose()}).to_string();
    kept_within(&taskback, &[Message::new("m", body).received(receives)], MINUTE).await;
    drop(guard);
    let reported = rig.swf.accepted(token);
    let texts = reported.iter().map(|outcome| match outcome {
        Outcome::Failed { error, cause } => format!("{error}: {cause}"),
        other => panic!("{other:?}"),
    });
    format!("{}{}", log.text(), texts.collect::<String>())
}

/// 4096 bytes of stderr are kept: the token without its first characters, and the text after it.
#[tokio::test]
async fn stderr_cut_inside_token_hides_it() {
    let token = long_token();
    for (code, receives) in [(75, 1), (75, 3), (65, 1)] {
        for shown in [1, 13, token.expose().len() - 1] {
            let fill = 4096 - shown;
            let script = format!("tr -d '\"' >&2; head -c {fill} /dev/zero | tr '\\0' x >&2; exit {code}");
            let seen = seen(shell(&script), &token, receives).await;
            assert!(seen.contains("xxxxx"), "{seen}");
            assert_no_run(&seen, &token);
        }
    }
}

/// 4096 bytes of an endpoint's body are kept, and the last of them are the start of the token.
#[tokio::test]
async fn body_cut_inside_token_hides_it() {
    let token = long_token();
    for shown in [1, 13, token.expose().len() - 1] {
        let body = format!("{}{}", "x".repeat(4096 - shown), token.expose());
        let (_server, step) = replying(Reply::http(422, "", &body)).await;
        let seen = seen(step, &token, 1).await;
        assert!(seen.contains("xxxxx"), "{seen}");
        assert_no_run(&seen, &token);
    }
}

#[test]
fn service_text_cut_inside_token_hides_it() {
    let token = long_token();
    let encoded = token.expose().replace('+', "%2B");
    for text in [token.expose(), &*encoded] {
        for at in 0..text.len() {
            let message = format!("not found: {}", &text[..at]);
            let code = Some(text[at..].to_owned());
            let answer = ServiceResponse::Refused {
                status: 400,
                code,
                message,
                request_id: Some(text[at..].to_owned()),
            };
            let error = judge_response(&token, &answer, PriorAttempts::default()).unwrap_err();
            assert_no_run(&format!("{error} {error:?}").replace("%2B", "+"), &token);
        }
    }
}

#[tokio::test]
async fn terminal_escapes_reach_neither_log_nor_cause() {
    let token = long_token();
    let steps: [(_, CommandStep); 2] = [
        (3, shell(r"printf 'a\033[2Jb\007c\r\nd\302\2330m' >&2; exit 75")),
        (
            1,
            shell(
                r#"printf '{"error":"E\\u001b[1m","cause":"a\\u001b[2Jb\\u0007c\\r\\nd\\u009b0m"}'; exit 65"#,
            ),
        ),
    ];
    for (receives, step) in steps {
        let seen = seen(step, &token, receives).await;
        assert!(seen.contains(r"a\u{1b}[2Jb\u{7}c") && seen.contains(r"d\u{9b}0m"), "{seen}");
        assert!(!seen.contains(['\u{1b}', '\u{7}', '\u{9b}', '\r']), "{seen:?}");
    }
    let text = async |_: Task<String>| Err::<(), _>(StepError::retryable("\u{202e}a\u{1b}[2J"));
    let seen = seen(text, &token, 1).await;
    assert!(seen.contains(r"\\u{202e}a\\u{1b}[2J") && !seen.contains('\u{202e}'), "{seen:?}");
}

#[test]
fn service_error_is_one_escaped_line() {
    let token = long_token();
    let text = "x\n{\"level\":\"ERROR\"}\u{1b}[2J\u{2028}";
    let (code, request_id) = (Some(text.to_owned()), Some(text.to_owned()));
    let answer = ServiceResponse::Refused { status: 418, code, message: text.to_owned(), request_id };
    let error = judge_response(&token, &answer, PriorAttempts::default()).unwrap_err();
    for shown in [error.to_string(), format!("{:?}", error.code), format!("{:?}", error.request_id)] {
        assert!(!shown.contains(['\n', '\u{1b}', '\u{2028}']), "{shown:?}");
    }
}

#[test]
fn debug_of_settings_shows_no_password() {
    let vars = [
        ("TASKBACK_STEP", "https://user:s3cret@steps.test/s3cret"),
        ("TASKBACK_SWF_DOMAIN", "d"),
        ("TASKBACK_SWF_TASK_LIST", "l"),
        ("TASKBACK_QUEUE_URL", "https://user:s3cret@queue.test:8443/1/s3cret?s3cret"),
        ("AWS_ENDPOINT_URL", "https://s3cret:x@aws.test"),
        ("AWS_ENDPOINT_URL_SQS", "http://user:s3cret@[::1]:9324/s3cret"),
        ("FNF_ENDPOINT", "user:s3cret@fnf.test"),
        ("FNF_SECRET_ID", "s3cret"),
    ];
    let settings = taskback::settings::PollerSettings::from_vars(
        vars.map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let settings = settings.unwrap();
    let work = taskback::QueueWorkerConfig::new(&settings.poller.queue_url);
    for shown in [format!("{settings:?}"), format!("{settings:#?}"), format!("{work:?}")] {
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("\"https://queue.test:8443\""), "{shown}");
    }
    let shown = format!("{settings:?}");
    for place in ["https://aws.test", "http://[::1]:9324", "https://fnf.test"] {
        assert!(shown.contains(place), "{place}: {shown}");
    }
}

#[test]
fn setting_error_shows_no_secret() {
    let secrets = [
        "https://user:s3cret@a.test/",
        "./verify --key s3cret",
        "https//user:s3cret",
        "a=s3cret",
        "\u{1b}s3cret",
    ];
    let names = [
        "TASKBACK_STEP",
        "TASKBACK_SERVICE",
        "TASKBACK_TOKEN_POINTER",
        "TASKBACK_CONCURRENCY",
        "TASKBACK_LEDGER",
        "TASKBACK_LEDGER_FAILURE",
        "TASKBACK_HEARTBEAT_FIRST",
        "AWS_REGION",
        "FNF_MAX_OUTPUT_BYTES",
        "TASKBACK_QUEUE_URL",
        "AWS_ENDPOINT_URL",
        "TASKBACK_FC_INVOCATION",
        "AWS_SECRET_ACCESS_KEY",
        "TASKBACK_POLLERS",
    ];
    for secret in secrets {
        for name in names {
            let vars = [("TASKBACK_SWF_DOMAIN", "d"), ("TASKBACK_STEP", "none"), (name, secret)];
            let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let error = taskback::settings::PollerSettings::from_vars(vars).unwrap_err().to_string();
            assert!(!error.contains("s3cret") && !error.contains('\u{1b}'), "{name}={secret}: {error}");
        }
    }
    for (name, table) in
        [("TASKBACK_LEDGER", "dynamodb:user:s3cret@h"), ("TASKBACK_LEDGER", "postgres://u:s3cret@h")]
    {
        let error =
            taskback::Settings::from_vars([(name.to_owned(), table.to_owned())]).unwrap_err().to_string();
        assert!(error.contains(name) && !error.contains("s3cret"), "{error}");
    }
}

#[cfg(all(feature = "mysql", feature = "postgres"))]
#[test]
fn ledger_url_is_shown_without_its_login() {
    for scheme in ["mysql", "postgres"] {
        let url = format!("{scheme}://someone:s3cret@h/d?password-secret=");
        let vars = |url: &str| [("TASKBACK_LEDGER".to_owned(), url.to_owned())];
        let error = taskback::Settings::from_vars(vars(&url)).unwrap_err().to_string();
        assert!(!error.contains("s3cret") && !error.contains("someone"), "{error}");
        let settings =
            taskback::Settings::from_vars(vars(&format!("{scheme}://someone:s3cret@h:7/d"))).unwrap();
        let clients = taskback::Clients::without_aws(&settings);
        let ledger = taskback::ledger::SqlLedger::open(&clients);
        let shown = format!("{settings:?} {} {clients:?} {ledger:?}", settings.ledger);
        assert!(!shown.contains("s3cret") && !shown.contains("someone"), "{shown}");
        assert!(settings.ledger.to_string() == format!("{scheme}://h:7/d"), "{shown}");
    }
}
