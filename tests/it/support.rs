//! What several tests need.

use std::time::Duration;

use serde_json::Value;
use serde_json::value::RawValue;
use taskback::core::{Reading, RetryPolicy, Service, TaskToken};
use taskback::testing::{Message, ScriptedService, sqs_event};
use taskback::{Builder, InvocationError, Services, Taskback};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn token(service: Service, name: &str) -> TaskToken {
    TaskToken::new(service, format!("{name}+secret/token==")).unwrap()
}

/// The envelope that brings the token of that name.
pub(crate) fn envelope(service: Service, name: &str, input: &str) -> String {
    let token = token(service, name);
    format!(r#"{{"service":"{service}","taskToken":"{}","input":{input}}}"#, token.expose())
}

/// A first delivery of the task of that name, whose id is the name.
pub(crate) fn message(service: Service, name: &str) -> Message {
    Message::new(name, envelope(service, name, "{}"))
}

pub(crate) struct Rig {
    pub(crate) fnf: ScriptedService,
    pub(crate) swf: ScriptedService,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self { fnf: ScriptedService::new(Service::Fnf), swf: ScriptedService::new(Service::Swf) }
    }

    pub(crate) fn of(&self, service: Service) -> &ScriptedService {
        match service {
            Service::Fnf => &self.fnf,
            Service::Swf => &self.swf,
        }
    }

    pub(crate) fn builder(&self) -> Builder {
        let services = Services::default().with(self.fnf.clone()).with(self.swf.clone());
        Taskback::builder().services(services).retry(RetryPolicy::default())
    }
}

/// The ids that come back.
pub(crate) async fn kept(taskback: &Taskback, messages: &[Message]) -> Vec<String> {
    kept_within(taskback, messages, MINUTE).await
}

pub(crate) async fn kept_within(taskback: &Taskback, messages: &[Message], time: Duration) -> Vec<String> {
    let answer = taskback.handle(&sqs_event(messages), time).await.unwrap();
    let failures = answer["batchItemFailures"].as_array().unwrap();
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}

pub(crate) async fn invoke(taskback: &Taskback, event: &RawValue) -> Result<Value, InvocationError> {
    taskback.handle(event, MINUTE).await
}

/// How messages without an envelope are read.
pub(crate) fn fnf_reading() -> Reading {
    Reading { service: Some(Service::Fnf), ..Reading::default() }
}
