//! `taskback dead-letters` at moto's SQS, with a ledger in SQLite.

mod fifo;
mod interrupted;
mod setup;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::types::MessageSystemAttributeName as System;
use serde_json::{Value, json};
use taskback::ledger::Ledger;
use taskback::{Outcome, Receipt, Service, TaskToken};

use taskback_local::{Config, OpenTask, Server, TaskState};

use crate::process::Process;
use crate::serve::setup::stop;
use setup::{Letters, envelope};

const START: &str = r#"{"action":"start","flowName":"verify","input":{"n":1.10}}"#;
const NAMED: &str = r#"{"action":"start","flowName":"verify","executionName":"e-1"}"#;

fn token(name: &str) -> TaskToken {
    TaskToken::new(Service::Swf, format!("{name}-token-with-thirty-and-more-characters")).unwrap()
}

/// One message of every kind, in this order.
async fn letters(queue: &str) -> Letters {
    let letters = Letters::new(queue).await;
    let ledger = &letters.ledger;
    let [reported, decided, running, released] = ["reported", "decided", "running", "released"].map(token);
    let outcome = Outcome::failed("E", "c");
    crate::task::setup::decide(ledger, &reported, &outcome).await;
    let receipt = Receipt::Recorded { request_id: None };
    ledger.mark_reported(&reported.fingerprint(), outcome.digest(), &receipt).await.unwrap();
    crate::task::setup::decide(ledger, &decided, &outcome).await;
    crate::task::setup::claim(ledger, &running).await;
    let lease = crate::task::setup::claim(ledger, &released).await;
    ledger.release(&released.fingerprint(), &lease).await.unwrap();
    for name in ["reported", "decided", "running", "released", "unseen"] {
        letters.send(&envelope(&token(name)), name).await;
    }
    for body in [START, NAMED, "not a task"] {
        letters.send(body, body).await;
    }
    letters
}

fn states(printed: &str) -> Vec<(String, bool, bool)> {
    let printed: Value = serde_json::from_str(printed).unwrap();
    let messages = printed["messages"].as_array().unwrap().clone();
    let mut states: Vec<_> = messages
        .iter()
        .map(|message| {
            let of = |name: &str| message[name].as_bool().unwrap();
            (message["state"].as_str().unwrap().to_owned(), of("useful"), of("moved"))
        })
        .collect();
    states.sort();
    states
}

#[tokio::test]
async fn letters_are_listed_by_their_state() {
    let letters = letters("tasks").await;
    let ran = letters.run(&["list"]).await;
    assert_eq!((ran.code, &*ran.stderr), (0, ""), "{}", ran.stdout);
    for (name, expected) in [
        ("reported", "reported (recorded): nothing: the task is finished"),
        ("decided", "decided, not reported (failed): reports the recorded outcome"),
        ("running", " s): nothing now: look again when the lease is over"),
        ("released", "claimed, no outcome (epoch 1): runs the step again"),
        ("unseen", "never seen: runs the step"),
    ] {
        let short = token(name).fingerprint().short();
        let line = ran.stdout.lines().find(|line| line.contains(&short)).unwrap();
        assert!(line.contains(expected) && line.contains("order-7/pay"), "{line}");
    }
    for expected in [
        "start of a flow, without a name: starts the flow under the name of its first message",
        "start of a flow, with a name: starts the flow",
        "unreadable: ",
        "8 messages; a redrive of 5 is useful.\nThis cost 8 receives",
    ] {
        assert!(ran.stdout.contains(expected), "{expected}: {}", ran.stdout);
    }
    // All of them are visible again, and nothing was moved.
    assert_eq!((letters.count("dead").await, letters.count("tasks").await), ((8, 0), (0, 0)));
    letters.shows_no_token(&["reported", "decided", "running", "released", "unseen"].map(token));
}

#[tokio::test]
async fn only_useful_letters_are_moved() {
    let letters = letters("tasks").await;
    let dry = letters.run(&["redrive", "--json"]).await;
    assert_eq!((dry.code, &*dry.stderr), (0, ""), "{}", dry.stdout);
    assert!(states(&dry.stdout).iter().all(|(.., moved)| !moved));
    assert_eq!((letters.count("dead").await, letters.count("tasks").await), ((8, 0), (0, 0)));

    let ran = letters.run(&["redrive", "--apply", "--delete-reported", "--json"]).await;
    assert_eq!((ran.code, &*ran.stderr), (0, ""), "{}", ran.stdout);
    let state = |name: &str, moved: bool| (name.to_owned(), moved, moved);
    let expected = [
        state("decided", true),
        state("flow-start", true),
        state("flow-start", true),
        state("never-seen", true),
        state("reported", false),
        state("running", false),
        state("unfinished", true),
        state("unreadable", false),
    ];
    assert_eq!(states(&ran.stdout), expected);
    assert_eq!((letters.count("dead").await, letters.count("tasks").await), ((2, 0), (5, 0)));

    let moved = letters.receive("tasks").await;
    let mut bodies: Vec<_> = moved.iter().map(|message| message.body().unwrap().to_owned()).collect();
    bodies.sort();
    let start = bodies.iter().find(|body| body.contains("firstMessage")).unwrap();
    // The rest of the text is as it was.
    assert!(start.ends_with(&START[1..]), "{start}");
    let first: Value = serde_json::from_str(start).unwrap();
    let name = first["firstMessage"].as_str().unwrap();
    assert!(name.starts_with("arn:aws:sqs:us-east-1:123456789012:tasks "), "{name}");
    for body in [NAMED.to_owned(), envelope(&token("decided")), envelope(&token("unseen"))] {
        assert!(bodies.contains(&body), "{body}");
    }
    let sent = moved[0].message_attributes().unwrap();
    assert_eq!(sent["kind"].string_value(), Some("order"));
    // In a queue that is not FIFO a group stays, and holds nothing back: the running task has that of the released one.
    for message in &moved {
        assert!(message.attributes().unwrap().contains_key(&System::MessageGroupId));
    }
    letters.shows_no_token(&["reported", "decided", "running", "released", "unseen"].map(token));
}

/// A worker reports the outcome that was decided before the message became a dead letter.
#[tokio::test]
async fn moved_letter_completes_its_task() {
    let letters = Letters::new("tasks").await;
    let server = Server::bind(Config::default()).await.unwrap();
    let opened = server.state().open(OpenTask::new(Service::Swf)).unwrap();
    let outcome = Outcome::failed("CardDeclined", "no");
    crate::task::setup::decide(&letters.ledger, &opened.token, &outcome).await;
    letters.send(&envelope(&opened.token), "decided").await;
    let ran = letters.run(&["redrive", "--apply"]).await;
    assert_eq!((ran.code, &*ran.stderr), (0, ""), "{}", ran.stdout);
    assert!(ran.stdout.contains("moved, reports the recorded outcome"), "{}", ran.stdout);

    let mut work = letters.command(&["work", "--wait", "1", "--queue-url", &letters.url("tasks")]);
    work.envs([("TASKBACK_STEP", "verify-card"), ("AWS_ENDPOINT_URL_SWF", &server.url())]);
    let worker = Process::start(&mut work);
    letters.until_empty("tasks").await;
    stop(worker).await;
    assert_eq!(server.state().task(&opened.fingerprint).unwrap().state, TaskState::Failed);
    letters.shows_no_token(&[opened.token]);
}

#[tokio::test]
async fn missing_queue_or_source_is_an_error() {
    let letters = Letters::new("tasks").await;
    let other = letters.create("other", None).await;
    let ran = letters.run(&["redrive", "--queue-url", &other]).await;
    assert!(ran.code == 2 && ran.stderr.contains("expected --to URL"), "{}", ran.stderr);
    let ran = letters.run(&["redrive", "--queue-url", &other, "--to", &other]).await;
    assert!(ran.code == 2 && ran.stderr.contains("expected another queue"), "{}", ran.stderr);
    // The same queue by another of its names.
    let alias = other.replace("127.0.0.1", "localhost");
    let ran = letters.run(&["redrive", "--queue-url", &other, "--to", &alias]).await;
    assert!(ran.code == 2 && ran.stderr.contains("expected another queue"), "{}", ran.stderr);
    let ran = letters.run(&["redrive", "--to", &letters.url("absent")]).await;
    assert!(ran.code == 2 && ran.stderr.contains("/absent: GetQueueAttributes: "), "{}", ran.stderr);
    let ran = letters.run(&["redrive", "--to", &other]).await;
    assert!(ran.code == 0 && ran.stderr.contains("its redrive policy does not name"), "{}", ran.stderr);
    let ran = letters.run(&["list", "--queue-url", &format!("{other}-absent")]).await;
    assert!(ran.code == 2 && ran.stderr.contains("ReceiveMessage: "), "{}", ran.stderr);
    let empty = letters.run(&["list", "--json"]).await;
    let printed: Value = serde_json::from_str(&empty.stdout).unwrap();
    assert_eq!((empty.code, &printed["messages"]), (0, &json!([])));
}

/// A letter that cannot be sent stays, and the command says so.
#[tokio::test]
async fn unsent_letter_stays() {
    let letters = Letters::new("tasks").await;
    let small = letters.create_small("small").await;
    let large = envelope(&token("unseen")).replace("{}", &format!("{:?}", "x".repeat(2000)));
    letters.send(&large, "unseen").await;
    let ran = letters.run(&["redrive", "--apply", "--to", &small]).await;
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(
        ran.stderr.contains("not moved: SendMessage: ") && ran.stdout.contains("0 moved"),
        "{}",
        ran.stderr
    );
    assert_eq!(letters.count("dead").await, (1, 0));
}

/// A large queue is looked at in parts.
#[tokio::test]
async fn pass_is_bounded() {
    let letters = Letters::new("tasks").await;
    for n in 0..12 {
        letters.send(&envelope(&token(&n.to_string())), &n.to_string()).await;
    }
    let ran = letters.run(&["list", "--max", "5"]).await;
    assert_eq!(ran.stdout.lines().filter(|line| line.contains("never seen")).count(), 5, "{}", ran.stdout);
    assert!(ran.stdout.contains("There are more messages"), "{}", ran.stdout);
    assert_eq!(letters.count("dead").await, (12, 0));
}

/// An error after some messages takes nothing from what is said of them.
#[tokio::test]
async fn failed_pass_shows_moved_letters() {
    let letters = Letters::new("tasks").await;
    let client = letters.dynamodb().await;
    for name in ["first", "second", "third"] {
        letters.send(&envelope(&token(name)), name).await;
    }
    // An item of another program: it cannot be read.
    let key = AttributeValue::S(token("second").fingerprint().hex());
    let put = client.put_item().table_name("tasks").item("fingerprint", key);
    put.item("state", AttributeValue::S("odd".into())).send().await.unwrap();
    let ran = letters.run(&["redrive", "--apply", "--ledger", "dynamodb:tasks"]).await;
    assert_eq!(ran.code, 1, "{} {}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("ledger"), "{}", ran.stderr);
    for expected in ["moved, runs the step", "1 message; ", "1 moved to ", "There are more messages"] {
        assert!(ran.stdout.contains(expected), "{expected}: {}", ran.stdout);
    }
    assert_eq!((letters.count("dead").await, letters.count("tasks").await), ((2, 0), (1, 0)));
}
