use aliyun_fnf::{Call, Error, ErrorKind, Operation};
use taskback_core::{ErrorKind as Kind, Flaw, RetryPolicy};
use tokio::time::{Instant, sleep};

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
