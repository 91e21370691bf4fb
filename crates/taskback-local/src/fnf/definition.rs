//! The part of CloudFlow's definition language that is spoken here. What is not is refused by name
//! when the flow is created, so that no flow runs otherwise than its author wrote.

mod fields;
mod state;

use serde_json::Value;

use self::fields::Fields;
pub(super) use self::state::{Kind, MOST_TIMEOUT, State, Task};
use super::yaml;

/// A definition, checked.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) start: usize,
    pub(super) states: Vec<State>,
}

/// How a flow's executions are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Standard,
    Express,
}

impl Machine {
    pub(super) fn read(text: &str, mode: Mode) -> Result<Self, String> {
        let mut fields = Fields::read("", yaml::read(text)?)?;
        if fields.take("type").is_some() || fields.take("steps").is_some() {
            return Err(unsupported("the older language of type: flow"));
        }
        is(&fields.need_text("Type")?, "StateMachine", "Type")?;
        is(&fields.need_text("SpecVersion")?, "v1", "SpecVersion")?;
        let _for_people = (fields.text("Name")?, fields.text("Description")?);
        let start = fields.need_text("StartAt")?;
        let Some(Value::Array(listed)) = fields.take("States") else {
            return Err("States must be a list".to_owned());
        };
        fields.end()?;

        let mut read = Vec::new();
        for (place, state) in listed.into_iter().enumerate() {
            read.push(State::read(place, state, mode)?);
        }
        let names: Vec<_> = read.iter().map(|(state, _)| state.name.clone()).collect();
        let place = |name: &str, at: &str| {
            let mut places = names.iter().enumerate().filter(|(_, known)| *known == name);
            match (places.next(), places.next()) {
                (Some((place, _)), None) => Ok(place),
                (None, _) => Err(format!("{at} names no state: {name}")),
                _ => Err(format!("two states have the name {name}")),
            }
        };
        for name in &names {
            place(name, "Name")?;
        }
        let start = place(&start, "StartAt")?;
        let mut states = Vec::new();
        for (mut state, next) in read {
            state.next = next.map(|next| place(&next, &format!("Next of {}", state.name))).transpose()?;
            states.push(state);
        }
        Ok(Self { start, states })
    }
}

fn is(value: &str, wanted: &str, field: &str) -> Result<(), String> {
    match value == wanted {
        true => Ok(()),
        false => Err(unsupported(&format!("{field}: {value}"))),
    }
}

fn unsupported(what: &str) -> String {
    format!("{what} is not supported by taskback local")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(states: &str) -> String {
        let text = format!("Type: StateMachine\nSpecVersion: v1\nStartAt: a\nStates:\n{states}");
        Machine::read(&text, Mode::Standard).unwrap_err()
    }

    #[test]
    fn states_are_found_by_name_wherever_they_stand() {
        let text = "Type: StateMachine\nName: f\nSpecVersion: v1\nStartAt: b\nStates:\n\
            - {Type: Succeed, Name: a}\n- {Type: Pass, Name: b, Next: a}\n";
        let machine = Machine::read(text, Mode::Standard).unwrap();
        assert_eq!((machine.start, machine.states[1].next, machine.states[0].next), (1, Some(0), None));
    }

    #[test]
    fn a_definition_that_cannot_run_is_refused() {
        for (states, wanted) in [
            ("- {Type: Pass, Name: b, End: true}", "StartAt names no state: a"),
            ("- {Type: Pass, Name: a, Next: z}", "Next of a names no state: z"),
            ("- {Type: Pass, Name: a, End: true}\n- {Type: Pass, Name: a, End: true}", "two states have"),
            ("- {Type: Pass, Name: a}", "States[0] (a): needs Next or End: true"),
            ("- {Type: Pass, Name: a, End: true, Next: a}", "States[0] (a): Next and End: true exclude"),
            ("- {Type: Succeed, Name: a, Next: a}", "States[0] (a).Next is not supported"),
            ("- 5", "States[0] must be an object"),
            ("  x: 1", "States must be a list"),
            ("- {Type: Pass}", "States[0].Name is required"),
        ] {
            let error = wrong(states);
            assert!(error.starts_with(wanted), "{error}");
        }
        for text in ["5", "[]", "a: 1", "Type: StateMachine", "Type: Other\nSpecVersion: v1"] {
            assert!(Machine::read(text, Mode::Standard).is_err(), "{text}");
        }
    }

    #[test]
    fn parts_of_the_language_that_are_not_spoken_are_refused_by_name() {
        for (states, wanted) in [
            ("- {Type: Choice, Name: a}", "States[0] (a): Choice is not supported by taskback local"),
            ("- {Type: Parallel, Name: a}", "States[0] (a): Parallel is not supported by taskback local"),
            ("- {Type: Map, Name: a}", "States[0] (a): Map is not supported by taskback local"),
            ("- {Type: Pass, Name: a, End: true, Retry: []}", "States[0] (a).Retry is not supported"),
            ("- {Type: Task, Name: a, End: true, Catch: []}", "States[0] (a).Action is required"),
            (
                "- {Type: Pass, Name: a, End: true, OutputConstructor: {x.$: 'length($Input)'}}",
                "States[0] (a).OutputConstructor.x.$: length($Input) is not supported",
            ),
        ] {
            let error = wrong(states);
            assert!(error.starts_with(wanted), "{error}");
        }
        let old = Machine::read("version: v1\ntype: flow\nsteps: []", Mode::Standard).unwrap_err();
        assert_eq!(old, "the older language of type: flow is not supported by taskback local");
    }
}
