use std::collections::HashMap;
use std::time::Duration;

use taskback_core::ErrorKind;

use crate::delivery::Delivery;
use crate::settlement::{Kept, Settlement};

/// Whose messages they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Role {
    /// The worker's: what cannot be read goes on to the dead-letter queue at the queue's own pace.
    #[default]
    Worker,
    /// Dead letters: what cannot be read has nowhere to go on to.
    DeadLetters,
}

/// The delay of every kept message that gets one, by its place. All kept messages of a group get
/// its first one's, so that the group stays in order.
pub(super) fn delays<D>(
    deliveries: &[Delivery<'_>],
    settlements: &[Settlement<D>],
    role: Role,
    random: impl Fn() -> f64,
) -> Vec<(usize, Duration)> {
    let mut heads: HashMap<&str, Option<Duration>> = HashMap::new();
    let mut delays = Vec::new();
    for (place, (delivery, settlement)) in deliveries.iter().zip(settlements).enumerate() {
        let Settlement::Kept(why) = settlement else { continue };
        let own = || delay(why, role, delivery.receive_count.unwrap_or(1), random());
        let delay = match &delivery.group {
            Some(group) => *heads.entry(group).or_insert_with(own),
            None => own(),
        };
        delays.extend(delay.map(|delay| (place, delay)));
    }
    delays
}

const HALF_A_DAY: Duration = Duration::from_secs(12 * 3600);

/// `None` = the queue's own visibility timeout.
pub(crate) fn delay(why: &Kept, role: Role, receives: u32, random: f64) -> Option<Duration> {
    Some(match why {
        Kept::Unreadable(why) if why.is_settings_fault() => long(receives),
        Kept::Unreadable(_) => match role {
            Role::Worker => return None,
            Role::DeadLetters => HALF_A_DAY,
        },
        Kept::NoClient(_) | Kept::LedgerDown => long(receives),
        Kept::Unreported(kind) | Kept::NotDone(kind) => match kind {
            ErrorKind::Throttled | ErrorKind::Unavailable => short(receives, random),
            ErrorKind::Denied
            | ErrorKind::InvalidToken
            | ErrorKind::InvalidReport(_)
            | ErrorKind::Unexpected => long(receives),
        },
        Kept::Retryable | Kept::Panicked | Kept::Deadline | Kept::NoRoom => short(receives, random),
        // Another process can have it at once.
        Kept::Shutdown => Duration::ZERO,
        Kept::RunningElsewhere(left) => *left + Duration::from_secs(1),
        // Whoever took the task over holds it for a lease at most.
        Kept::LeaseLost => Duration::from_secs(61),
        Kept::Refused(_) | Kept::Late | Kept::Behind | Kept::Unfinished => return None,
    })
}

/// Half to all of 2 s, doubling with every delivery up to 15 min.
fn short(receives: u32, random: f64) -> Duration {
    let whole = doubled(Duration::from_secs(2), receives).min(Duration::from_secs(15 * 60));
    whole.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0).max(Duration::from_secs(1))
}

/// 5 min, doubling with every delivery up to 12 h: somebody has to mend something first.
fn long(receives: u32) -> Duration {
    doubled(Duration::from_secs(5 * 60), receives).min(HALF_A_DAY)
}

fn doubled(base: Duration, receives: u32) -> Duration {
    base.saturating_mul(1 << receives.saturating_sub(1).min(20))
}

#[cfg(test)]
mod tests {
    use taskback_core::{Flaw, Unreadable};

    use super::*;

    fn seconds(why: Kept, role: Role, receives: u32) -> Option<u64> {
        delay(&why, role, receives, 1.0).map(|delay| delay.as_secs())
    }

    #[test]
    fn what_may_pass_by_itself_waits_briefly_and_longer_each_time() {
        let of = |receives| seconds(Kept::Retryable, Role::Worker, receives).unwrap();
        assert_eq!([of(1), of(2), of(3), of(30)], [2, 4, 8, 900]);
        assert_eq!(delay(&Kept::Retryable, Role::Worker, 3, 0.0), Some(Duration::from_secs(4)));
        assert_eq!(seconds(Kept::Unreported(ErrorKind::Throttled), Role::Worker, 1), Some(2));
    }

    #[test]
    fn what_somebody_must_mend_waits_from_five_minutes_doubling() {
        for kind in [
            ErrorKind::Denied,
            ErrorKind::InvalidToken,
            ErrorKind::InvalidReport(Flaw::Other),
            ErrorKind::Unexpected,
        ] {
            let of = |receives| seconds(Kept::Unreported(kind), Role::Worker, receives).unwrap();
            assert_eq!([of(1), of(2), of(4), of(30)], [300, 600, 2400, 43200]);
        }
        assert_eq!(seconds(Kept::LedgerDown, Role::Worker, 1), Some(300));
        assert_eq!(seconds(Kept::Unreadable(Unreadable::NoService), Role::Worker, 1), Some(300));
    }

    #[test]
    fn a_running_task_waits_for_the_rest_of_its_lease() {
        let running = Kept::RunningElsewhere(Duration::from_secs(40));
        assert_eq!(seconds(running, Role::Worker, 1), Some(41));
    }

    #[test]
    fn what_a_process_gave_up_because_it_ends_is_anybodys_at_once() {
        assert_eq!(seconds(Kept::Shutdown, Role::Worker, 9), Some(0));
    }

    #[test]
    fn the_unreadable_goes_on_to_the_dead_letters_and_stays_there() {
        let unreadable = Kept::Unreadable(Unreadable::NotJson);
        assert_eq!(seconds(unreadable.clone(), Role::Worker, 1), None);
        assert_eq!(seconds(unreadable, Role::DeadLetters, 1), Some(43200));
    }

    #[test]
    fn a_group_comes_back_together() {
        let of = |group: &str| Delivery { group: Some(group.into()), ..Delivery::default() };
        let deliveries = [of("a"), of("b"), of("a"), of("b")];
        let kept = Settlement::<crate::Done>::Kept;
        let settlements = [kept(Kept::LedgerDown), kept(Kept::Late), kept(Kept::Behind), kept(Kept::Behind)];
        let five = Duration::from_secs(300);
        assert_eq!(delays(&deliveries, &settlements, Role::Worker, || 1.0), [(0, five), (2, five)]);
    }
}
