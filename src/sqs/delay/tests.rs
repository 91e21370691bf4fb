use taskback_core::{DecodeError, RejectedPart, Service};

use super::*;

fn seconds(reason: NackReason, role: Role, receives: u32) -> Option<u64> {
    delay(&reason, DelayPolicy { role, ..DelayPolicy::default() }, receives, 1.0).map(|delay| delay.as_secs())
}

#[test]
fn transient_failure_backs_off_from_seconds() {
    let of = |receives| seconds(NackReason::Retryable, Role::Worker, receives).unwrap();
    assert_eq!([of(1), of(2), of(3), of(30)], [2, 4, 8, 900]);
    assert_eq!(delay(&NackReason::Retryable, DelayPolicy::default(), 3, 0.0), Some(Duration::from_secs(4)));
    assert_eq!(seconds(NackReason::ReportFailed(ReportErrorKind::Throttled), Role::Worker, 1), Some(2));
}

#[test]
fn configuration_error_waits_from_five_minutes_doubling() {
    for kind in [
        ReportErrorKind::Denied,
        ReportErrorKind::InvalidToken,
        ReportErrorKind::InvalidReport(RejectedPart::Other),
        ReportErrorKind::Unexpected,
    ] {
        let of = |receives| seconds(NackReason::ReportFailed(kind), Role::Worker, receives).unwrap();
        assert_eq!([of(1), of(2), of(4), of(30)], [300, 600, 2400, 43200]);
    }
    assert_eq!(seconds(NackReason::LedgerUnavailable, Role::Worker, 1), Some(300));
    assert_eq!(seconds(NackReason::Unreadable(DecodeError::NoService), Role::Worker, 1), Some(300));
}

#[test]
fn running_task_waits_for_lease_end() {
    let running = NackReason::HeldByOther(Duration::from_secs(40));
    assert_eq!(seconds(running, Role::Worker, 1), Some(41));
}

#[test]
fn shutdown_redelivers_at_once() {
    assert_eq!(seconds(NackReason::Shutdown, Role::Worker, 9), Some(0));
}

#[test]
fn unreadable_messages_end_in_the_dead_letter_queue() {
    let unreadable = NackReason::Unreadable(DecodeError::NotJson);
    assert_eq!(seconds(unreadable.clone(), Role::Worker, 1), None);
    assert_eq!(seconds(unreadable, Role::DeadLetters, 1), Some(900));
}

#[test]
fn group_is_redelivered_together() {
    let of = |group: &str| Delivery { group: Some(group.into()), ..Delivery::default() };
    let deliveries = [of("a"), of("b"), of("a"), of("b")];
    let kept = Settlement::Nack;
    let settlements = [
        kept(NackReason::LedgerUnavailable),
        kept(NackReason::ClosedByOther),
        kept(NackReason::BlockedInGroup),
        kept(NackReason::BlockedInGroup),
    ];
    let five = Duration::from_secs(300);
    assert_eq!(delays(&deliveries, &settlements, DelayPolicy::default(), || 1.0), [(0, five), (2, five)]);
}

/// Every reason, each with every kind of error. A lease lasts 62 s at most.
fn reasons() -> Vec<NackReason> {
    let kinds = [
        ReportErrorKind::Throttled,
        ReportErrorKind::Unavailable,
        ReportErrorKind::Denied,
        ReportErrorKind::InvalidToken,
        ReportErrorKind::InvalidReport(RejectedPart::Other),
        ReportErrorKind::Unexpected,
    ];
    let of_kinds =
        kinds.into_iter().flat_map(|kind| [NackReason::ReportFailed(kind), NackReason::FlowCallFailed(kind)]);
    let others = [
        NackReason::Unreadable(DecodeError::NotJson),
        NackReason::Unreadable(DecodeError::NoService),
        NackReason::ServiceNotConfigured(Service::Swf),
        NackReason::Retryable,
        NackReason::Panicked,
        NackReason::Deadline,
        NackReason::Shutdown,
        NackReason::NoPermit,
        NackReason::HeldByOther(Duration::from_secs(62)),
        NackReason::LeaseLost,
        NackReason::LedgerUnavailable,
        NackReason::Rejected(String::new()),
        NackReason::ClosedByOther,
        NackReason::BlockedInGroup,
        NackReason::TimedOut,
    ];
    of_kinds.chain(others).collect()
}

#[test]
fn all_delays_fit_half_of_default_retention() {
    for max in 1..=1000 {
        let policy = DelayPolicy { role: Role::Worker, max_receives: Some(max) };
        for reason in reasons() {
            let delays = (1..=max).filter_map(|receive| delay(&reason, policy, receive, 1.0));
            assert!(delays.sum::<Duration>() <= ALL_DELAYS, "{reason:?} {max}");
        }
    }
    let endless = NackReason::HeldByOther(Duration::MAX);
    assert_eq!(delay(&endless, DelayPolicy::default(), 1, 1.0), Some(HALF_A_DAY));
}

#[test]
fn dead_letters_keep_their_long_delay() {
    let policy = DelayPolicy { role: Role::DeadLetters, max_receives: Some(1000) };
    let denied = NackReason::ReportFailed(ReportErrorKind::Denied);
    assert_eq!(delay(&denied, policy, 30, 1.0), Some(HALF_A_DAY));
}

/// The numbers of the template's line that starts with `key` within the part that starts with `part`.
fn numbers(part: &str, key: &str) -> Vec<u32> {
    let template = include_str!("../../../template.yaml");
    let part = template.split(&format!("\n  {part}:\n")).nth(1).unwrap_or_else(|| panic!("{part}"));
    let line = part.lines().find_map(|line| line.trim().strip_prefix(key)).unwrap();
    let number = |text: &str| text.trim().parse().unwrap();
    line.trim_matches([':', ' ', '[', ']']).split(',').map(number).collect()
}

/// A message of the template's queue is a dead letter before half of its retention is over, whatever each delivery
/// ended with and whatever the parameters say.
#[test]
fn template_retains_messages_for_all_deliveries() {
    let retention = Duration::from_secs(numbers("Tasks", "MessageRetentionPeriod")[0].into());
    let (min, max) = (numbers("MaxReceives", "MinValue")[0], numbers("MaxReceives", "MaxValue")[0]);
    let timeouts = numbers("TimeoutSeconds", "AllowedValues");
    assert!(min < max && timeouts.len() > 3, "{min} {max} {timeouts:?}");
    for (receives, seconds) in (min..=max).flat_map(|receives| timeouts.iter().map(move |t| (receives, *t))) {
        let visibility = format!("\"{seconds}\": {{Seconds: {}}}", 6 * seconds);
        assert!(include_str!("../../../template.yaml").contains(&visibility), "{visibility}");
        let (timeout, visibility) =
            (Duration::from_secs(seconds.into()), Duration::from_secs(u64::from(6 * seconds)));
        let policy = DelayPolicy { role: Role::Worker, max_receives: Some(receives) };
        let longest = longest_redelivery(receives, Some(receives), timeout, visibility);
        assert!(longest * 2 <= retention, "{receives} deliveries of {seconds} s: {longest:?}");
        for reason in reasons() {
            let one = |receive| match delay(&reason, policy, receive, 1.0) {
                Some(delay) => timeout + delay,
                None => visibility,
            };
            assert!((1..=receives).map(one).sum::<Duration>() <= longest, "{reason:?} {receives} {seconds}");
        }
    }
}

#[test]
fn unlimited_redelivery_grows_to_half_days() {
    let days = |receives, max| {
        longest_redelivery(receives, max, Duration::from_secs(30), Duration::from_secs(180)).as_secs()
            / 86_400
    };
    assert_eq!([days(5, None), days(16, None), days(1000, None)], [0, 4, 497]);
    assert_eq!(days(u32::MAX, None), days(1000, None));
    assert_eq!([days(16, Some(16)), days(1000, Some(1000))], [1, 2]);
}
