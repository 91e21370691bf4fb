//! The proof's invariants with real processes: whatever handlers and services do, a message is acknowledged exactly if
//! its task has one accepted outcome, and that is its own. A busy machine may take the time of any task, which then has
//! none.

use std::num::NonZeroUsize;
use std::time::Duration;

use serde_json::json;
use taskback::Service;
use taskback::testing::{Fault, Message};

use super::{handler, token};
use crate::external::json as shown;
use crate::support::{MINUTE, Rig, envelope, kept_within};

/// What a handler does, and the end of its task: its output, its failure, or none.
const ENDS: [(&str, Option<&str>); 9] = [
    ("echo", Some("output")),
    ("echo", Some("output")),
    ("echo", Some("output")),
    ("declined", Some("CardDeclined")),
    ("error", None),
    ("exit", None),
    ("kill", None),
    ("nan", Some("InvalidOutput")),
    ("sleep", None),
];

const FAULTS: [Fault; 3] = [Fault::Throttled, Fault::LostAnswer, Fault::ServerError];

#[tokio::test]
async fn only_reported_tasks_are_acknowledged() {
    let rig = Rig::new();
    let step = handler().handlers(NonZeroUsize::new(3).unwrap()).max_time(Duration::from_millis(1500));
    let taskback = rig.builder().step(step).build().unwrap();
    let (mut random, mut acked) = (fastrand::Rng::with_seed(19), 0);
    for batch in 0..6 {
        rig.swf.fail_with((0..random.usize(..6)).map(|_| FAULTS[random.usize(..FAULTS.len())]));
        let tasks: Vec<_> = (0..10).map(|n| (format!("{batch}-{n}"), random.usize(..ENDS.len()))).collect();
        let message = |(name, end): &(String, usize)| {
            let input = json!({"do": ENDS[*end].0, "name": name}).to_string();
            Message::new(name.clone(), envelope(Service::Swf, name, &input))
        };
        let messages: Vec<_> = tasks.iter().map(message).collect();
        let nacked = kept_within(&taskback, &messages, MINUTE).await;
        for (name, end) in &tasks {
            let outcomes: Vec<_> = rig.swf.accepted(&token(Service::Swf, name)).iter().map(shown).collect();
            let is_acked = !nacked.contains(name);
            assert_eq!(is_acked, outcomes.len() == 1, "{name}: {outcomes:?}");
            if !is_acked {
                continue;
            }
            acked += 1;
            match ENDS[*end] {
                ("echo", _) => {
                    assert!(outcomes[0].contains(&format!("\"name\": \"{name}\"")), "{outcomes:?}")
                }
                (_, Some(error)) => assert!(outcomes[0].starts_with(error), "{name}: {outcomes:?}"),
                (what, None) => panic!("{name} {what}: {outcomes:?}"),
            }
        }
    }
    assert!(acked > 0);
}
