//! moto's DynamoDB, its tables and a clock.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use taskback::ledger::DynamoDb;
use taskback::testing::ScriptedService;
use taskback::{
    BoxFuture, Clients, Fingerprint, Outcome, ReportRequest, Reporter, Service, ServiceResponse, Settings,
    aws,
};

/// The URL of moto, one server for all tests.
pub(super) fn url() -> String {
    // moto ends when its standard input closes, hence with this process.
    static MOTO: OnceLock<(Child, String)> = OnceLock::new();
    MOTO.get_or_init(start).1.clone()
}

fn start() -> (Child, String) {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut moto = Command::new(format!("{root}/target/venv/bin/python"))
        .arg(format!("{root}/tests/peers/dynamodb.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("no Python in target/venv: tests/run makes it");
    let mut url = String::new();
    BufReader::new(moto.stdout.take().unwrap()).read_line(&mut url).unwrap();
    assert!(url.starts_with("http"), "no moto in target/venv: tests/run installs it");
    (moto, url.trim().to_owned())
}

/// A client with an endpoint from the settings, as the handler builds it.
pub(super) fn client(url: &str) -> Client {
    let settings = Settings::from_vars([("AWS_ENDPOINT_URL_DYNAMODB".into(), url.into())]).unwrap();
    Clients::from_sdk_config(aws::local("http://elsewhere.invalid"), &settings).dynamodb()
}

pub(super) struct Table {
    client: Client,
    name: &'static str,
}

impl Table {
    pub(super) async fn create(name: &'static str) -> Self {
        let client = client(&url());
        let key = AttributeDefinition::builder()
            .attribute_name("fingerprint")
            .attribute_type(ScalarAttributeType::S)
            .build();
        let hash = KeySchemaElement::builder().attribute_name("fingerprint").key_type(KeyType::Hash).build();
        let table = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
        table
            .attribute_definitions(key.unwrap())
            .key_schema(hash.unwrap())
            .send()
            .await
            .expect("moto makes a table");
        Self { client, name }
    }

    pub(super) fn ledger(&self, clock: &Clock) -> DynamoDb {
        let clock = clock.clone();
        DynamoDb::new(self.client.clone(), self.name).clock(move || clock.now())
    }

    pub(super) async fn put(&self, key: &Fingerprint, attributes: &[(&str, AttributeValue)]) {
        self.put_at(&key.hex(), attributes).await;
    }

    pub(super) async fn put_at(&self, key: &str, attributes: &[(&str, AttributeValue)]) {
        let mut put = self.client.put_item().table_name(self.name);
        put = put.item("fingerprint", AttributeValue::S(key.to_owned()));
        for (name, value) in attributes {
            put = put.item(*name, value.clone());
        }
        put.send().await.unwrap();
    }

    /// The item, sorted by attribute name.
    pub(super) async fn shown(&self, key: &Fingerprint) -> String {
        self.shown_at(&key.hex()).await
    }

    /// The number of items.
    pub(super) async fn count(&self) -> i32 {
        self.client.scan().table_name(self.name).send().await.unwrap().count
    }

    pub(super) async fn shown_at(&self, key: &str) -> String {
        let get = self.client.get_item().table_name(self.name);
        let got = get.key("fingerprint", AttributeValue::S(key.to_owned())).send().await.unwrap();
        let item = got.item.expect("an item");
        let mut attributes: Vec<_> = item
            .iter()
            .filter(|(name, _)| *name != "fingerprint")
            .map(|(name, value)| match value {
                AttributeValue::S(value) | AttributeValue::N(value) => format!("{name}={value}"),
                other => format!("{name}={other:?}"),
            })
            .collect();
        attributes.sort();
        attributes.join(" ")
    }
}

/// A clock that the test advances. All clones share one time.
#[derive(Clone)]
pub(super) struct Clock(Arc<AtomicU64>);

impl Clock {
    pub(super) fn advance(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
    }

    /// A clock that stays at this time.
    pub(super) fn stopped(&self) -> Self {
        Self(Arc::new(AtomicU64::new(self.0.load(Ordering::Relaxed))))
    }

    pub(super) fn seconds(&self) -> u64 {
        self.0.load(Ordering::Relaxed) / 1000
    }

    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(1_800_000_000_000)))
    }
}

/// A service that accepts outputs of any length.
#[derive(Clone)]
pub(super) struct Roomy(pub(super) ScriptedService);

impl Default for Roomy {
    fn default() -> Self {
        Self(ScriptedService::new(Service::Swf))
    }
}

impl Reporter for Roomy {
    fn service(&self) -> Service {
        Service::Swf
    }

    fn enforce_limits(&self, outcome: Outcome) -> Outcome {
        outcome
    }

    fn report<'a>(&'a self, request: ReportRequest<'a>) -> BoxFuture<'a, ServiceResponse> {
        self.0.report(request)
    }
}
