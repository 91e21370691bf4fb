use crate::run::{run, taskback};

#[test]
fn every_task_of_the_demo_has_exactly_the_outcome_it_should() {
    let ran = run(&mut taskback(&["demo"]));
    let last = ran.stdout.lines().last().unwrap();
    assert_eq!(
        last,
        "Every task has exactly the outcome it should: 12 tasks, each told once; 2 unreadable messages are kept."
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
    assert_eq!(ran.stdout.matches("closed, ours: likely").count(), 2, "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("2: ResourceThrottled, then taken").count(), 1, "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("2: ThrottlingException, then taken").count(), 1, "{}", ran.stdout);
    assert!(!ran.stdout.contains('\x1b'));
}

#[test]
fn a_killed_process_runs_no_step_again_and_loses_no_outcome() {
    let ran = run(&mut taskback(&["demo", "--faults"]));
    let last = ran.stdout.lines().last().unwrap();
    assert_eq!(
        last,
        "Every task has exactly the outcome it should: 16 tasks, each told once; 2 unreadable messages are kept."
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
