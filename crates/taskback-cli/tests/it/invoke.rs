mod environment;
mod function;

use serde_json::Value;

use crate::run::{Local, Ran, answer, event, run, run_with_stdin, taskback};

/// Invokes with an event and compares the fields of the expected response.
fn answers(name: &str, code: i32, args: &[&str]) -> Ran {
    let path = event(name);
    let all: Vec<&str> = [&["invoke", "--open", "-e", &path], args].concat();
    let ran = run(taskback(&all).env("TASKBACK_STEP", "verify-card"));
    assert_eq!(ran.code, code, "{name}: {}", ran.stderr);
    let response: Value = serde_json::from_str(&ran.stdout).unwrap();
    for (field, expected) in answer(name).as_object().unwrap() {
        assert_eq!(&response[field], expected, "{name}: {field}");
    }
    ran
}

#[test]
fn events_get_the_deployed_response() {
    let local = Local::start();
    answers("direct-success", 0, &["--local", &local.url]);
    answers("direct-envelope-swf", 0, &["--local", &local.url]);
    let mixed = answers("sqs-mixed", 0, &["--local", &local.url]);
    assert_eq!(
        mixed.stderr,
        "taskback: 1 message will be redelivered: 02e4bd3b-363c-57de-b925-c03a5a111635: the body is not JSON\n"
    );
    let nacked = answers("mns-queue-one-nacked", 1, &["--local", &local.url]);
    assert!(nacked.stdout.contains("the body is not JSON (1 of 2)"), "{}", nacked.stdout);
    let nacked = answers("direct-no-token", 1, &["--local", &local.url]);
    assert!(nacked.stdout.contains("\"errorMessage\":\"the task will be redelivered"), "{}", nacked.stdout);
    assert!(nacked.stderr.starts_with("taskback: the event will be redelivered: "), "{}", nacked.stderr);
}

/// Without RUST_LOG.
#[cfg(unix)]
#[test]
fn failed_step_is_explained() {
    let local = Local::start();
    let path = event("sqs-mixed");
    let step = r#"command:["/bin/sh", "-c", "echo no luck today >&2; exit 3"]"#;
    let mut command = taskback(&["invoke", "--open", "-e", &path, "--local", &local.url]);
    let ran = run(command.env("TASKBACK_STEP", step));
    let reason =
        "taskback: step failed and will be retried: the command ended with exit code 3: no luck today (task ";
    assert!(ran.stderr.matches(reason).count() > 1, "{}", ran.stderr);
    assert!(ran.stderr.contains(": the step asked for another delivery; "), "{}", ran.stderr);
    assert!(!ran.stderr.contains("RUST_LOG"), "{}", ran.stderr);
}

#[test]
fn closed_tasks_are_reopened() {
    let local = Local::start();
    for _ in 0..2 {
        answers("sqs-duplicate-token", 0, &["--local", &local.url]);
        answers("direct-failure", 0, &["--local", &local.url]);
    }
}

#[test]
fn unopened_task_fails_the_invocation() {
    let local = Local::start();
    let ran = run(&mut taskback(&["invoke", "-e", &event("direct-success"), "--local", &local.url]));
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("\"errorType\":\"ReportFailed\""), "{}", ran.stdout);
    assert!(ran.stderr.contains("taskback: failed to report outcome: InvalidToken, "), "{}", ran.stderr);
}

/// The services end while they are asked.
#[test]
fn dropped_connection_names_the_next_step() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let ends = std::thread::spawn(move || {
        // The connection is closed without an answer.
        let _ = listener.accept();
    });
    let ran = run(&mut taskback(&["invoke", "--open", "-e", &event("direct-success"), "--local", &url]));
    ends.join().unwrap();
    assert_eq!((ran.code, ran.stderr.lines().count()), (2, 1), "{}", ran.stderr);
    assert!(ran.stderr.contains("is `taskback local` still running there? Start it again"), "{}", ran.stderr);
}

#[test]
fn open_starts_local_services() {
    let ran = answers("direct-token-name-snake", 0, &[]);
    // If `taskback local` runs on this machine, its services were used.
    if !ran.stderr.is_empty() {
        assert!(ran.stderr.ends_with(" fnf ReportTaskSucceeded 200 accepted\n"), "{}", ran.stderr);
    }
}

#[test]
fn event_comes_from_stdin() {
    let local = Local::start();
    let mut command = taskback(&["invoke", "--local", &local.url, "-e", "-"]);
    let ran = run_with_stdin(&mut command, r#"{"Records": []}"#);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("EmptyBatch"), "{}", ran.stdout);
}

#[test]
fn output_is_printed_unchanged() {
    let local = Local::start();
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    for (service, value) in [("fnf", "1e400"), ("swf", "12345678901234567890123"), ("swf", &deep)] {
        let event = format!(
            r#"{{"service":"{service}","taskToken":"raw-{}","input":{{"b":{value}, "a":1.0}}}}"#,
            value.len()
        );
        let mut command = taskback(&["invoke", "--open", "--local", &local.url, "-e", "-"]);
        command.env("TASKBACK_STEP", "command:cat").env("PATH", std::env::var_os("PATH").unwrap());
        let ran = run_with_stdin(&mut command, &event);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stdout.contains(&format!(r#""output":{{"b":{value}, "a":1.0}}"#)), "{}", ran.stdout);
    }
}

#[test]
fn unreadable_file_is_a_one_line_error() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for (file, why) in [("no-such-file", "No such file"), (manifest, "not valid JSON")] {
        let ran = run(&mut taskback(&["invoke", "--open", "-e", file]));
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.lines().count()), (2, "", 1), "{}", ran.stderr);
        assert!(ran.stderr.starts_with(&format!("taskback: --event {file}: {why}")), "{}", ran.stderr);
    }
}

#[test]
fn all_invalid_settings_are_listed() {
    let local = Local::start();
    let path = event("direct-success");
    let mut command = taskback(&["invoke", "-e", &path, "--local", &local.url]);
    let ran = run(command.env("TASKBACK_CONCURRENCY", "0").env("TASKBACK_ON_CLOSED", "perhaps"));
    assert_eq!((ran.code, ran.stderr.lines().count()), (2, 1), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("TASKBACK_CONCURRENCY") && ran.stderr.contains("TASKBACK_ON_CLOSED"),
        "{}",
        ran.stderr
    );
}

#[test]
fn local_services_must_listen_on_loopback() {
    let path = event("direct-success");
    let far = run(&mut taskback(&["invoke", "--open", "-e", &path, "--local", "http://192.0.2.1:9450"]));
    assert_eq!(far.code, 2);
    assert!(far.stderr.contains("loopback"), "{}", far.stderr);

    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{gone}");
    let ran = run(&mut taskback(&["invoke", "--open", "-e", &path, "--local", &url]));
    assert_eq!((ran.code, ran.stderr.lines().count()), (2, 1), "{}", ran.stderr);
    assert!(ran.stderr.starts_with(&format!("taskback: nothing listens at {url}")), "{}", ran.stderr);
}

#[test]
fn trace_log_contains_no_tokens() {
    let local = Local::start();
    let path = event("sqs-mixed");
    let mut command = taskback(&["invoke", "--open", "-e", &path, "--local", &local.url]);
    let ran = run(command.env("RUST_LOG", "trace"));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains(r#""receipt":"#), "the log is there: {}", ran.stderr);
    for text in [&ran.stdout, &ran.stderr] {
        assert!(!text.contains("-token-sqs-mixed-"), "{text}");
        assert!(!text.contains("taskback-local-secret"), "{text}");
    }
}

#[test]
fn configured_step_runs() {
    let local = Local::start();
    let path = event("direct-success");
    let invoke = |step: &str| {
        let mut command = taskback(&["invoke", "--open", "-e", &path, "--local", &local.url]);
        run(command.env("TASKBACK_STEP", step).env("PATH", std::env::var_os("PATH").unwrap()))
    };
    let failed = invoke(r#"command:["/bin/sh", "-c", "echo no luck >&2; exit 65"]"#);
    let answer: Value = serde_json::from_str(&failed.stdout).unwrap();
    assert_eq!(
        (failed.code, &answer["outcome"], &answer["error"]),
        (0, &"failed".into(), &"ExitCode65".into())
    );
    let routed = invoke(r#"{"by": "/kind", "on": {"a": "verify-card"}, "unknown": "fail"}"#);
    let answer: Value = serde_json::from_str(&routed.stdout).unwrap();
    assert_eq!((routed.code, &answer["error"]), (0, &"UnknownType".into()), "{}", routed.stderr);
    let wrong = invoke("command:");
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("TASKBACK_STEP is a command without a program"), "{}", wrong.stderr);
}

#[test]
fn example_step_at_local_services_is_named() {
    let local = Local::start();
    let path = event("direct-success");
    let args = ["invoke", "--open", "-e", &path, "--local", &local.url];
    for step in [None, Some("")] {
        let ran = run(taskback(&args).envs(step.map(|step| ("TASKBACK_STEP", step))));
        let expected = "taskback: TASKBACK_STEP: not set, running the example verify-card\n";
        assert_eq!((ran.code, &*ran.stderr), (0, expected));
    }
    let mut command = taskback(&args);
    command.envs([
        ("TASKBACK_STEP", "verify-card"),
        ("TASKBACK_LEDGER", "dynamodb:tasks"),
        ("TASKBACK_COLOR", "x"),
    ]);
    let ran = run(&mut command);
    let expected = "taskback: TASKBACK_COLOR: unknown setting, ignored\n\
                    taskback: TASKBACK_LEDGER: ignored with local services, the ledger is in memory\n";
    assert_eq!((ran.code, &*ran.stderr), (0, expected));
}

#[cfg(unix)]
#[test]
fn settings_that_are_not_utf8_are_errors() {
    use std::os::unix::ffi::OsStrExt;
    let local = Local::start();
    let path = event("direct-success");
    let mut command = taskback(&["invoke", "--open", "-e", &path, "--local", &local.url]);
    for (name, value) in [
        ("TASKBACK_STEP", &b"command:./gepr\xfcft"[..]),
        ("TASKBACK_LEDGER", b"dynamodb:t\xfcable"),
        ("TASKBACK_MAX_RECEIVES", b"5\xa0"),
    ] {
        command.env(name, std::ffi::OsStr::from_bytes(value));
    }
    let ran = run(&mut command);
    assert_eq!((ran.code, &*ran.stdout, ran.stderr.matches(": the value is not UTF-8").count()), (2, "", 3));
    for name in ["TASKBACK_STEP", "TASKBACK_LEDGER", "TASKBACK_MAX_RECEIVES"] {
        assert!(ran.stderr.contains(&format!("{name}: the value is not UTF-8")), "{}", ran.stderr);
    }
}
