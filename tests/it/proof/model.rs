//! A model of the rules. All its states are searched breadth first.
//!
//! One task and its message; a queue with three deliveries and a dead-letter queue; two workers and a
//! dead-letter handler that may crash at any point; leases that may expire and messages that may be
//! redelivered at any time; a service that accepts, refuses or loses reports. The laws hold for every
//! interleaving of these. `kill` tests the real code against the same laws.

mod rules;
mod search;
mod state;

use rules::{Breach, Rules, Variant};
use search::{Found, search};

#[track_caller]
fn holds(rules: Rules, at_least: usize) {
    match search(rules) {
        Found::Nothing { states } => assert!(states > at_least, "only {states} states were seen"),
        Found::Breach { breach, trace } => panic!("{breach:?}:\n{}", trace.join("\n")),
    }
}

#[track_caller]
fn is_caught(variant: Variant, expected: Breach) {
    is_caught_with(Rules::default(), variant, expected);
}

#[track_caller]
fn is_caught_with(rules: Rules, variant: Variant, expected: Breach) {
    match search(Rules { variant: Some(variant), ..rules }) {
        Found::Nothing { states } => panic!("{variant:?} breaks no law in {states} states"),
        Found::Breach { breach, trace } => {
            assert_eq!(breach, expected, "{variant:?}:\n{}", trace.join("\n"));
        }
    }
}

#[test]
fn laws_hold_in_every_state() {
    holds(Rules::default(), 10_000);
}

#[test]
fn laws_hold_despite_closing_by_others() {
    holds(Rules { closed_by_another: true, mishaps: 1, ..Rules::default() }, 10_000);
}

/// For recorded outcomes.
#[test]
fn laws_hold_despite_unreachable_ledger() {
    holds(Rules { ledger_faults: true, mishaps: 1, ..Rules::default() }, 10_000);
}

#[test]
fn decision_without_fencing_is_caught() {
    is_caught(Variant::NoFencing, Breach::LateOwner);
}

#[test]
fn failure_after_refused_report_is_caught() {
    is_caught(Variant::FlipOnRefusal, Breach::Flipped);
}

#[test]
fn release_forgetting_epoch_is_caught() {
    is_caught(Variant::ReleaseForgetsEpoch, Breach::LateOwner);
}

#[test]
fn dead_letter_ignoring_lease_is_caught() {
    is_caught(Variant::DeadLetterIgnoresLease, Breach::LeaseTaken);
}

#[test]
fn ack_without_receipt_is_caught() {
    is_caught(Variant::DoneOnRefusal, Breach::AckedUnreported);
}

#[test]
fn claim_ignoring_decision_is_caught() {
    is_caught(Variant::ClaimIgnoresDecision, Breach::RanDecided);
}

#[test]
fn unread_dead_letters_are_caught() {
    is_caught(Variant::DeadLettersAreUnread, Breach::Unreported);
}

#[test]
fn report_after_the_lease_is_caught() {
    let rules = Rules { ledger_faults: true, mishaps: 1, ..Rules::default() };
    is_caught_with(rules, Variant::ReportAfterLease, Breach::ReportedWithoutLease);
}
