use serde_json::Value;

use crate::run::{Local, Ran, answer, event, run, run_with_stdin, taskback};

/// Invokes with an event and compares what the expected answer names.
fn answers(name: &str, code: i32, args: &[&str]) -> Ran {
    let path = event(name);
    let all: Vec<&str> = [&["invoke", "--open", "-e", &path], args].concat();
    let ran = run(&mut taskback(&all));
    assert_eq!(ran.code, code, "{name}: {}", ran.stderr);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    for (field, wanted) in answer(name).as_object().unwrap() {
        assert_eq!(&told[field], wanted, "{name}: {field}");
    }
    ran
}

#[test]
fn events_are_answered_as_the_deployed_function_would() {
    let local = Local::start();
    answers("direct-success", 0, &["--local", &local.url]);
    answers("direct-envelope-swf", 0, &["--local", &local.url]);
    let mixed = answers("sqs-mixed", 0, &["--local", &local.url]);
    assert_eq!(mixed.stderr, "taskback: kept, to come back: 1 (RUST_LOG=warn tells why)\n");
    let kept = answers("mns-queue-one-kept", 1, &["--local", &local.url]);
    assert!(kept.stdout.contains("the body is not JSON (1 of 2)"), "{}", kept.stdout);
    let kept = answers("direct-no-token", 1, &["--local", &local.url]);
    assert!(kept.stdout.contains("\"errorMessage\":\"the task was kept"), "{}", kept.stdout);
    assert_eq!(kept.stderr, "taskback: kept, to come back (RUST_LOG=warn tells why)\n");
}

#[test]
fn an_event_opens_its_closed_tasks_again_each_time() {
    let local = Local::start();
    for _ in 0..2 {
        answers("sqs-duplicate-token", 0, &["--local", &local.url]);
        answers("direct-failure", 0, &["--local", &local.url]);
    }
}

#[test]
fn a_task_that_nobody_opened_is_no_success() {
    let local = Local::start();
    let ran = run(&mut taskback(&["invoke", "-e", &event("direct-success"), "--local", &local.url]));
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("\"errorType\":\"Unreported\""), "{}", ran.stdout);
}

#[test]
fn without_local_services_open_starts_some_for_the_event() {
    let ran = answers("direct-token-name-snake", 0, &[]);
    // Where `taskback local` runs on this machine, its services were taken.
    if !ran.stderr.is_empty() {
        assert!(ran.stderr.ends_with(" fnf ReportTaskSucceeded 200 taken\n"), "{}", ran.stderr);
    }
}

#[test]
fn an_event_may_come_from_standard_input() {
    let local = Local::start();
    let mut command = taskback(&["invoke", "--local", &local.url, "-e", "-"]);
    let ran = run_with_stdin(&mut command, r#"{"Records": []}"#);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("EmptyBatch"), "{}", ran.stdout);
}

#[test]
fn a_bad_file_is_an_error_of_one_line() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for (file, why) in [("no-such-file", "No such file"), (manifest, "not JSON")] {
        let ran = run(&mut taskback(&["invoke", "--open", "-e", file]));
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.lines().count()), (2, "", 1), "{}", ran.stderr);
        assert!(ran.stderr.starts_with(&format!("taskback: --event {file}: {why}")), "{}", ran.stderr);
    }
}

#[test]
fn settings_that_are_wrong_are_all_named() {
    let local = Local::start();
    let path = event("direct-success");
    let mut command = taskback(&["invoke", "-e", &path, "--local", &local.url]);
    let ran = run(command.env("TASKBACK_CONCURRENCY", "0").env("TASKBACK_LATE", "perhaps"));
    assert_eq!((ran.code, ran.stderr.lines().count()), (2, 1), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("TASKBACK_CONCURRENCY") && ran.stderr.contains("TASKBACK_LATE"),
        "{}",
        ran.stderr
    );
}

#[test]
fn local_services_are_on_this_machine_only_and_must_be_there() {
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
fn no_token_is_printed_or_logged_whatever_is_logged() {
    let local = Local::start();
    let path = event("sqs-mixed");
    let mut command = taskback(&["invoke", "--open", "-e", &path, "--local", &local.url]);
    let ran = run(command.env("RUST_LOG", "trace"));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("\"told\""), "the log is there: {}", ran.stderr);
    for text in [&ran.stdout, &ran.stderr] {
        assert!(!text.contains("-token-sqs-mixed-"), "{text}");
        assert!(!text.contains("taskback-local-secret"), "{text}");
    }
}

#[test]
fn the_step_is_the_one_that_the_settings_name() {
    let local = Local::start();
    let path = event("direct-success");
    let invoke = |step: &str| {
        let mut command = taskback(&["invoke", "--open", "-e", &path, "--local", &local.url]);
        run(command.env("TASKBACK_STEP", step).env("PATH", std::env::var_os("PATH").unwrap()))
    };
    let told = invoke(r#"command:["/bin/sh", "-c", "echo no luck >&2; exit 3"]"#);
    let answer: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!((told.code, &answer["outcome"], &answer["error"]), (0, &"failed".into(), &"ExitCode3".into()));
    let routed = invoke(r#"{"by": "/kind", "on": {"a": "verify-card"}, "unknown": "fail"}"#);
    let answer: Value = serde_json::from_str(&routed.stdout).unwrap();
    assert_eq!((routed.code, &answer["error"]), (0, &"UnknownType".into()), "{}", routed.stderr);
    let wrong = invoke("command:");
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("TASKBACK_STEP is a command without a program"), "{}", wrong.stderr);
}
