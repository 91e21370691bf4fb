//! Reports by hand.

use taskback::{Outcome, Service};
use taskback_local::{Fault, FaultKind, ReportedOutcome, TaskState};

use super::setup::{Desk, decide, sqlite_desk};

fn outcome(desk: &Desk) -> ReportedOutcome {
    desk.server.state().task(&desk.opened.fingerprint).unwrap().outcome.unwrap()
}

#[tokio::test]
async fn every_outcome_is_reported_by_hand() {
    let text = |text: &str| Some(text.to_owned());
    for (name, args, expected) in [
        (
            "hand-succeed",
            &["succeed", "--output", r#"{"n": 1.10}"#][..],
            ReportedOutcome::Succeeded { output: text(r#"{"n": 1.10}"#) },
        ),
        (
            "hand-fail",
            &["fail", "--error", "ByHand", "--cause", "two\nlines"],
            ReportedOutcome::Failed { error: text("ByHand"), cause: text("two\nlines") },
        ),
        (
            "hand-cancel",
            &["cancel", "--details", "no longer needed"],
            ReportedOutcome::Canceled { details: text("no longer needed") },
        ),
    ] {
        let (desk, _ledger) = sqlite_desk(name, Service::Swf).await;
        let token = desk.opened.token.expose().to_owned();
        let args = [&["task", "report", "--service", "swf"], args].concat();
        let ran = desk.run(&args, &token).await;
        assert_eq!((ran.code, &*ran.stderr), (0, ""), "{}", ran.stdout);
        assert!(ran.stdout.contains("Receipt: recorded"), "{}", ran.stdout);
        assert_eq!(outcome(&desk), expected);
        // The same outcome once more is no contradiction.
        let ran = desk.run(&[&args[..], &["--json"]].concat(), &token).await;
        assert_eq!(ran.code, 0, "{}", ran.stdout);
        assert!(ran.stdout.contains(r#""result":"reported before""#), "{}", ran.stdout);
        assert_eq!(desk.reports(), 1);
        desk.shows_no_token();
    }
}

#[tokio::test]
async fn fnf_task_is_reported_and_its_token_hidden() {
    let (desk, _ledger) = sqlite_desk("hand-fnf", Service::Fnf).await;
    let token = desk.opened.token.expose().to_owned();
    let report = ["task", "report", "--service", "FnF", "fail", "--error", "ByHand", "--cause", &token];
    let ran = desk.run_with_log(&report, &token, "trace").await;
    assert!(ran.code == 0 && ran.stderr.contains("report.accepted"), "{} {}", ran.stdout, ran.stderr);
    let ReportedOutcome::Failed { cause, .. } = outcome(&desk) else { panic!() };
    assert!(!cause.unwrap_or_default().contains(&token[..16]), "a token in a cause is cut out");
    // The same outcome again, by its text as it was recorded.
    let ran = desk.run_with_log(&report, &token, "trace").await;
    assert!(ran.code == 0 && ran.stdout.contains("was reported before"), "{}", ran.stdout);
    let shown = desk.run_with_log(&["task", "show", "--service", "fnf", "-"], &token, "trace").await;
    assert_eq!(shown.code, 0, "{}", shown.stdout);
    desk.shows_no_token();
}

#[tokio::test]
async fn recorded_outcome_is_reported_in_place_of_another() {
    let (desk, ledger) = sqlite_desk("hand-decided", Service::Swf).await;
    decide(&ledger, &desk.opened.token, &Outcome::failed("CardDeclined", "no")).await;
    let token = desk.opened.token.expose().to_owned();
    let ran = desk.run(&["task", "report", "--service", "swf", "succeed", "--output", "1"], &token).await;
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    let expected =
        "Another outcome was recorded before, and was reported now: failed, CardDeclined. Receipt: recorded";
    assert!(ran.stdout.contains(expected), "{}", ran.stdout);
    assert_eq!(desk.state(), TaskState::Failed);
}

#[tokio::test]
async fn nothing_recorded_is_not_reported() {
    let (desk, _ledger) = sqlite_desk("hand-nothing", Service::Swf).await;
    let token = desk.opened.token.expose().to_owned();
    let ran = desk.run(&["task", "report", "--service", "swf", "recorded"], &token).await;
    assert_eq!((ran.code, desk.reports()), (1, 0), "{}", ran.stdout);
}

#[tokio::test]
async fn invalid_arguments_report_nothing() {
    let (desk, _ledger) = sqlite_desk("hand-invalid", Service::Swf).await;
    let token = desk.opened.token.expose().to_owned();
    let large = format!("{:?}", "x".repeat(40_000));
    let too_large: [&str; 3] = ["succeed", "--output", &large];
    for (args, stdin, expected) in [
        (&["succeed", "--output", "{"][..], &*token, "not valid JSON"),
        (&["succeed", "--output-file", "-"], &token, "standard input has the task token"),
        (&["fail"], &token, "--error"),
        (&["fail", "--error", ""], &token, "--error: expected a name"),
        (&["cancel"], "", "no token"),
        (&["cancel"], "\n", "no token"),
        (&["cancel", &token], &token, "unexpected argument"),
        (&too_large, &token, "exceeds what swf or the ledger takes"),
        (&["cancel"], &"x".repeat(2000), "allows 1 to 1024"),
    ] {
        let args = [&["task", "report", "--service", "swf"], args].concat();
        let ran = desk.run(&args, stdin).await;
        assert!(ran.code == 2 && ran.stderr.contains(expected), "{expected}: {} {}", ran.stdout, ran.stderr);
    }
    assert_eq!((desk.reports(), desk.state()), (0, TaskState::Open));
}

/// The service that confirms nothing: the outcome is recorded, and a second call reports it.
#[tokio::test]
async fn unconfirmed_report_is_repeated() {
    let (desk, _ledger) = sqlite_desk("hand-unconfirmed", Service::Swf).await;
    let token = desk.opened.token.expose().to_owned();
    let refuse = Fault {
        operation: "RespondActivityTaskFailed".into(),
        kind: FaultKind::Error500,
        times: 10_000,
        fingerprint: None,
    };
    desk.server.state().inject(refuse).unwrap();
    let fail = ["task", "report", "--service", "swf", "--timeout", "5", "fail", "--error", "ByHand"];
    let ran = desk.run(&fail, &token).await;
    assert_eq!(ran.code, 3, "{} {}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("The outcome is recorded and will not change"), "{}", ran.stdout);
    desk.server.state().clear_faults();
    let ran = desk.run(&["task", "report", "--service", "swf", "recorded"], &token).await;
    assert_eq!((ran.code, desk.state()), (0, TaskState::Failed), "{}", ran.stdout);
    desk.shows_no_token();
}

/// Every call says so, not only the first.
#[tokio::test]
async fn closed_task_stays_closed_by_another() {
    let (desk, _ledger) = sqlite_desk("hand-closed", Service::Swf).await;
    let token = desk.opened.token.expose().to_owned();
    let report = ["task", "report", "--service", "swf", "--json"];
    // Another party, by its own ledger.
    let (other, _ledger) = sqlite_desk("hand-closed-other", Service::Swf).await;
    let by_other = [&report[..], &["--ledger", other.ledger(), "fail", "--error", "E"]].concat();
    assert_eq!(desk.run(&by_other, &token).await.code, 0);
    for outcome in [&["cancel"][..], &["cancel"], &["recorded"], &["fail", "--error", "Night"]] {
        let ran = desk.run(&[&report, outcome].concat(), &token).await;
        assert_eq!(ran.code, 1, "{outcome:?}: {} {}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains(r#""result":"closed by another""#), "{outcome:?}: {}", ran.stdout);
    }
}

/// Another party reports it, so nothing is reported, and nothing is said to be.
#[tokio::test]
async fn delegated_task_is_not_reported() {
    let (desk, ledger) = sqlite_desk("hand-delegated", Service::Swf).await;
    decide(&ledger, &desk.opened.token, &Outcome::DelegatedTo { to: "a bank".into() }).await;
    let token = desk.opened.token.expose().to_owned();
    for outcome in ["recorded", "cancel"] {
        let ran = desk.run(&["task", "report", "--service", "swf", outcome], &token).await;
        assert_eq!((ran.code, desk.reports()), (3, 0), "{} {}", ran.stdout, ran.stderr);
        let expected = "Nothing was reported: the task is delegated to a bank, which reports.";
        assert!(ran.stdout.contains(expected), "{}", ran.stdout);
    }
}
