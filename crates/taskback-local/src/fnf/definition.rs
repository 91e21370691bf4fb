//! The supported part of CloudFlow's definition language. Any other part is refused by name when the
//! flow is created, so that no flow runs differently from its definition.

mod fields;
mod state;

use serde_json::Value;

use self::fields::DefinitionFields;
pub(super) use self::state::{CallbackTask, ExecutionMode, MachineState, StateKind};
use super::unsupported::unsupported;
use super::yaml;

/// A valid definition.
#[derive(Debug)]
pub(super) struct StateMachine {
    /// The index of the first state.
    pub(super) start: usize,
    pub(super) states: Vec<MachineState>,
}

impl StateMachine {
    pub(super) fn parse(text: &str, mode: ExecutionMode) -> Result<Self, String> {
        let mut fields = DefinitionFields::new("", yaml::parse(text)?)?;
        if fields.take("type").is_some() || fields.take("steps").is_some() {
            return Err(unsupported("the older language of type: flow"));
        }
        require_value(&fields.require_text("Type")?, "StateMachine", "Type")?;
        require_value(&fields.require_text("SpecVersion")?, "v1", "SpecVersion")?;
        // Names and descriptions have no effect.
        let _ = (fields.text("Name")?, fields.text("Description")?);
        let start = fields.require_text("StartAt")?;
        let Some(Value::Array(listed)) = fields.take("States") else {
            return Err("States must be a list".to_owned());
        };
        fields.finish()?;

        let mut parsed = Vec::new();
        for (index, state) in listed.into_iter().enumerate() {
            parsed.push(MachineState::parse(index, state, mode)?);
        }
        let names: Vec<_> = parsed.iter().map(|(state, _)| state.name.clone()).collect();
        let find = |name: &str, at: &str| {
            let mut indices = names.iter().enumerate().filter(|(_, known)| *known == name);
            match (indices.next(), indices.next()) {
                (Some((index, _)), None) => Ok(index),
                (None, _) => Err(format!("{at} names no state: {name}")),
                _ => Err(format!("two states have the name {name}")),
            }
        };
        for name in &names {
            find(name, "Name")?;
        }
        let start = find(&start, "StartAt")?;
        let mut states = Vec::new();
        for (mut state, next) in parsed {
            state.next = next.map(|next| find(&next, &format!("Next of {}", state.name))).transpose()?;
            states.push(state);
        }
        Ok(Self { start, states })
    }
}

fn require_value(value: &str, expected: &str, field: &str) -> Result<(), String> {
    if value == expected { Ok(()) } else { Err(unsupported(&format!("{field}: {value}"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_error(states: &str) -> String {
        let text = format!("Type: StateMachine\nSpecVersion: v1\nStartAt: a\nStates:\n{states}");
        StateMachine::parse(&text, ExecutionMode::Standard).unwrap_err()
    }

    #[test]
    fn states_are_found_by_name() {
        let text = "Type: StateMachine\nName: f\nSpecVersion: v1\nStartAt: b\nStates:\n\
            - {Type: Succeed, Name: a}\n- {Type: Pass, Name: b, Next: a}\n";
        let machine = StateMachine::parse(text, ExecutionMode::Standard).unwrap();
        assert_eq!((machine.start, machine.states[1].next, machine.states[0].next), (1, Some(0), None));
    }

    #[test]
    fn unrunnable_definition_is_refused() {
        for (states, expected) in [
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
            let error = parse_error(states);
            assert!(error.starts_with(expected), "{error}");
        }
        for text in ["5", "[]", "a: 1", "Type: StateMachine", "Type: Other\nSpecVersion: v1"] {
            assert!(StateMachine::parse(text, ExecutionMode::Standard).is_err(), "{text}");
        }
    }

    #[test]
    fn unsupported_features_are_named() {
        for (states, expected) in [
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
            let error = parse_error(states);
            assert!(error.starts_with(expected), "{error}");
        }
        let old =
            StateMachine::parse("version: v1\ntype: flow\nsteps: []", ExecutionMode::Standard).unwrap_err();
        assert_eq!(old, "the older language of type: flow is not supported by taskback local");
    }
}
