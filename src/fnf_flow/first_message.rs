//! A start without a name that is sent again, as another message.

use serde_json::Value;
use taskback_core::{Members, unwrap_message};

use super::invalid::InvalidRequest;
use super::request::Request;

const FIRST_MESSAGE: &str = "firstMessage";
/// The other members that decide the name of a start.
const NAMES: [&str; 2] = ["executionName", "callbackFnFTaskToken"];

/// Returns the request with the member `firstMessage`, so that the start gets the name that it got from that message;
/// `None` where the request has a name by itself. `message` is the queue's ARN and the message's id, as they named it.
pub(crate) fn with_first_message(body: &str, message: &str) -> Result<Option<String>, InvalidRequest> {
    let request = unwrap_message(body);
    // Of a stop and of what is no request nothing is changed.
    if Request::read(&request, Some(message))?.is_stop() {
        return Ok(None);
    }
    let members = Members::parse(&request).ok_or_else(super::invalid::not_an_object)?;
    if [FIRST_MESSAGE].iter().chain(&NAMES).any(|name| members.get(name).is_some()) {
        return Ok(None);
    }
    let rest = request.trim_start().strip_prefix('{').ok_or_else(super::invalid::not_an_object)?;
    let named = format!("{{{}:{},{rest}", Value::from(FIRST_MESSAGE), Value::from(message));
    Request::read(&named, None)?;
    Ok(Some(named))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redriven_start_keeps_its_name() {
        let body = r#" {"action":"start","flowName":"f","input":{"n":1.10}}"#;
        let first = Request::read(body, Some("arn:q id-1")).unwrap();
        let again = with_first_message(body, "arn:q id-1").unwrap().unwrap();
        assert!(again.ends_with(r#""action":"start","flowName":"f","input":{"n":1.10}}"#), "{again}");
        let redriven = Request::read(&again, Some("arn:q id-2")).unwrap();
        assert_eq!(redriven.execution_name(), first.execution_name());
        assert_eq!(with_first_message(&again, "arn:q id-2").unwrap(), None, "the first stays");
    }

    #[test]
    fn named_starts_and_stops_stay_as_they_are() {
        for body in [
            r#"{"action":"start","flowName":"f","executionName":"e"}"#,
            r#"{"action":"start","flowName":"f","callbackFnFTaskToken":"t"}"#,
            r#"{"action":"stop","flowName":"f","executionName":"e"}"#,
        ] {
            assert_eq!(with_first_message(body, "arn:q id-1").unwrap(), None, "{body}");
        }
        assert!(with_first_message(r#"{"taskToken":"t"}"#, "arn:q id-1").is_err());
    }

    #[test]
    fn first_message_stands_alone() {
        for other in [r#""executionName":"e""#, r#""callbackFnFTaskToken":"t""#] {
            let body = format!(r#"{{"action":"start","flowName":"f","firstMessage":"q 1",{other}}}"#);
            assert!(Request::read(&body, None).unwrap_err().to_string().contains("firstMessage"), "{body}");
        }
    }
}
