use serde_json::Value;

use super::fields::DefinitionFields;
use crate::fnf::expression::{Position, Scope};
use crate::fnf::limits::{MAX_CAUSE, MAX_ERROR, MAX_TIMEOUT};
use crate::fnf::template::Template;
use crate::fnf::unsupported::unsupported;

/// The mode of a flow, which decides the limits of its executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExecutionMode {
    Standard,
    Express,
}

#[derive(Debug)]
pub(crate) struct MachineState {
    pub(crate) name: String,
    pub(crate) kind: StateKind,
    pub(crate) input: Option<Template>,
    pub(crate) output: Option<Template>,
    /// The index of the next state; `None` ends the execution.
    pub(crate) next: Option<usize>,
}

#[derive(Debug)]
pub(crate) enum StateKind {
    Pass,
    Succeed,
    /// A number of seconds, and its maximum in the flow's mode.
    Wait {
        seconds: Template,
        max: u64,
    },
    Fail {
        error: String,
        cause: Option<String>,
    },
    Task(CallbackTask),
}

/// A task that waits for a report.
#[derive(Debug)]
pub(crate) struct CallbackTask {
    pub(crate) action: String,
    /// The queue for the message.
    pub(crate) queue: String,
    pub(crate) message: Template,
    /// A number of seconds; 0 and `None` mean no limit.
    pub(crate) timeout: Option<Template>,
}

impl MachineState {
    /// Parses a state, and returns it with the name of the next one.
    pub(super) fn parse(
        index: usize,
        value: Value,
        mode: ExecutionMode,
    ) -> Result<(Self, Option<String>), String> {
        let mut fields = DefinitionFields::new(&format!("States[{index}]"), value)?;
        let name = fields.require_text("Name")?;
        fields.at = format!("States[{index}] ({name})");
        let kind = fields.require_text("Type")?;
        // Descriptions have no effect.
        let _ = fields.text("Description")?;
        let continues = !matches!(kind.as_str(), "Succeed" | "Fail");
        let kind = match kind.as_str() {
            "Pass" => StateKind::Pass,
            "Succeed" => StateKind::Succeed,
            "Wait" => parse_wait(&mut fields, mode)?,
            "Fail" => StateKind::Fail {
                error: fields.short_text("Code", MAX_ERROR)?.unwrap_or_else(|| "Fail".to_owned()),
                cause: fields.short_text("Detail", MAX_CAUSE)?,
            },
            "Task" => StateKind::Task(parse_task(&mut fields)?),
            other => return Err(unsupported(&format!("{}: {other}", fields.at))),
        };
        let input = fields.constructor("InputConstructor", Position::Other)?;
        let output = fields.constructor("OutputConstructor", Position::Output)?;
        let end = fields.flag("End")?;
        let next = if continues { fields.text("Next")? } else { None };
        match (&next, end) {
            (None, false) if continues => return Err(format!("{}: needs Next or End: true", fields.at)),
            (Some(_), true) => return Err(format!("{}: Next and End: true exclude each other", fields.at)),
            _ => {}
        }
        fields.finish()?;
        Ok((Self { name, kind, input, output, next: None }, next))
    }
}

fn parse_wait(fields: &mut DefinitionFields, mode: ExecutionMode) -> Result<StateKind, String> {
    let max = match mode {
        ExecutionMode::Standard => 300,
        ExecutionMode::Express => 20,
    };
    let seconds = fields.template("Seconds", Position::Other)?;
    let seconds = seconds.ok_or_else(|| format!("{}.Seconds is required", fields.at))?;
    check_number(&seconds, 1, max).map_err(|error| format!("{}.Seconds {error}", fields.at))?;
    Ok(StateKind::Wait { seconds, max })
}

fn parse_task(fields: &mut DefinitionFields) -> Result<CallbackTask, String> {
    let action = fields.require_text("Action")?;
    let mode = fields.text("TaskMode")?.unwrap_or_else(|| "RequestComplete".to_owned());
    if mode != "WaitForCustomCallback" {
        return Err(unsupported(&format!("{}.TaskMode: {mode}", fields.at)));
    }
    let timeout = fields.template("Timeout", Position::Other)?;
    if let Some(timeout) = &timeout {
        check_number(timeout, 0, MAX_TIMEOUT).map_err(|error| format!("{}.Timeout {error}", fields.at))?;
    }
    let parameters =
        fields.take("Parameters").ok_or_else(|| format!("{}.Parameters is required", fields.at))?;
    let mut parameters = DefinitionFields::new(&format!("{}.Parameters", fields.at), parameters)?;
    let arn = parameters.require_text("resourceArn")?;
    let (queue, message) = match action.as_str() {
        "MNS:SendMessage" => (name_after(&arn, "/queues/"), "message"),
        "FC:InvokeFunction" => {
            let invocation = parameters.text("invocationType")?;
            if !matches!(invocation.as_deref(), None | Some("Sync" | "Async")) {
                return Err(format!("{}.invocationType must be Sync or Async", parameters.at));
            }
            (name_after(&arn, "functions/"), "body")
        }
        other => return Err(unsupported(&format!("{}.Action: {other}", fields.at))),
    };
    let queue =
        queue.ok_or_else(|| unsupported(&format!("{}.resourceArn: {arn}", parameters.at)))?.to_owned();
    let template = parameters.template(message, Position::Parameters)?;
    let message = template.ok_or_else(|| format!("{}.{message} is required", parameters.at))?;
    parameters.finish()?;
    Ok(CallbackTask { action, queue, message, timeout })
}

/// Returns the name after `mark` in an ARN, if it is valid for a queue or a function.
fn name_after<'a>(arn: &'a str, mark: &str) -> Option<&'a str> {
    let (_, rest) = arn.starts_with("acs:").then(|| arn.split_once(mark)).flatten()?;
    let name = rest.split('/').next()?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '$');
    ((1..=256).contains(&name.len()) && name.chars().all(is_plain)).then_some(name)
}

/// Checks a plain number; the result of an expression is checked at run time.
fn check_number(template: &Template, min: u64, max: u64) -> Result<(), String> {
    if matches!(template, Template::Expression(_)) {
        return Ok(());
    }
    match template.number(&Scope::default()) {
        Ok(Some(number)) if (min..=max).contains(&number) => Ok(()),
        _ => Err(format!("must be {min} to {max} seconds")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(mut state: Value) -> Result<MachineState, String> {
        state["Name"] = "a".into();
        state["End"] = true.into();
        MachineState::parse(0, state, ExecutionMode::Standard).map(|(state, _)| state)
    }

    fn task(field: &str, value: Value) -> Value {
        let mut state = json!({
            "Type": "Task", "Action": "MNS:SendMessage", "TaskMode": "WaitForCustomCallback",
            "Parameters": { "resourceArn": "acs:mns:cn-hangzhou:1:/queues/tasks/messages", "message.$": "$Input" },
        });
        state[field] = value;
        state
    }

    #[test]
    fn arn_names_queue_or_function() {
        let queue = |state: Value| match parse(state).unwrap().kind {
            StateKind::Task(task) => task.queue,
            other => panic!("{other:?}"),
        };
        assert_eq!(queue(task("Timeout", json!("30"))), "tasks");
        for arn in
            ["acs:fc:cn-hangzhou:1:functions/verify/LATEST", "acs:fc:::services/s.LATEST/functions/verify"]
        {
            let parameters = json!({ "resourceArn": arn, "invocationType": "Async", "body": { "n": 1 } });
            let mut state = task("Parameters", parameters);
            state["Action"] = "FC:InvokeFunction".into();
            assert_eq!(queue(state), "verify");
        }
    }

    #[test]
    fn task_without_callback_is_refused() {
        let topic = json!({ "resourceArn": "acs:mns:::/topics/t/messages", "message": "m" });
        let more = json!({ "resourceArn": "acs:mns:::/queues/q/messages", "message": "m", "priority": 1 });
        for (field, value, expected) in [
            ("TaskMode", json!(null), "States[0] (a).TaskMode: RequestComplete is not supported"),
            (
                "TaskMode",
                json!("WaitForSystemCallback"),
                "States[0] (a).TaskMode: WaitForSystemCallback is not",
            ),
            ("Action", json!("HTTP:Request"), "States[0] (a).Action: HTTP:Request is not supported"),
            (
                "Parameters",
                topic,
                "States[0] (a).Parameters.resourceArn: acs:mns:::/topics/t/messages is not",
            ),
            ("Parameters", more, "States[0] (a).Parameters.priority is not supported"),
            ("Parameters", json!(null), "States[0] (a).Parameters is required"),
            ("Timeout", json!(604_801), "States[0] (a).Timeout must be 0 to 604800 seconds"),
            ("TimeoutSeconds", json!(5), "States[0] (a).TimeoutSeconds is not supported"),
            ("Retry", json!([]), "States[0] (a).Retry is not supported"),
            ("Catch", json!([]), "States[0] (a).Catch is not supported"),
        ] {
            let error = parse(task(field, value)).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn waits_and_failures_have_limits() {
        for (state, expected) in [
            (json!({ "Type": "Wait" }), "States[0] (a).Seconds is required"),
            (json!({ "Type": "Wait", "Seconds": 301 }), "States[0] (a).Seconds must be 1 to 300"),
            (json!({ "Type": "Wait", "Seconds": -1 }), "States[0] (a).Seconds must be 1 to 300"),
            (json!({ "Type": "Fail", "Code": "x".repeat(129) }), "States[0] (a).Code must have 1 to 128"),
            (json!({ "Type": "Fail", "Detail": "" }), "States[0] (a).Detail must have 1 to 4096"),
        ] {
            let error = parse(state).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
        assert!(parse(json!({ "Type": "Wait", "Seconds.$": "$Input.n" })).is_ok());
        let express = json!({ "Type": "Wait", "Name": "a", "End": true, "Seconds": 21 });
        assert!(MachineState::parse(0, express, ExecutionMode::Express).unwrap_err().contains("1 to 20"));
    }
}
