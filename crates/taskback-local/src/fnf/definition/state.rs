use serde_json::Value;

use super::super::expression::{Place, Scope};
use super::super::reports::{MOST_CAUSE, MOST_ERROR};
use super::super::template::Template;
use super::fields::Fields;
use super::{Mode, unsupported};

#[derive(Debug)]
pub(in super::super) struct State {
    pub(in super::super) name: String,
    pub(in super::super) kind: Kind,
    pub(in super::super) input: Option<Template>,
    pub(in super::super) output: Option<Template>,
    /// None ends the execution.
    pub(in super::super) next: Option<usize>,
}

#[derive(Debug)]
pub(in super::super) enum Kind {
    Pass,
    Succeed,
    /// Seconds, at most those of the flow's mode.
    Wait(Template, u64),
    Fail {
        error: String,
        cause: Option<String>,
    },
    Task(Task),
}

/// A task that waits for a report.
#[derive(Debug)]
pub(in super::super) struct Task {
    pub(in super::super) action: String,
    /// The queue that its message goes to.
    pub(in super::super) queue: String,
    pub(in super::super) message: Template,
    /// Seconds; 0 is for ever, as is none.
    pub(in super::super) timeout: Option<Template>,
}

/// The longest timeout of a task, in seconds.
pub(in super::super) const MOST_TIMEOUT: u64 = 604_800;

impl State {
    /// The state, and the name of the one after it.
    pub(super) fn read(place: usize, value: Value, mode: Mode) -> Result<(Self, Option<String>), String> {
        let mut fields = Fields::read(&format!("States[{place}]"), value)?;
        let name = fields.need_text("Name")?;
        fields.at = format!("States[{place}] ({name})");
        let kind = fields.need_text("Type")?;
        let _for_people = fields.text("Description")?;
        let goes_on = !matches!(kind.as_str(), "Succeed" | "Fail");
        let kind = match kind.as_str() {
            "Pass" => Kind::Pass,
            "Succeed" => Kind::Succeed,
            "Wait" => wait(&mut fields, mode)?,
            "Fail" => Kind::Fail {
                error: fields.short_text("Code", MOST_ERROR)?.unwrap_or_else(|| "Fail".to_owned()),
                cause: fields.short_text("Detail", MOST_CAUSE)?,
            },
            "Task" => Kind::Task(task(&mut fields)?),
            other => return Err(unsupported(&format!("{}: {other}", fields.at))),
        };
        let input = fields.constructor("InputConstructor", Place::Elsewhere)?;
        let output = fields.constructor("OutputConstructor", Place::Output)?;
        let end = fields.flag("End")?;
        let next = if goes_on { fields.text("Next")? } else { None };
        match (&next, end) {
            (None, false) if goes_on => return Err(format!("{}: needs Next or End: true", fields.at)),
            (Some(_), true) => return Err(format!("{}: Next and End: true exclude each other", fields.at)),
            _ => {}
        }
        fields.end()?;
        Ok((Self { name, kind, input, output, next: None }, next))
    }
}

fn wait(fields: &mut Fields, mode: Mode) -> Result<Kind, String> {
    let most = match mode {
        Mode::Standard => 300,
        Mode::Express => 20,
    };
    let seconds = fields.template("Seconds", Place::Elsewhere)?;
    let seconds = seconds.ok_or_else(|| format!("{}.Seconds is required", fields.at))?;
    check_number(&seconds, 1, most).map_err(|wrong| format!("{}.Seconds {wrong}", fields.at))?;
    Ok(Kind::Wait(seconds, most))
}

fn task(fields: &mut Fields) -> Result<Task, String> {
    let action = fields.need_text("Action")?;
    let mode = fields.text("TaskMode")?.unwrap_or_else(|| "RequestComplete".to_owned());
    if mode != "WaitForCustomCallback" {
        return Err(unsupported(&format!("{}.TaskMode: {mode}", fields.at)));
    }
    let timeout = fields.template("Timeout", Place::Elsewhere)?;
    if let Some(timeout) = &timeout {
        check_number(timeout, 0, MOST_TIMEOUT).map_err(|wrong| format!("{}.Timeout {wrong}", fields.at))?;
    }
    let parameters =
        fields.take("Parameters").ok_or_else(|| format!("{}.Parameters is required", fields.at))?;
    let mut parameters = Fields::read(&format!("{}.Parameters", fields.at), parameters)?;
    let arn = parameters.need_text("resourceArn")?;
    let (queue, message) = match action.as_str() {
        "MNS:SendMessage" => (after(&arn, "/queues/"), "message"),
        "FC:InvokeFunction" => {
            let how = parameters.text("invocationType")?;
            if !matches!(how.as_deref(), None | Some("Sync" | "Async")) {
                return Err(format!("{}.invocationType must be Sync or Async", parameters.at));
            }
            (after(&arn, "functions/"), "body")
        }
        other => return Err(unsupported(&format!("{}.Action: {other}", fields.at))),
    };
    let queue =
        queue.ok_or_else(|| unsupported(&format!("{}.resourceArn: {arn}", parameters.at)))?.to_owned();
    let read = parameters.template(message, Place::Parameters)?;
    let message = read.ok_or_else(|| format!("{}.{message} is required", parameters.at))?;
    parameters.end()?;
    Ok(Task { action, queue, message, timeout })
}

/// The name that follows `mark` in an ARN, if it is one of a queue or a function.
fn after<'a>(arn: &'a str, mark: &str) -> Option<&'a str> {
    let (_, rest) = arn.starts_with("acs:").then(|| arn.split_once(mark)).flatten()?;
    let name = rest.split('/').next()?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '$');
    ((1..=256).contains(&name.len()) && name.chars().all(plain)).then_some(name)
}

/// Checks a number that is plain; an expression is checked when it is found.
fn check_number(template: &Template, least: u64, most: u64) -> Result<(), String> {
    if matches!(template, Template::Expression(_)) {
        return Ok(());
    }
    match template.number(&Scope::default()) {
        Ok(Some(number)) if (least..=most).contains(&number) => Ok(()),
        _ => Err(format!("must be {least} to {most} seconds")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(mut state: Value) -> Result<State, String> {
        state["Name"] = "a".into();
        state["End"] = true.into();
        State::read(0, state, Mode::Standard).map(|(state, _)| state)
    }

    fn task(field: &str, value: Value) -> Value {
        let mut state = json!({
            "Type": "Task", "Action": "MNS:SendMessage", "TaskMode": "WaitForCustomCallback",
            "Parameters": { "resourceArn": "acs:mns:cn-hangzhou:1:/queues/work/messages", "message.$": "$Input" },
        });
        state[field] = value;
        state
    }

    #[test]
    fn queues_and_functions_are_known_by_the_name_in_their_arn() {
        let queue = |state: Value| match read(state).unwrap().kind {
            Kind::Task(task) => task.queue,
            other => panic!("{other:?}"),
        };
        assert_eq!(queue(task("Timeout", json!("30"))), "work");
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
    fn a_task_that_would_not_wait_for_its_report_is_refused() {
        let topic = json!({ "resourceArn": "acs:mns:::/topics/t/messages", "message": "m" });
        let more = json!({ "resourceArn": "acs:mns:::/queues/q/messages", "message": "m", "priority": 1 });
        for (field, value, wanted) in [
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
            let error = read(task(field, value)).unwrap_err();
            assert!(error.starts_with(wanted), "{error}");
        }
    }

    #[test]
    fn waits_and_failures_keep_to_their_limits() {
        for (state, wanted) in [
            (json!({ "Type": "Wait" }), "States[0] (a).Seconds is required"),
            (json!({ "Type": "Wait", "Seconds": 301 }), "States[0] (a).Seconds must be 1 to 300"),
            (json!({ "Type": "Wait", "Seconds": -1 }), "States[0] (a).Seconds must be 1 to 300"),
            (json!({ "Type": "Fail", "Code": "x".repeat(129) }), "States[0] (a).Code must have 1 to 128"),
            (json!({ "Type": "Fail", "Detail": "" }), "States[0] (a).Detail must have 1 to 4096"),
        ] {
            let error = read(state).unwrap_err();
            assert!(error.starts_with(wanted), "{error}");
        }
        assert!(read(json!({ "Type": "Wait", "Seconds.$": "$Input.n" })).is_ok());
        let express = json!({ "Type": "Wait", "Name": "a", "End": true, "Seconds": 21 });
        assert!(State::read(0, express, Mode::Express).unwrap_err().contains("1 to 20"));
    }
}
