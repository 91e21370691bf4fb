//! A hand-written function: all records of the batch at once, one report each; messages without a report are redelivered.
//! Built twice, with the defaults of every crate and trimmed; no log, no ledger, no deadline, no retry but the SDK's own.

use std::time::Duration;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_swf::Client;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    task_token: String,
    input: Card,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Card {
    card_number: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Verified {
    card_number: String,
    valid: bool,
}

#[cfg_attr(feature = "trimmed", tokio::main(flavor = "current_thread"))]
#[cfg_attr(not(feature = "trimmed"), tokio::main)]
async fn main() -> Result<(), Error> {
    let loader = aws_config::defaults(aws_config::BehaviorVersion::latest());
    #[cfg(feature = "trimmed")]
    let loader = loader.http_client(trimmed_http_client());
    let client = Client::new(&loader.load().await);
    let pause: u64 = std::env::var("BENCH_STEP_MS").ok().and_then(|ms| ms.parse().ok()).unwrap_or(0);
    let pause = Duration::from_millis(pause);
    let client = &client;
    run(service_fn(move |event| handle(client, pause, event))).await
}

#[cfg(feature = "trimmed")]
fn trimmed_http_client() -> aws_sdk_swf::config::SharedHttpClient {
    use aws_smithy_http_client::{Builder, tls};
    let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    Builder::new().tls_provider(ring).build_https()
}

async fn handle(
    client: &Client,
    pause: Duration,
    event: LambdaEvent<SqsEvent>,
) -> Result<SqsBatchResponse, Error> {
    let reports = event.payload.records.into_iter().map(|record| async move {
        let id = record.message_id.clone().unwrap_or_default();
        report(client, pause, record).await.err().map(|_| id)
    });
    let mut response = SqsBatchResponse::default();
    for id in futures_util::future::join_all(reports).await.into_iter().flatten() {
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        response.batch_item_failures.push(failure);
    }
    Ok(response)
}

async fn report(client: &Client, pause: Duration, record: SqsMessage) -> Result<(), Error> {
    let message: Message = serde_json::from_str(&record.body.unwrap_or_default())?;
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    let call = client.respond_activity_task_completed().task_token(message.task_token);
    call.result(serde_json::to_string(&verify(&message.input)?)?).send().await?;
    Ok(())
}

fn verify(card: &Card) -> Result<Verified, Error> {
    let digits: Vec<u32> = card.card_number.chars().filter_map(|c| c.to_digit(10)).collect();
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let places = digits.iter().rev().enumerate();
    let sum: u32 = places.map(|(at, digit)| if at % 2 == 0 { *digit } else { doubled(*digit) }).sum();
    if !(12..=19).contains(&digits.len()) || !sum.is_multiple_of(10) {
        return Err("declined".into());
    }
    let last: String = digits[digits.len() - 4..].iter().map(u32::to_string).collect();
    Ok(Verified { card_number: format!("**** **** **** {last}"), valid: true })
}
