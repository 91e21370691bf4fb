//! No message changes its meaning by the words that later services brought: for the first services they are data.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use taskback::{MessageFormat, Service};

use super::config;

/// The words of later services, and neutral ones in their place, which never had a meaning.
const WORDS: [(&str, &str); 7] = [
    ("job", "jox"),
    ("callbackId", "callbackXx"),
    ("callback_id", "callback_xx"),
    ("CallbackId", "CallbackXx"),
    ("durable", "haircut"),
    ("Durable", "Haircut"),
    ("sfn", "tax"),
];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn words_of_later_services_are_data(body in object(2), service in select(vec![None, Some(Service::Fnf), Some(Service::Swf)])) {
        // Beside these a later service's name makes an envelope, whole or broken.
        let names_one = ["durable", "Durable", "sfn"].iter().any(|name| body.contains(name));
        let lower = body.to_ascii_lowercase();
        prop_assume!(!(names_one && (lower.contains("input") || lower.contains("execution"))));
        let format = MessageFormat { service, ..MessageFormat::default() };
        let read = |text: &str| format.message(text).map(|task| {
            (task.token.service(), neutral(task.token.expose()), neutral(task.input.get()))
        });
        prop_assert_eq!(read(&body), read(&neutral(&body)), "{}", body);
    }
}

fn neutral(text: &str) -> String {
    WORDS.iter().fold(text.to_owned(), |text, (word, neutral)| text.replace(word, neutral))
}

/// An object of members that decoders read, and wrappers around such objects.
fn object(depth: u32) -> BoxedStrategy<String> {
    let names = select(vec![
        "taskToken",
        "TaskToken",
        "task_token",
        "callbackId",
        "callback_id",
        "CallbackId",
        "service",
        "Service",
        "input",
        "execution",
        "job",
        "version",
        "a",
        "detail",
        "detail-type",
        "requestPayload",
        "requestContext",
    ]);
    let texts =
        vec!["\"t\"", "\"durable\"", "\"Durable\"", "\"sfn\"", "\"fnf\"", "\"swf\"", "\"x\"", "null", "1.0"];
    let plain = select(texts).prop_map(str::to_owned);
    let value = match depth {
        0 => plain.boxed(),
        _ => {
            let inner = object(depth - 1);
            let text = object(depth - 1).prop_map(|json| serde_json::json!(json).to_string());
            prop_oneof![4 => plain, 1 => inner, 1 => text].boxed()
        }
    };
    let members = vec((names, value).prop_map(|(name, value)| format!("\"{name}\":{value}")), 0..6);
    let object = members.prop_map(|members| format!("{{{}}}", members.join(",")));
    if depth == 0 {
        return object.boxed();
    }
    let notification = self::object(depth - 1)
        .prop_map(|json| serde_json::json!({"Type": "Notification", "Message": json}).to_string());
    prop_oneof![4 => object, 1 => notification].boxed()
}
