//! A breadth-first search of all reachable states.

use std::collections::HashMap;

use super::rules::{Breach, Rules, next};
use super::state::{Service, State};

pub(super) enum Found {
    /// Every law holds in every state.
    Nothing { states: usize },
    /// The shortest path to a breach.
    Breach { breach: Breach, trace: Vec<String> },
}

pub(super) fn search(rules: Rules) -> Found {
    let mut seen = Seen::default();
    seen.enter(State::start(rules.mishaps), None);
    let mut edges = Vec::new();
    let mut place = 0;
    while place < seen.states.len() {
        for (who, what, state, breach) in next(rules, seen.states[place]) {
            let step = (place, who, what);
            if let Some(breach) = breach {
                let mut trace = seen.trace(place);
                trace.push(format!("{who} {what}"));
                return Found::Breach { breach, trace };
            }
            let after = seen.enter(state, Some(step));
            edges.push((place, after));
        }
        place += 1;
    }
    match seen.unreported(&edges) {
        Some(place) => Found::Breach { breach: Breach::Unreported, trace: seen.trace(place) },
        None => Found::Nothing { states: seen.states.len() },
    }
}

#[derive(Default)]
struct Seen {
    states: Vec<State>,
    /// The event by which each state was first reached.
    ways: Vec<Option<(usize, &'static str, &'static str)>>,
    places: HashMap<State, usize>,
}

impl Seen {
    fn enter(&mut self, state: State, way: Option<(usize, &'static str, &'static str)>) -> usize {
        *self.places.entry(state).or_insert_with(|| {
            self.states.push(state);
            self.ways.push(way);
            self.states.len() - 1
        })
    }

    /// The nearest state from which no path leads to a closed task.
    fn unreported(&self, edges: &[(usize, usize)]) -> Option<usize> {
        let mut is_reported: Vec<bool> =
            self.states.iter().map(|state| state.service == Service::Closed).collect();
        let mut goes_on = true;
        while goes_on {
            goes_on = false;
            for &(before, after) in edges.iter().rev() {
                goes_on |= is_reported[after] && !std::mem::replace(&mut is_reported[before], true);
            }
        }
        is_reported.iter().position(|reported| !reported)
    }

    fn trace(&self, mut place: usize) -> Vec<String> {
        let mut trace = Vec::new();
        while let Some((prior, who, what)) = self.ways[place] {
            trace.push(format!("{who} {what}"));
            place = prior;
        }
        trace.reverse();
        trace
    }
}
