use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::members::Members;

/// Unwraps a queue message: the SNS notification (`{"Type":"Notification","Message":"…"}`)
/// or EventBridge event (`{"detail-type":…,"detail":{…}}`) around it, or the record of a
/// failed asynchronous invocation (`{"requestContext":…,"requestPayload":…}`, on Function Compute with the payload as
/// text), also by SNS (`{"Records":[{"Sns":{"Message":…}}]}`), one inside the other if need be. A body that
/// holds a token itself is not a wrapper and stays as it is, and so does one that repeats a member that is read here.
pub fn unwrap_message(body: &str) -> Cow<'_, str> {
    unwrap_with(body, |members| members.holds_token())
}

/// As [`unwrap_message`], where `holds_token` says whether a body holds a token itself.
pub(crate) fn unwrap_with(body: &str, holds_token: impl Fn(&Members<'_>) -> bool) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(body);
    // SNS around EventBridge around SNS is the longest chain of subscriptions.
    for _ in 0..3 {
        match inner(&text, &holds_token) {
            Some(inner) => text = Cow::Owned(inner),
            None => break,
        }
    }
    text
}

fn inner(body: &str, holds_token: impl Fn(&Members<'_>) -> bool) -> Option<String> {
    let members = Members::parse(body)?;
    if holds_token(&members) {
        return None;
    }
    if members.text("Type").as_deref() == Some("Notification") {
        return members.text("Message");
    }
    if let Some(records) = members.get("Records") {
        return only_notification(records);
    }
    let wrapped = match (members.get("detail-type"), members.get("requestContext")) {
        (Some(_), _) => members.get("detail"),
        (None, Some(_)) => match members.text("requestPayload") {
            Some(text) => return Some(text),
            None => members.get("requestPayload"),
        },
        (None, None) => None,
    };
    wrapped.map(|inner| inner.get().to_owned())
}

/// The only notification: SNS sends its function one at a time, and several would be ambiguous.
fn only_notification(records: &RawValue) -> Option<String> {
    // Exactly one: a list of many is not even held.
    let (record,): (&RawValue,) = serde_json::from_str(records.get()).ok()?;
    Members::of(Members::of(record)?.get("Sns")?)?.text("Message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrappers_unwrap_in_any_order() {
        let body = r#"{"taskToken":"t","n":1.0000000000000000001}"#;
        let event = format!(r#"{{"version":"0","detail-type":"task","source":"app","detail":{body}}}"#);
        let notification =
            serde_json::json!({"Type": "Notification", "TopicArn": "arn", "Message": event}).to_string();
        let failed =
            format!(r#"{{"requestContext":{{"condition":"RetriesExhausted"}},"requestPayload":{event}}}"#);
        let by_sns = serde_json::json!({
            "requestContext": {}, "requestPayload": {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": body}}]}
        });
        let as_text =
            serde_json::json!({"requestContext": {"requestId": "r"}, "requestPayload": event}).to_string();
        for wrapped in [body, &event, &notification, &failed, &as_text, &by_sns.to_string()] {
            assert_eq!(unwrap_message(wrapped), body);
        }
    }

    #[test]
    fn other_bodies_stay() {
        for body in [
            "not json",
            r#"{"Type":"Notification","Message":"{}","taskToken":"t"}"#,
            r#"{"Type":"SubscriptionConfirmation","Message":"m"}"#,
            r#"{"Type":"Notification","Message":7}"#,
            r#"{"detail":{"taskToken":"t"}}"#,
            r#"{"Records":[{"Sns":{"Message":"{}"}},{"Sns":{"Message":"{}"}}]}"#,
            r#"{"Records":[]}"#,
        ] {
            assert_eq!(unwrap_message(body), body);
        }
    }
}
