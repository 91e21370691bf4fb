use std::fmt;
use std::time::Duration;

use serde_json::Value;
use serde_json::value::RawValue;
use sha2::Digest as _;

use crate::execution::Execution;
use crate::outcome::Digest;
use crate::token::TaskToken;

/// One unit of work: the token, the input, and all else that the message says.
pub struct RawTask {
    /// Names the task at its service.
    pub token: TaskToken,
    /// The step's input, as the message wrote it.
    pub input: Box<RawValue>,
    /// The task's heartbeat timeout, where the message says it.
    pub heartbeat: Option<Duration>,
    /// The ids of the workflow that waits, where the message says them.
    pub execution: Execution,
}

impl RawTask {
    /// The envelope that brings this task to a worker. It holds the token: send it to a queue, and
    /// log it nowhere.
    pub fn envelope(&self) -> String {
        let token = Value::from(self.token.expose());
        let mut text = format!(
            r#"{{"service":"{}","taskToken":{token},"input":{}"#,
            self.token.service().name(),
            self.input.get()
        );
        if let Some(timeout) = self.heartbeat {
            text += &format!(r#","heartbeatSeconds":{}"#, timeout.as_secs().max(1));
        }
        if !self.execution.is_empty() {
            let execution = serde_json::to_value(&self.execution).unwrap_or_default();
            text += &format!(r#","execution":{execution}"#);
        }
        text + "}"
    }

    /// The ids as they may be stored and logged: without the token, which a hostile message may have
    /// put there, and each at most 256 characters, the longest that a service allows.
    pub fn scrubbed_execution(&self) -> Execution {
        const ID_CHARS: usize = 256;
        self.execution.map_text(|id| self.token.redact_line(id, ID_CHARS))
    }

    /// A key that stays the same when the workflow retries the step with a new token: workflow
    /// and activity for SWF, flow, execution and step for FnF; `None` where the message does not
    /// name them.
    pub fn business_key(&self) -> Option<String> {
        (self.token.service().spec().business_key)(&self.execution)
    }

    /// As [`business_key`](Self::business_key), with the run of SWF's workflow: a workflow id that is used again has
    /// another key.
    pub fn business_key_with_run(&self) -> Option<String> {
        (self.token.service().spec().business_key_with_run)(&self.execution)
    }

    /// The identity of the input, to notice a token that is redelivered with another one. White space
    /// between JSON tokens does not count. The task token is part of it, so that a short input
    /// cannot be guessed from its digest.
    pub fn input_digest(&self) -> Digest {
        let mut hash = self.token.keyed_hash();
        hash.update([0]);
        for part in without_space(self.input.get()) {
            hash.update(part);
        }
        Digest(hash.finalize().into())
    }
}

/// The stretches of JSON between its insignificant white space.
fn without_space(json: &str) -> impl Iterator<Item = &str> {
    let (mut in_string, mut escaped) = (false, false);
    json.split(move |c: char| {
        if !in_string && matches!(c, ' ' | '\t' | '\n' | '\r') {
            return true;
        }
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = in_string,
            '"' => in_string = !in_string,
            _ => {}
        }
        false
    })
}

/// Shows the service, the start of the fingerprint and the ids, without the token that the sender may have put there.
impl fmt::Debug for RawTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawTask")
            .field("token", &self.token)
            .field("execution", &self.scrubbed_execution())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::MessageFormat;
    use crate::service::Service;
    use crate::{fnf, swf};

    #[test]
    fn envelope_reads_back_as_its_task() {
        let execution = Execution::default().with_text(swf::WORKFLOW_ID, Some("order\"7".into()));
        for (heartbeat, execution) in
            [(None, Execution::default()), (Some(Duration::from_secs(30)), execution)]
        {
            let token = TaskToken::new(Service::Swf, "a\"b\\c/+=é").unwrap();
            let input = RawValue::from_string(r#"{"n": 1.0000000000000000001}"#.into()).unwrap();
            let task = RawTask { token, input, heartbeat, execution };
            let read = MessageFormat::default().task(&task.envelope()).unwrap();
            assert_eq!((&read.token, read.input.get()), (&task.token, task.input.get()));
            assert_eq!((read.heartbeat, read.execution), (task.heartbeat, task.execution));
        }
    }

    fn task(token: &str, input: &str) -> RawTask {
        let input = RawValue::from_string(input.to_owned()).unwrap();
        let token = TaskToken::new(Service::Fnf, token).unwrap();
        RawTask { token, input, heartbeat: None, execution: Execution::default() }
    }

    #[test]
    fn input_digest_ignores_only_white_space() {
        let digest = |input| task("t", input).input_digest();
        let expected = digest(r#"{"a":[1,"b c\\" ],"d":"\" x"}"#);
        assert_eq!(digest("\n{ \"a\" :\t[1, \"b c\\\\\"],\r\"d\": \"\\\" x\" } "), expected);
        for other in [r#"{"a":[1,"bc\\"],"d":"\" x"}"#, r#"{"a":[1,"b c\\"],"d":"\"x"}"#, r#"{"a":[1.0]}"#] {
            assert_ne!(digest(other), expected, "{other}");
        }
        assert_ne!(task("another", r#"{"a":[1,"b c\\"],"d":"\" x"}"#).input_digest(), expected);
    }

    #[test]
    fn stored_ids_are_short_and_without_token() {
        let token = TaskToken::new(Service::Swf, "secret/token").unwrap();
        let stored = |id: String| {
            let execution = Execution::default().with_text(swf::WORKFLOW_ID, Some(id));
            let (token, input) = (token.clone(), RawValue::NULL.to_owned());
            let task = RawTask { token, input, heartbeat: None, execution };
            task.scrubbed_execution().text(swf::WORKFLOW_ID).unwrap().to_owned()
        };
        let long = stored("é".repeat(300));
        let stored = stored("order secret%2Ftoken".into());
        assert!(stored.starts_with("order [token") && !stored.contains("secret"), "{stored}");
        assert!(long.chars().count() <= 256 && long.ends_with("characters cut]"), "{long}");
    }

    #[test]
    fn run_is_part_of_the_longer_key() {
        let with_run = |service: Service, ids: &[(&'static str, &str)]| {
            let ids = ids
                .iter()
                .fold(Execution::default(), |ids, (name, id)| ids.with_text(name, Some((*id).to_owned())));
            (service.spec().business_key_with_run)(&ids)
        };
        let activity = [(swf::WORKFLOW_ID, "order-7"), (swf::ACTIVITY_ID, "charge"), (swf::RUN_ID, "22aXY")];
        assert_eq!(with_run(Service::Swf, &activity).as_deref(), Some("order-7/22aXY/charge"));
        assert_eq!(with_run(Service::Swf, &activity[..2]), None);
        let flow = [(fnf::FLOW_NAME, "f"), (fnf::EXECUTION_NAME, "e")];
        assert_eq!(with_run(Service::Fnf, &flow).as_deref(), Some("f/e"));
    }

    #[test]
    fn business_key_needs_required_ids() {
        let key = |service: Service, ids: &[(&'static str, &str)]| {
            let ids = ids
                .iter()
                .fold(Execution::default(), |ids, (name, id)| ids.with_text(name, Some((*id).to_owned())));
            (service.spec().business_key)(&ids)
        };
        let workflow = (swf::WORKFLOW_ID, "order-7");
        assert_eq!(key(Service::Swf, &[workflow]), None);
        let both = [workflow, (swf::ACTIVITY_ID, "charge")];
        assert_eq!(key(Service::Swf, &both).as_deref(), Some("order-7/charge"));
        assert_eq!(key(Service::Fnf, &both), None);
        let run = [workflow, (swf::RUN_ID, "22aXY"), (swf::ACTIVITY_ID, "charge")];
        assert_eq!(key(Service::Swf, &run).as_deref(), Some("order-7/charge"));
        let flow = [(fnf::FLOW_NAME, "f"), (fnf::EXECUTION_NAME, "e"), (fnf::STEP_NAME, "s")];
        assert_eq!(key(Service::Fnf, &flow[..2]).as_deref(), Some("f/e"));
        assert_eq!(key(Service::Fnf, &flow).as_deref(), Some("f/e/s"));
    }
}
