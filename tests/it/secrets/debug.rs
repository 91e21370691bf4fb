//! `Debug` of all types that can hold a token.

use std::fmt::Debug;

use serde_json::json;
use serde_json::value::RawValue;
use taskback::ledger::{Claim, Ledger, Memory};
use taskback::testing::Message;
use taskback::{
    Ack, Acked, Fnf, MessageFormat, Outcome, Output, Receipt, Service, ServiceResponse, Settlement,
    StepError, StepOutput, Swf, TaskToken, tasks,
};
use taskback_core::{Members, PriorAttempts, find, fnf, judge_response, swf};
use taskback_local::{Config, OpenTask, Server};

use super::assert_hidden;
use crate::ledger::claim;

fn hidden(value: &impl Debug, token: &str) {
    for shown in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!shown.is_empty());
        assert_hidden(&format!("{shown}\n\n\n\n"), [token, "taskback-local-secret"]);
    }
}

#[tokio::test]
async fn debug_hides_tokens_in_every_type() {
    for service in [Service::Fnf, Service::Swf] {
        let token = super::token(service, "m");
        let text = token.expose();
        let body = json!({"service": service.name(), "taskToken": text, "input": {"t": text}}).to_string();

        hidden(&token, text);
        hidden(&token.fingerprint(), text);
        hidden(&TaskToken::new(service, text.repeat(500)), text);
        hidden(&MessageFormat::default().task(&body), text);
        let event = RawValue::from_string(body.clone()).unwrap();
        hidden(&tasks(&event, &MessageFormat::default()), text);
        hidden(&Message::new("m", &*body), text);

        let output = Output::new(&json!({"t": text})).unwrap();
        hidden(&output, text);
        let outcomes = [
            Outcome::Succeeded(output.clone()),
            Outcome::failed(text, text),
            Outcome::Canceled { details: text.into() },
            Outcome::DelegatedTo { to: text.into() },
        ];
        for outcome in outcomes {
            hidden(&outcome, text);
            hidden(&Claim::Decided(outcome.clone()), text);
            let (memory, fingerprint) = (Memory::default(), token.fingerprint());
            let claim = claim(&memory, &fingerprint, "owner").await;
            let Ok(Claim::Acquired(lease)) = claim else { panic!("{claim:?}") };
            memory.decide(&fingerprint, &lease, &outcome).await.unwrap();
            hidden(&memory, text);
            let receipt = Receipt::Recorded { request_id: None };
            hidden(
                &Settlement::Ack(Ack::Task(Acked { service, fingerprint, outcome: Some(outcome), receipt })),
                text,
            );
        }
        hidden(&StepOutput::Succeeded(output), text);
        hidden(&StepOutput::Delegated { to: text.into() }, text);
        hidden(&StepOutput::Canceled { details: text.into() }, text);
        hidden(&StepError::terminal("E", text), text);
        hidden(&StepError::retryable(text), text);

        let refused = ServiceResponse::Refused {
            status: 400,
            code: Some("ValidationException".into()),
            message: format!("Value '{text}' at 'taskToken' is wrong"),
            request_id: Some(text.into()),
        };
        let missing = ServiceResponse::NoResponse { sent: true, reason: format!("no answer to /?t={text}") };
        for answer in [refused, missing] {
            hidden(&answer, text);
            let error = judge_response(&token, &answer, PriorAttempts::default()).unwrap_err();
            hidden(&error, text);
            hidden(&error.to_string(), text);
        }
        local(&token).await;
    }
}

/// The local services and their clients.
async fn local(token: &TaskToken) {
    let text = token.expose();
    let server = Server::bind(Config::default()).await.unwrap();
    let open = OpenTask::new(token.service()).token(token.clone());
    hidden(&open, text);
    hidden(&server.state().open(open).unwrap(), text);
    hidden(&server.state().tasks(), text);
    hidden(&server, text);
    hidden(&Config::default(), text);
    hidden(&Fnf::local(&server.url()).unwrap(), text);
    hidden(&Swf::local(&server.url()), text);
}

#[cfg(all(feature = "dynamodb", feature = "external-steps", feature = "fnf"))]
#[test]
fn debug_of_steps_shows_no_secret() {
    use aliyun_fnf::{Client, Credentials};
    use taskback::fnf_flow::{FlowControl, StartFlow};
    use taskback::ledger::DynamoDb;
    use taskback::{CommandLine, CommandStep, HttpStep, Router, StepUrl, aws};

    let secret = "a+secret.of-the-step==";
    let command = CommandLine::parse(&format!("./verify --key {secret}")).unwrap();
    let url = StepUrl::parse(&format!("https://user:{secret}@steps.example/{secret}?key={secret}"), None);
    let keys = Credentials::new("AKID", secret);
    let client = Client::builder().endpoint("http://127.0.0.1:1").credentials(keys).build().unwrap();
    let local = aws::local("http://127.0.0.1:1");
    hidden(&CommandStep::new(command.clone()), secret);
    hidden(&Router::by_field("/kind").route("verify", CommandStep::new(command)), secret);
    hidden(&HttpStep::new(url.unwrap()).unwrap(), secret);
    hidden(&StartFlow::new(client.clone(), "refund"), secret);
    hidden(&FlowControl::new(client), secret);
    hidden(&DynamoDb::new(aws_sdk_dynamodb::Client::new(&local), "ledger"), secret);
}

#[test]
fn debug_of_decoded_json_shows_no_token() {
    let token = super::token(Service::Swf, "m");
    let text = token.expose();
    let body = RawValue::from_string(json!({"taskToken": text}).to_string()).unwrap();
    hidden(&Members::of(&body).unwrap(), text);
    hidden(&find(&body, "/taskToken").unwrap(), text);
    let outcome = Outcome::failed(text, text);
    hidden(&swf::report(&outcome).unwrap(), text);
    hidden(&fnf::report(&outcome).unwrap(), text);
}
