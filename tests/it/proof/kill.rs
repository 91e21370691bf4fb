//! The real code, dropped or frozen at each of its awaits.

use std::time::Duration;

use taskback::testing::Fault;

use super::process::Fate;
use super::store::Trouble;
use super::world::{Keeping, Ran, Scenario, run};

const FAULTS: [Fault; 13] = [
    Fault::Throttled,
    Fault::ServerError,
    Fault::LostAnswer,
    Fault::Reset,
    Fault::Refused,
    Fault::Slow(Duration::from_secs(15)),
    Fault::Hangs,
    Fault::TooLarge,
    Fault::BadForm,
    Fault::Denied,
    Fault::Unexpected,
    Fault::Html,
    Fault::ClosedByAnother,
];

/// No fault, each fault once, each fault twice.
fn faults() -> impl Iterator<Item = Vec<Fault>> {
    let once = FAULTS.into_iter().map(|fault| vec![fault]);
    std::iter::once(vec![]).chain(once).chain(FAULTS.into_iter().map(|fault| vec![fault, fault]))
}

fn check(scenario: &Scenario) -> Ran {
    let ran = run(scenario);
    assert!(ran.violations.is_empty(), "{scenario:?}\n{}", ran.violations.join("\n"));
    ran
}

/// Runs the scenario with every fate from the first poll on until one comes too late to be met.
/// Gives how many were met.
fn at_every_poll(scenario: &Scenario, fates: impl Fn(usize) -> Vec<Vec<Fate>>) -> usize {
    for poll in 1.. {
        let scenario = Scenario { fates: fates(poll), ..scenario.clone() };
        if !check(&scenario).met {
            return poll - 1;
        }
    }
    unreachable!()
}

fn killed(poll: usize) -> Vec<Vec<Fate>> {
    vec![vec![Fate::KilledAt(poll)]]
}

#[test]
fn killed_at_any_await_under_any_fault_of_a_service_it_tells_the_one_outcome() {
    let mut met = 0;
    for (faults, seed) in faults().zip(0..) {
        met += at_every_poll(&Scenario { seed, faults, ..Scenario::default() }, killed);
    }
    assert!(met > 500, "only {met} kills");
}

#[test]
fn killed_at_any_await_with_a_ledger_that_dies_too_it_keeps_what_memory_promises() {
    let mut met = 0;
    for (faults, seed) in faults().zip(100..) {
        met += at_every_poll(
            &Scenario { seed, faults, ledger: Keeping::InMemory, ..Scenario::default() },
            killed,
        );
    }
    assert!(met > 250, "only {met} kills");
}

/// Frozen past its lease, while another process gets the same messages.
#[test]
fn frozen_at_any_await_it_comes_too_late_and_changes_nothing() {
    let late = |poll| vec![vec![Fate::FrozenAt(poll, Duration::from_secs(300)), Fate::Lives]];
    let mut met = 0;
    for (faults, seed) in faults().zip(200..) {
        met += at_every_poll(&Scenario { seed, faults, ..Scenario::default() }, late);
    }
    assert!(met > 500, "only {met} freezes");
}

/// Killed at its n-th poll, and the one after it at another, and so on.
#[test]
fn killed_again_and_again_it_tells_the_one_outcome() {
    for seed in 300..600 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut fault = || FAULTS[rng.usize(..FAULTS.len())];
        let faults = vec![fault(), fault(), fault()];
        let fates = (0..5).map(|_| {
            let mut fate = || match rng.u8(..3) {
                0 => Fate::Lives,
                1 => Fate::KilledAt(rng.usize(1..40)),
                _ => Fate::FrozenAt(rng.usize(1..40), Duration::from_secs(rng.u64(1..400))),
            };
            vec![fate(), fate()]
        });
        let fates = fates.collect();
        check(&Scenario { seed, faults, fates, ..Scenario::default() });
    }
}

/// The ledger loses each of its answers in turn, and is out of reach for one call, or for so many
/// that a decision goes unremembered.
#[test]
fn killed_at_any_await_with_a_ledger_in_trouble_it_tells_one_outcome() {
    let undisturbed = Scenario { seed: 700, ..Scenario::default() };
    let calls = check(&undisturbed).calls;
    assert!(calls > 8, "only {calls} calls of the ledger");
    let mut met = 0;
    for (ledger, faults) in [
        (Keeping::Always, vec![]),
        (Keeping::Always, vec![Fault::TooLarge]),
        (Keeping::OrWithout, vec![Fault::LostAnswer]),
    ] {
        for call in 0..calls {
            for trouble in [
                Trouble::LostAnswer { call },
                Trouble::Down { from: call, calls: 1 },
                Trouble::Down { from: call, calls: 40 },
            ] {
                let faults = faults.clone();
                let scenario = Scenario { trouble: Some(trouble), ledger, faults, ..undisturbed.clone() };
                met += at_every_poll(&scenario, killed);
            }
        }
    }
    assert!(met > 1000, "only {met} kills");
}

/// The worker dies on the last delivery and the handler of dead letters, now and then, as well; or
/// the worker comes to itself when its message is with that handler.
#[test]
fn killed_or_frozen_on_the_last_delivery_what_is_left_is_told_from_the_dead_letters() {
    let mut met = 0;
    for (faults, seed) in faults().zip(400..) {
        let scenario = Scenario { seed, faults, max_receives: Some(1), ..Scenario::default() };
        let mut rng = fastrand::Rng::with_seed(seed);
        let again = rng.usize(1..30);
        met += at_every_poll(&scenario, |poll| vec![vec![Fate::KilledAt(poll)]]);
        met += at_every_poll(&scenario, |poll| vec![vec![Fate::KilledAt(again)], vec![Fate::KilledAt(poll)]]);
        met += at_every_poll(&scenario, |poll| {
            vec![vec![Fate::FrozenAt(poll, Duration::from_secs(300)), Fate::Lives]]
        });
    }
    assert!(met > 1500, "only {met} kills and freezes");
}
