use aliyun_fnf::{Call, Client, Error, ErrorKind, Event, GetExecutionHistory, Operation};
use taskback_core::{ErrorKind as Kind, Flaw, RetryPolicy};
use tokio::time::{Instant, sleep};

use super::check::is_plain;

/// Makes a call until it is answered, refused, or the time is over. Every operation that is called
/// so may be called again: starts have a name, stops and questions change nothing twice.
pub(super) async fn again<O: Operation>(
    policy: &RetryPolicy,
    until: Instant,
    call: impl Fn() -> Call<O>,
) -> Result<O::Answer, Error> {
    let mut made = 0;
    loop {
        made += 1;
        let error = match call().by(until).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let left = until.saturating_duration_since(Instant::now());
        match policy.wait(kind(&error), made, left, fastrand::f64()) {
            Some(wait) => sleep(wait).await,
            None => return Err(error),
        }
    }
}

/// Every event of an execution's history.
pub(super) async fn history(
    client: &Client,
    policy: &RetryPolicy,
    (flow, execution): (&str, &str),
    until: Instant,
) -> Result<Vec<Event>, Error> {
    let mut events = Vec::new();
    let mut request = GetExecutionHistory::new(flow, execution).limit(1000);
    loop {
        let page = again(policy, until, || client.call(request.clone())).await?;
        events.extend(page.events);
        match page.next_token {
            Some(token) => request = request.next_token(token),
            None => return Ok(events),
        }
    }
}

/// What to do about an error, in the words of reports.
pub(super) fn kind(error: &Error) -> Kind {
    match error.kind() {
        ErrorKind::Throttled | ErrorKind::NoSlot => Kind::Throttled,
        ErrorKind::Unreached | ErrorKind::NoAnswer | ErrorKind::Unavailable | ErrorKind::Conflict => {
            Kind::Unavailable
        }
        ErrorKind::Credentials | ErrorKind::Denied | ErrorKind::Skewed => Kind::Denied,
        ErrorKind::InvalidRequest | ErrorKind::Refused => Kind::InvalidReport(Flaw::Other),
        ErrorKind::TooLarge => Kind::InvalidReport(Flaw::OutputSize),
        ErrorKind::Completed
        | ErrorKind::AlreadyExists
        | ErrorKind::NotFound
        | ErrorKind::Settings
        | ErrorKind::Unexpected => Kind::Unexpected,
    }
}

/// An error for logs and answers: our own text, or the code of a service's answer. The service's text
/// may quote the request, which is the user's.
pub(super) fn said(error: &Error) -> String {
    let Some(status) = error.status().filter(|_| error.kind() != ErrorKind::NoAnswer) else {
        return error.to_string();
    };
    let mut text = format!("{}: {status}", error.operation().unwrap_or_default());
    if let Some(code) = error.code().filter(|code| is_plain(code)) {
        text = format!("{text} {code}");
    }
    match error.request_id().filter(|id| is_plain(id)) {
        Some(id) => format!("{text} (request id {id})"),
        None => text,
    }
}

/// Whether two JSON texts say the same, however they are written. An empty text is an empty object,
/// which is what a start without input gets.
pub(super) fn same_json(one: &str, other: &str) -> bool {
    let value = |text: &str| match text.trim() {
        "" => serde_json::from_str::<serde_json::Value>("{}"),
        text => serde_json::from_str(text),
    };
    match (value(one), value(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::same_json;

    #[test]
    fn inputs_are_compared_by_what_they_say() {
        assert!(same_json(r#"{"a":1,"b":[2]}"#, r#"{ "b": [2], "a": 1 }"#));
        assert!(same_json("", "{}"));
        assert!(!same_json(r#"{"a":1}"#, r#"{"a":2}"#));
    }
}
