use crate::run::{run, taskback};

#[test]
fn demo_tasks_have_expected_outcomes() {
    let ran = run(&mut taskback(&["demo"]));
    let last = ran.stdout.lines().last().unwrap();
    assert_eq!(
        last,
        "Every task has exactly its expected outcome: 32 tasks, one accepted report each; 2 unreadable messages nacked; 3 executions succeeded."
    );
    assert_eq!((ran.code, ran.stderr.as_str()), (0, "taskback: running the example step verify-card\n"));
}

#[test]
fn demo_shows_every_delivery_kind() {
    let ran = run(&mut taskback(&["demo"]));
    let rows = |service: &str, text: &str| {
        let expected = format!("  {service:7}  {text}");
        ran.stdout.lines().filter(|line| line.contains(&expected)).count()
    };
    for service in ["fnf", "swf", "sfn", "durable"] {
        assert_eq!(rows(service, "a valid card  "), 2, "{}", ran.stdout);
        assert_eq!(rows(service, "an invalid card  "), 2, "{}", ran.stdout);
        assert_eq!(rows(service, "the same message again  "), 1, "{}", ran.stdout);
        assert_eq!(rows(service, "a valid card; its report is throttled  "), 1, "{}", ran.stdout);
        assert_eq!(rows(service, "a valid card; the response to its report is lost  "), 1, "{}", ran.stdout);
    }
    for (service, trigger) in [
        ("swf", "SNS"),
        ("swf", "EventBridge"),
        ("fnf", "an MNS topic, as text"),
        ("fnf", "an MNS topic, as JSON"),
        ("fnf", "an MNS queue"),
    ] {
        assert_eq!(rows(service, &format!("a valid card by {trigger}  ")), 1, "{}", ran.stdout);
    }
    assert_eq!(ran.stdout.matches("closed, probably by us").count(), 4, "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("2: ResourceThrottled, then accepted").count(), 1, "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("2: ThrottlingException, then accepted").count(), 2, "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("2: TooManyRequestsException, then accepted").count(), 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("nacked: the body "), "{}", ran.stdout);
    assert!(!ran.stdout.contains('\x1b'));
}

#[test]
fn demo_shows_reported_and_delegated_flows() {
    let ran = run(&mut taskback(&["demo"]));
    for row in [
        "fnf      the task of a flow  succeeded  recorded  1: accepted",
        "fnf      the task of another flow, delegated to a third  succeeded  delegated  none of its own",
        "fnf      the task of the third flow  succeeded  recorded  1: accepted",
        "verify/card-1  Succeeded  ",
        "order/order-1  Succeeded  ",
    ] {
        let words: Vec<_> = row.split_whitespace().collect();
        let shown =
            |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ").contains(&words.join(" "));
        assert_eq!(ran.stdout.lines().filter(|line| shown(line)).count(), 1, "{row}\n{}", ran.stdout);
    }
    let third = ran.stdout.lines().find(|line| line.starts_with("verify/tb-")).unwrap();
    assert!(third.contains("…  Succeeded  {\"cardNumber\""), "{third}");
}

#[test]
fn crash_repeats_no_step() {
    let ran = run(&mut taskback(&["demo", "--faults"]));
    let last = ran.stdout.lines().last().unwrap();
    assert_eq!(
        last,
        "Every task has exactly its expected outcome: 40 tasks, one accepted report each; 2 unreadable messages nacked; 3 executions succeeded."
    );
    let is_row =
        |line: &&str| line.contains("crash between decision and report  ") && line.contains("  succeeded  ");
    assert_eq!(ran.stdout.lines().filter(is_row).count(), 4, "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("2: accepted, then ").count(), 4, "{}", ran.stdout);
    assert_eq!(ran.code, 0);
}
