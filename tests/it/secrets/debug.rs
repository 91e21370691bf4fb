//! `Debug` of what can hold a token.

use std::fmt::Debug;
use std::time::Duration;

use serde_json::json;
use serde_json::value::RawValue;
use taskback::core::{Answer, Earlier, Outcome, Output, Reading, Receipt, Service, TaskToken, read};
use taskback::ledger::{Claim, Ledger, Memory};
use taskback::testing::Message;
use taskback::{Done, Fnf, Settlement, StepEnd, StepError, Swf, tasks};
use taskback_local::{Config, OpenTask, Server};

use super::assert_hidden;

fn hidden(value: &impl Debug, token: &str) {
    for shown in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!shown.is_empty());
        assert_hidden(&format!("{shown}\n\n\n\n"), [token, "taskback-local-secret"]);
    }
}

#[tokio::test]
async fn debug_of_whatever_can_hold_a_token_hides_it() {
    for service in [Service::Fnf, Service::Swf] {
        let token = super::token(service, "m");
        let text = token.expose();
        let body = json!({"service": service.name(), "taskToken": text, "input": {"t": text}}).to_string();

        hidden(&token, text);
        hidden(&token.fingerprint(), text);
        hidden(&TaskToken::new(service, text.repeat(500)), text);
        hidden(&Reading::default().task(&body), text);
        let event = RawValue::from_string(body.clone()).unwrap();
        hidden(&tasks(&event, &Reading::default()), text);
        hidden(&Message::new("m", &*body), text);

        let output = Output::new(&json!({"t": text})).unwrap();
        hidden(&output, text);
        let outcomes = [
            Outcome::Succeeded(output.clone()),
            Outcome::failed(text, text),
            Outcome::Canceled { details: text.into() },
            Outcome::Delegated { to: text.into() },
        ];
        for outcome in outcomes {
            hidden(&outcome, text);
            hidden(&Claim::Decided(outcome.clone()), text);
            let (memory, fingerprint) = (Memory::default(), token.fingerprint());
            let claim = memory.claim(&fingerprint, "owner", Duration::from_secs(1)).await;
            let Ok(Claim::Ours(hold)) = claim else { panic!("{claim:?}") };
            memory.decide(&fingerprint, &hold, &outcome).await.unwrap();
            hidden(&memory, text);
            let receipt = Receipt::Recorded { request_id: None };
            hidden(&Settlement::Done(Done { service, fingerprint, outcome: Some(outcome), receipt }), text);
        }
        hidden(&StepEnd::Succeeded(output), text);
        hidden(&StepEnd::Delegated { to: text.into() }, text);
        hidden(&StepEnd::Canceled { details: text.into() }, text);
        hidden(&StepError::terminal("E", text), text);
        hidden(&StepError::retryable(text), text);

        let refused = Answer::Refused {
            status: 400,
            code: Some("ValidationException".into()),
            message: format!("Value '{text}' at 'taskToken' is wrong"),
            request_id: Some(text.into()),
        };
        let missing = Answer::Missing { sent: true, why: format!("no answer to /?t={text}") };
        for answer in [refused, missing] {
            hidden(&answer, text);
            let error = read(&token, &answer, Earlier::default()).unwrap_err();
            hidden(&error, text);
            hidden(&error.to_string(), text);
        }
        local(&token).await;
    }
}

/// The local services and the clients of them.
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
