//! Helpers of several tests.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;
use serde_json::value::RawValue;
use taskback::testing::{Message, ScriptedService, sqs_event};
use taskback::{
    InvocationError, MessageFormat, Response, RetryPolicy, Service, Services, TaskToken, Taskback,
    TaskbackBuilder,
};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn token(service: Service, name: &str) -> TaskToken {
    TaskToken::new(service, format!("{name}+secret/token==")).unwrap()
}

/// An envelope with the token of that name.
pub(crate) fn envelope(service: Service, name: &str, input: &str) -> String {
    let token = token(service, name);
    format!(r#"{{"service":"{service}","taskToken":"{}","input":{input}}}"#, token.expose())
}

/// A first delivery of the task of that name. The name is also the message's id.
pub(crate) fn message(service: Service, name: &str) -> Message {
    Message::new(name, envelope(service, name, "{}"))
}

pub(crate) struct Rig {
    pub(crate) fnf: ScriptedService,
    pub(crate) swf: ScriptedService,
    pub(crate) sfn: ScriptedService,
    pub(crate) durable: ScriptedService,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self {
            fnf: ScriptedService::new(Service::Fnf),
            swf: ScriptedService::new(Service::Swf),
            sfn: ScriptedService::new(Service::Sfn),
            durable: ScriptedService::new(Service::Durable),
        }
    }

    pub(crate) fn of(&self, service: Service) -> &ScriptedService {
        match service {
            Service::Fnf => &self.fnf,
            Service::Swf => &self.swf,
            Service::Sfn => &self.sfn,
            Service::Durable => &self.durable,
        }
    }

    pub(crate) fn builder(&self) -> TaskbackBuilder {
        let services = Services::default().with(self.fnf.clone()).with(self.swf.clone());
        let services = services.with(self.sfn.clone()).with(self.durable.clone());
        Taskback::builder().services(services).retry(RetryPolicy::default())
    }
}

/// The ids of the nacked messages.
pub(crate) async fn kept(taskback: &Taskback, messages: &[Message]) -> Vec<String> {
    kept_within(taskback, messages, MINUTE).await
}

pub(crate) async fn kept_within(taskback: &Taskback, messages: &[Message], time: Duration) -> Vec<String> {
    let response = taskback.handle(&sqs_event(messages), time).await.unwrap();
    assert!(response.json().starts_with(r#"{"batchItemFailures":["#), "{}", response.json());
    response.batch_item_failures()
}

pub(crate) async fn invoke(taskback: &Taskback, event: &RawValue) -> Result<Value, InvocationError> {
    taskback.handle(event, MINUTE).await.map(|response| value(&response))
}

/// The response's members; null where `Value` cannot hold a number or a depth.
pub(crate) fn value(response: &Response) -> Value {
    let members: HashMap<String, Box<RawValue>> = serde_json::from_str(response.json()).unwrap();
    members
        .into_iter()
        .map(|(name, raw)| (name, serde_json::from_str::<Value>(raw.get()).unwrap_or_default()))
        .collect()
}

/// The raw JSON of one member of a direct response.
pub(crate) fn raw_member(response: &Response, name: &str) -> String {
    let members: HashMap<String, Box<RawValue>> = serde_json::from_str(response.json()).unwrap();
    members[name].get().to_owned()
}

/// The format of messages without an envelope.
pub(crate) fn fnf_reading() -> MessageFormat {
    MessageFormat { service: Some(Service::Fnf), ..MessageFormat::default() }
}
