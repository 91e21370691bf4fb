//! `taskback invoke --function`: a function's own executable.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::python;
use crate::run::{Local, Ran, event, run, run_with_stdin, taskback};

fn invoke(local: &Local, function: &str, event: &str) -> Command {
    let mut command = taskback(&["invoke", "--local", &local.url, "--function", function, "-e", event]);
    command.env("PATH", "/usr/bin:/bin");
    command
}

/// A handler of `tests/peers` under the Lambda runtime of Python.
fn python(event: &str) -> Ran {
    let function = json!(python::handler("handlers.handle")).to_string();
    run_with_stdin(&mut invoke(&Local::start(), &function, "-"), event)
}

/// The shipped worker stands for any function in Rust: it reports to the local services and has no other key.
#[test]
fn rust_function_reports_to_local_services() {
    let worker = Path::new(env!("CARGO_BIN_EXE_taskback")).with_file_name("worker");
    assert!(worker.exists(), "{} is not built: run tests/run, or cargo build --bin worker", worker.display());
    let local = Local::start();
    let function = worker.to_str().unwrap();
    let ran = run(invoke(&local, function, &event("sqs-mixed"))
        .arg("--open")
        .env("TASKBACK_STEP", "verify-card")
        .env("TASKBACK_LEDGER", "dynamodb:no-such-table")
        .env("AWS_PROFILE", "no-such-profile"));
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let expected = json!({"batchItemFailures": [{"itemIdentifier": "02e4bd3b-363c-57de-b925-c03a5a111635"}]});
    assert_eq!(serde_json::from_str::<serde_json::Value>(&ran.stdout).unwrap(), expected);
    assert!(ran.stderr.contains("report.accepted"), "{}", ran.stderr);
}

#[test]
fn python_function_responds_to_the_event() {
    let ran = python(r#"{"do": "echo", "b": [1]}"#);
    assert_eq!((ran.code, &*ran.stdout), (0, "{\"do\": \"echo\", \"b\": [1]}\n"), "{}", ran.stderr);
    let ran = python(r#"{"do": "declined"}"#);
    let expected = json!({"errorType": "CardDeclined", "errorMessage": "no luck é 🦀"});
    assert_eq!(serde_json::from_str::<serde_json::Value>(&ran.stdout).unwrap(), expected);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
}

/// Whatever the environment says of the services of an account.
#[test]
fn function_knows_local_services_only() {
    let (local, function) = (Local::start(), json!(python::handler("handlers.handle")).to_string());
    for (name, expected) in [
        ("AWS_ENDPOINT_URL_SFN", None),
        ("AWS_ENDPOINT_URL_LAMBDA", None),
        ("AWS_ENDPOINT_URL_SWF", Some(&local.url)),
        ("AWS_ENDPOINT_URL", Some(&local.url)),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", None),
        ("AWS_SESSION_TOKEN", None),
        ("ALIBABA_CLOUD_SECURITY_TOKEN", None),
    ] {
        let mut command = invoke(&local, &function, "-");
        let event = json!({"do": "variable", "name": name}).to_string();
        let ran = run_with_stdin(command.env(name, "https://account.example"), &event);
        assert_eq!(ran.stdout, format!("{}\n", json!(expected)), "{name}: {}", ran.stderr);
    }
}

/// Functions and steps lead a process group, which Ctrl-C does not reach.
#[test]
fn interrupt_ends_function_and_step() {
    let (local, function) = (Local::start(), json!(python::handler("handlers.handle")).to_string());
    interrupt(&mut invoke(&local, &function, "-"));
    let mut command = taskback(&["invoke", "--local", &local.url, "--open", "-e", "-"]);
    interrupt(command.env("TASKBACK_STEP", format!("handler:{function}")));
}

fn interrupt(command: &mut Command) {
    let name = format!("invoke-interrupt-{}", std::process::id());
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    // A function gets the token too.
    let event = json!({"taskToken": "token-of-a-handler", "do": "hang", "file": file}).to_string();
    child.stdin.take().unwrap().write_all(event.as_bytes()).unwrap();
    wait(|| file.exists());
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupt.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(2));
    let pids = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    for pid in pids.split(' ') {
        wait(|| {
            let ps = Command::new("ps").args(["-o", "stat=", "-p", pid]).output().unwrap();
            ps.stdout.trim_ascii().is_empty() || ps.stdout.starts_with(b"Z")
        });
    }
}

/// Waits as long as a busy machine may need.
fn wait(condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < deadline);
        std::thread::yield_now();
    }
}

#[test]
fn function_that_ends_is_an_error() {
    let local = Local::start();
    for (function, reason) in [
        ("/bin/true", "the function ended with exit code 0 before it asked for an event"),
        ("/no/such/program", "the function \"/no/such/program\" did not start: No such file"),
    ] {
        let ran = run(&mut invoke(&local, function, &event("direct-success")));
        assert_eq!((ran.code, &*ran.stdout), (2, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains(reason), "{}", ran.stderr);
    }
    let ran = python(r#"{"do": "exit"}"#);
    assert!(ran.code == 2 && ran.stderr.contains("exit code 3 before it answered"), "{}", ran.stderr);
}
