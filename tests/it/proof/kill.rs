//! The real code, killed or frozen at each of its awaits.

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

/// Runs the scenario with a fate at the first poll, the second and so on, until the process ends before it.
/// Returns how many fates were met.
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

/// At any await, under any fault of a service.
#[test]
fn kill_under_faults_keeps_one_outcome() {
    let mut met = 0;
    for (faults, seed) in faults().zip(0..) {
        met += at_every_poll(&Scenario { seed, faults, ..Scenario::default() }, killed);
    }
    assert!(met > 500, "only {met} kills");
}

/// The ledger is lost with the process, at any await.
#[test]
fn kill_with_memory_keeps_its_promises() {
    let mut met = 0;
    for (faults, seed) in faults().zip(100..) {
        met += at_every_poll(
            &Scenario { seed, faults, ledger: Keeping::InMemory, ..Scenario::default() },
            killed,
        );
    }
    assert!(met > 250, "only {met} kills");
}

/// The worker freezes past its lease while another process receives the same messages.
#[test]
fn freeze_at_any_await_changes_nothing() {
    let late = |poll| vec![vec![Fate::FrozenAt(poll, Duration::from_secs(300)), Fate::Lives]];
    let mut met = 0;
    for (faults, seed) in faults().zip(200..) {
        met += at_every_poll(&Scenario { seed, faults, ..Scenario::default() }, late);
    }
    assert!(met > 500, "only {met} freezes");
}

/// The first process is killed at its n-th poll, the next at another poll, and so on.
#[test]
fn repeated_kills_keep_one_outcome() {
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

/// The ledger loses each of its responses in turn, and is unavailable for one call, or for so many calls that
/// a decision is not recorded.
#[test]
fn kill_with_faulty_ledger_keeps_one_outcome() {
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

/// The worker is killed on the last delivery, and at times the handler of dead letters as well; or the worker
/// thaws while that handler has its message.
#[test]
fn dead_letters_report_unfinished_last_deliveries() {
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

/// The renewals and the decision never arrive, or are refused with an unreadable item. Another process
/// receives the message at any time around the end of the lease.
#[test]
fn owner_without_its_ledger_reports_within_its_lease() {
    let mut reported = 0;
    for (trouble, seed) in [Trouble::CutOff, Trouble::DecodeError].into_iter().zip(800..) {
        for step in [0, 20, 40, 50, 55, 57, 59, 61, 100] {
            for stagger in (58..80).step_by(3) {
                let scenario = Scenario {
                    seed,
                    trouble: Some(trouble),
                    step: Some(Duration::from_secs(step)),
                    stagger: Some(Duration::from_secs(stagger)),
                    fates: vec![vec![Fate::Lives, Fate::Lives]],
                    ..Scenario::default()
                };
                reported += check(&scenario).calls;
            }
        }
    }
    assert!(reported > 1000, "only {reported} calls of the ledger");
}

/// The same owner, also frozen by its host at each of its awaits, for shorter or longer than its lease.
#[test]
fn frozen_owner_reports_within_its_lease() {
    let mut met = 0;
    for (trouble, seed) in [Trouble::CutOff, Trouble::DecodeError].into_iter().zip(900..) {
        for (step, freeze, stagger) in [(0, 300, 100), (0, 59, 30), (40, 30, 61), (50, 15, 61), (55, 20, 62)]
        {
            let scenario = Scenario {
                seed,
                trouble: Some(trouble),
                step: Some(Duration::from_secs(step)),
                stagger: Some(Duration::from_secs(stagger)),
                ..Scenario::default()
            };
            met += at_every_poll(&scenario, |poll| {
                vec![vec![Fate::FrozenAt(poll, Duration::from_secs(freeze)), Fate::Lives]]
            });
        }
    }
    assert!(met > 100, "only {met} freezes");
}

/// One ledger call never returns, or takes effect long after its caller gave up.
#[test]
fn one_late_ledger_call_changes_no_outcome() {
    let undisturbed = Scenario { seed: 1000, ..Scenario::default() };
    let calls = check(&undisturbed).calls;
    let mut met = 0;
    for call in 0..calls {
        for trouble in [
            Trouble::Hangs { call, written: true },
            Trouble::Hangs { call, written: false },
            Trouble::Late { call, by: Duration::from_secs(4) },
            Trouble::Late { call, by: Duration::from_secs(70) },
        ] {
            let scenario = Scenario {
                trouble: Some(trouble),
                stagger: Some(Duration::from_secs(1)),
                fates: vec![vec![Fate::Lives, Fate::Lives]],
                ..undisturbed.clone()
            };
            check(&scenario);
            met += at_every_poll(&scenario, |poll| {
                vec![vec![Fate::FrozenAt(poll, Duration::from_secs(65)), Fate::Lives]]
            });
        }
    }
    assert!(met > 500, "only {met} freezes");
}

/// Heartbeats are sent at any moment of deciding and reporting, and each response requests cancellation: too
/// late to change the decided outcome.
#[test]
fn heartbeats_beside_report_change_nothing() {
    let mut met = 0;
    let scenario = |seed, faults, heartbeat| Scenario {
        seed,
        faults,
        heartbeat: Some(Duration::from_millis(heartbeat)),
        cancels_decided: true,
        ..Scenario::default()
    };
    for (faults, seed) in faults().zip(1100..) {
        check(&scenario(seed, faults.clone(), 20));
        check(&scenario(seed, faults, 700));
    }
    for (fault, seed) in [Fault::Throttled, Fault::LostAnswer, Fault::TooLarge].into_iter().zip(1200..) {
        met += at_every_poll(&scenario(seed, vec![fault], 20), killed);
    }
    assert!(met > 100, "only {met} kills");
}
