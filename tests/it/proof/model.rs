//! A model of the rules, searched breadth first through all of its states.
//!
//! One task and its message, a queue of three deliveries with a dead-letter queue, two workers and
//! a handler of dead letters that crash where they like, leases that end and messages that come
//! again whenever they like, a service that takes, refuses or loses. What holds here holds for
//! every interleaving of these; the real code is put to the same laws in `kill`.

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
    match search(Rules { variant: Some(variant), ..Rules::default() }) {
        Found::Nothing { states } => panic!("{variant:?} breaks no law in {states} states"),
        Found::Breach { breach, trace } => {
            assert_eq!(breach, expected, "{variant:?}:\n{}", trace.join("\n"));
        }
    }
}

#[test]
fn every_law_holds_in_every_state() {
    holds(Rules::default(), 10_000);
}

#[test]
fn every_law_holds_in_every_state_where_somebody_else_may_close_the_task() {
    holds(Rules { closed_by_another: true, mishaps: 1, ..Rules::default() }, 10_000);
}

#[test]
fn with_a_ledger_out_of_reach_every_law_holds_for_what_was_remembered() {
    holds(Rules { ledger_faults: true, mishaps: 1, ..Rules::default() }, 10_000);
}

#[test]
fn a_decision_that_does_not_ask_who_holds_the_task_is_caught() {
    is_caught(Variant::NoFencing, Breach::LateOwner);
}

#[test]
fn a_failure_told_in_the_place_of_a_refused_report_is_caught() {
    is_caught(Variant::FlipOnRefusal, Breach::Flipped);
}

#[test]
fn a_release_that_forgets_the_epoch_is_caught() {
    is_caught(Variant::ReleaseForgetsEpoch, Breach::LateOwner);
}

#[test]
fn a_dead_letter_that_ignores_a_live_lease_is_caught() {
    is_caught(Variant::DeadLetterIgnoresLease, Breach::LeaseTaken);
}

#[test]
fn a_message_that_is_done_without_a_receipt_is_caught() {
    is_caught(Variant::DoneOnRefusal, Breach::DoneUntold);
}

#[test]
fn a_claim_that_does_not_look_for_a_decision_is_caught() {
    is_caught(Variant::ClaimIgnoresDecision, Breach::RanDecided);
}

#[test]
fn a_dead_letter_queue_that_nobody_reads_is_caught() {
    is_caught(Variant::NobodyReadsDeadLetters, Breach::Untold);
}
