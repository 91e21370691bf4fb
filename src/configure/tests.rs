use super::*;
use crate::Taskback;
use crate::aws;
use crate::step::StepError;

/// A ledger in memory instead would forget outcomes that other workers rely on.
#[tokio::test]
async fn connect_alone_uses_the_configured_ledger() {
    let vars =
        [("TASKBACK_LEDGER", "dynamodb:tasks")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings = Settings::from_vars(vars).unwrap();
    let clients = Clients::from_sdk_config(aws::local("http://localhost:1"), &settings);
    let step = async |_: crate::step::Task<u32>| Ok::<u32, StepError>(1);
    let taskback = Taskback::builder().step(step).connect(&clients).await.unwrap().build().unwrap();
    assert!(taskback.0.adapter.ledger.is_shared());
}
