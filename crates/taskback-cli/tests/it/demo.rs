use crate::run::{run, taskback};

#[test]
fn every_task_of_the_demo_has_exactly_the_outcome_it_should() {
    let ran = run(&mut taskback(&["demo"]));
    let last = ran.stdout.lines().last().unwrap();
    assert_eq!(
        last,
        "Every task has exactly the outcome it should: 20 tasks, each told once; 2 unreadable messages are kept; 3 executions succeeded."
    );
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

#[test]
fn the_demo_shows_every_kind_of_delivery_on_both_services_without_colours() {
    let ran = run(&mut taskback(&["demo"]));
    let rows = |service: &str, text: &str| {
        let wanted = format!("  {service}      {text}");
        ran.stdout.lines().filter(|line| line.contains(&wanted)).count()
    };
    for service in ["fnf", "swf"] {
        assert_eq!(rows(service, "a valid card  "), 2, "{}", ran.stdout);
        assert_eq!(rows(service, "an invalid card  "), 2, "{}", ran.stdout);
        assert_eq!(rows(service, "the same message again  "), 1, "{}", ran.stdout);
        assert_eq!(rows(service, "a valid card; its report is throttled  "), 1, "{}", ran.stdout);
        assert_eq!(rows(service, "a valid card; the report's answer is lost  "), 1, "{}", ran.stdout);
    }
    for (service, door) in [
        ("swf", "SNS"),
        ("swf", "EventBridge"),
        ("fnf", "an MNS topic, as text"),
        ("fnf", "an MNS topic, as JSON"),
        ("fnf", "an MNS queue"),
    ] {
        assert_eq!(rows(service, &format!("a valid card by {door}  ")), 1, "{}", ran.stdout);
    }
    assert_eq!(ran.stdout.matches("closed, ours: likely").count(), 2, "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("2: ResourceThrottled, then taken").count(), 1, "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("2: ThrottlingException, then taken").count(), 1, "{}", ran.stdout);
    assert!(!ran.stdout.contains('\x1b'));
}

#[test]
fn the_demo_shows_a_whole_flow_and_one_that_hands_its_task_to_another() {
    let ran = run(&mut taskback(&["demo"]));
    for row in [
        "fnf      the task of a flow  succeeded  recorded  1: taken",
        "fnf      the task of another, handed to a third flow  succeeded  handed-over  none of its own",
        "fnf      the task of that third flow  succeeded  recorded  1: taken",
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
fn a_killed_process_runs_no_step_again_and_loses_no_outcome() {
    let ran = run(&mut taskback(&["demo", "--faults"]));
    let last = ran.stdout.lines().last().unwrap();
    assert_eq!(
        last,
        "Every task has exactly the outcome it should: 24 tasks, each told once; 2 unreadable messages are kept; 3 executions succeeded."
    );
    assert_eq!(
        ran.stdout.matches("killed between decision and report  succeeded").count(),
        2,
        "{}",
        ran.stdout
    );
    assert_eq!(ran.stdout.matches("2: taken, then ").count(), 2, "{}", ran.stdout);
    assert_eq!(ran.code, 0);
}
