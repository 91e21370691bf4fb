use std::ops::ControlFlow;
use std::time::Duration;

use aliyun_fnf::{Call, Client, Error, ErrorKind, Event, GetExecutionHistory, Operation, PageGuard};
use taskback_core::{RejectedPart, ReportErrorKind, RetryPolicy};
use tokio::time::Instant;

use super::invalid::is_plain;
use crate::retry::{attempt_deadline, retry};

/// Makes a call until it is answered, refused, or the time is over. Every operation that is called
/// so may be repeated: starts have a name, stops and queries change nothing twice.
pub(super) async fn with_retry<O: Operation>(
    policy: &RetryPolicy,
    deadline: Instant,
    call: impl Fn() -> Call<O>,
) -> Result<O::Response, Error> {
    with_retry_held(policy, deadline, Duration::ZERO, call).await
}

/// As [`with_retry`], for a call that the service may hold on purpose for as long as `hold`.
pub(super) async fn with_retry_held<O: Operation>(
    policy: &RetryPolicy,
    deadline: Instant,
    hold: Duration,
    call: impl Fn() -> Call<O>,
) -> Result<O::Response, Error> {
    with_retry_observed(policy, deadline, hold, call, |_| {}).await
}

/// As [`with_retry_held`]; `observe` gets the error of each attempt.
pub(super) async fn with_retry_observed<O: Operation>(
    policy: &RetryPolicy,
    deadline: Instant,
    hold: Duration,
    call: impl Fn() -> Call<O>,
    mut observe: impl FnMut(&Error),
) -> Result<O::Response, Error> {
    let attempt = |_| call().deadline(attempt_deadline(deadline, hold)).into_future();
    let judge = |answer: Result<O::Response, Error>, attempt| {
        let error = match answer {
            Ok(answer) => return ControlFlow::Break(Ok(answer)),
            Err(error) => error,
        };
        observe(&error);
        let remaining = deadline.saturating_duration_since(Instant::now());
        match policy.wait(kind(&error), attempt, remaining, fastrand::f64()) {
            Some(wait) => ControlFlow::Continue(wait),
            None => ControlFlow::Break(Err(error)),
        }
    };
    retry(attempt, judge).await
}

/// The maximum of pages of a history, of 1000 events each; FnF documents no limit for an execution.
const MAX_PAGES: usize = 100;

/// Shows each page of an execution's history, from the first event to the last. Pages that lead back to an earlier
/// one, or are too many, are an error.
pub(super) async fn history_pages(
    client: &Client,
    policy: &RetryPolicy,
    (flow, execution): (&str, &str),
    deadline: Instant,
    mut see: impl FnMut(Vec<Event>),
) -> Result<(), Error> {
    let mut request = GetExecutionHistory::new(flow, execution).limit(1000);
    let mut guard = PageGuard::new(MAX_PAGES);
    loop {
        let page = with_retry(policy, deadline, || client.call(request.clone())).await?;
        see(page.events);
        match page.next_token {
            Some(token) => {
                guard.allow(&token)?;
                request = request.next_token(token);
            }
            None => return Ok(()),
        }
    }
}

/// The kind of an error, as reports have it.
pub(super) fn kind(error: &Error) -> ReportErrorKind {
    match error.kind() {
        ErrorKind::Throttled | ErrorKind::NoPermit => ReportErrorKind::Throttled,
        ErrorKind::NotSent | ErrorKind::NoResponse | ErrorKind::Unavailable | ErrorKind::Conflict => {
            ReportErrorKind::Unavailable
        }
        ErrorKind::Credentials | ErrorKind::Denied | ErrorKind::Skewed => ReportErrorKind::Denied,
        ErrorKind::InvalidRequest | ErrorKind::Refused => ReportErrorKind::InvalidReport(RejectedPart::Other),
        ErrorKind::TooLarge => ReportErrorKind::InvalidReport(RejectedPart::OutputSize),
        ErrorKind::Completed
        | ErrorKind::AlreadyExists
        | ErrorKind::NotFound
        | ErrorKind::Settings
        | ErrorKind::Unexpected => ReportErrorKind::Unexpected,
    }
}

/// The text of an error for logs and responses: our own text, or the code of the service's answer. The service's
/// text may quote the request, which is the user's.
pub(super) fn redacted(error: &Error) -> String {
    let Some(status) = error.status().filter(|_| error.kind() != ErrorKind::NoResponse) else {
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
