//! From an outcome to the service's receipt.

use std::ops::ControlFlow;
use std::time::Duration;

use taskback_core::{
    Outcome, PriorAttempts, Receipt, ReportError, ReportErrorKind, RetryPolicy, ServiceResponse,
    judge_response,
};
use tokio::time::Instant;

use crate::deadline::before;
use crate::metrics::{Count, Metrics, Time};
use crate::retry::{attempt_deadline, retry};
use crate::service::{Permit, ReportRequest, Reporter};
use crate::task_labels::{TaskLabels, log_task};

/// One outcome on its way to the service.
pub(crate) struct Report<'a> {
    pub(crate) reporter: &'a dyn Reporter,
    pub(crate) labels: &'a TaskLabels<'a>,
    pub(crate) outcome: &'a Outcome,
    pub(crate) policy: &'a RetryPolicy,
    pub(crate) deadline: Instant,
    pub(crate) metrics: &'a Metrics,
}

/// The facts about a delivery's reports so far.
#[derive(Default)]
pub(crate) struct Reports {
    pub(crate) prior: PriorAttempts,
    /// The permit of the first attempt, acquired before the step began.
    pub(crate) permit: Option<Permit>,
    /// The attempts of this delivery.
    pub(crate) attempts: u32,
}

/// Reports the outcome until there is a receipt, an error that a retry cannot fix, or no time. `reports` learns of
/// lost answers.
pub(crate) async fn report_with_retry(
    report: &Report<'_>,
    reports: &mut Reports,
) -> Result<Receipt, ReportError> {
    let Report { reporter, labels, outcome, policy, deadline, metrics } = *report;
    let token = &labels.task.token;
    if let Outcome::DelegatedTo { to } = outcome {
        return Ok(Receipt::Delegated { to: to.clone() });
    }
    let Reports { prior, permit: first_permit, attempts } = reports;
    let attempt = |number| {
        let permit = first_permit.take();
        async move {
            // A permit for another attempt may take longer than an attempt.
            let permit = if number == 1 {
                permit
            } else {
                before(deadline, reporter.permit(deadline)).await.flatten()
            };
            let end = attempt_deadline(deadline, Duration::ZERO);
            if Instant::now() >= end {
                return no_response(false, NO_TIME);
            }
            let response = {
                let request = ReportRequest { token, outcome, permit, deadline: end };
                before(end, reporter.report(request)).await
            };
            response.unwrap_or_else(|| no_response(true, LATE))
        }
    };
    // Of the last attempt that was not cut off by the deadline: what an operator has to know.
    let mut reason = None;
    let judge = |response: ServiceResponse, number| {
        if !is_without_call(&response) {
            *attempts += 1;
            metrics.count(labels.service(), Count::ReportAttempts);
        }
        let mut error = match judge_response(token, &response, *prior) {
            Ok(receipt) => return ControlFlow::Break(Ok(receipt)),
            Err(error) => error,
        };
        if error.kind == ReportErrorKind::Throttled {
            metrics.count(labels.service(), Count::Throttled);
        }
        if !is_cut_off(&response) {
            reason = Some(error.message.clone());
        } else if let Some(reason) = &reason {
            error.message = format!("{}, before: {reason}", error.message);
        }
        prior.lost_answer |= error.may_have_been_accepted;
        let remaining = deadline.saturating_duration_since(Instant::now());
        match policy.wait(error.kind, number, remaining, fastrand::f64()) {
            Some(wait) => {
                log_task!(
                    debug, labels, "report.retried", attempts = number, %error, "report will be retried"
                );
                ControlFlow::Continue(wait)
            }
            None => ControlFlow::Break(Err(error)),
        }
    };
    let start = metrics.start();
    let result = retry(attempt, judge).await;
    metrics.stop(labels.service(), Time::Report, start);
    result
}

const LATE: &str = "no answer in time";
const NO_TIME: &str = "no time is left for a report";

fn is_without_call(response: &ServiceResponse) -> bool {
    matches!(response, ServiceResponse::NoResponse { sent: false, reason } if reason == NO_TIME)
}

fn is_cut_off(response: &ServiceResponse) -> bool {
    matches!(response, ServiceResponse::NoResponse { reason, .. } if reason == LATE || reason == NO_TIME)
}

fn no_response(sent: bool, reason: &str) -> ServiceResponse {
    ServiceResponse::NoResponse { sent, reason: reason.into() }
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use serde_json::value::RawValue;
    use taskback_core::{Output, RawTask, Service, TaskToken};

    use super::*;
    use crate::delivery::Delivery;
    use crate::future::BoxFuture;
    use crate::metrics::Labels;

    /// The first answer names a cause, the second one never comes.
    #[derive(Default)]
    struct RefusedThenSilent(AtomicBool);

    impl Reporter for RefusedThenSilent {
        fn service(&self) -> Service {
            Service::ALL[0]
        }

        fn report<'a>(&'a self, _request: ReportRequest<'a>) -> BoxFuture<'a, ServiceResponse> {
            let is_first = !self.0.swap(true, Ordering::Relaxed);
            Box::pin(async move {
                match is_first {
                    true => no_response(false, "swf.test: connection refused"),
                    false => std::future::pending().await,
                }
            })
        }
    }

    /// Reports the outcome of a task within that time.
    async fn report(time: Duration, metrics: &Metrics, reports: &mut Reports) -> ReportError {
        let task = RawTask {
            token: TaskToken::new(Service::ALL[0], "token-of-a-task").unwrap(),
            input: RawValue::NULL.to_owned(),
            heartbeat: None,
            execution: taskback_core::Execution::default(),
        };
        let delivery = Delivery::default();
        let report = Report {
            reporter: &RefusedThenSilent::default(),
            labels: &TaskLabels::new(&task, &delivery),
            outcome: &Outcome::Succeeded(Output::new(&1).unwrap()),
            policy: &RetryPolicy::default(),
            deadline: Instant::now() + time,
            metrics,
        };
        report_with_retry(&report, reports).await.unwrap_err()
    }

    #[tokio::test(start_paused = true)]
    async fn cut_off_report_keeps_its_earlier_reason() {
        let error = report(Duration::from_secs(3), &Metrics::default(), &mut Reports::default()).await;
        assert_eq!(error.message, "no answer in time, before: swf.test: connection refused");
        assert!(error.may_have_been_accepted);
    }

    #[tokio::test(start_paused = true)]
    async fn report_without_time_is_not_an_attempt() {
        let (metrics, mut reports) = (Metrics::default(), Reports::default());
        metrics.turn_on_for_lines();
        let error = report(Duration::ZERO, &metrics, &mut reports).await;
        assert_eq!((&*error.message, reports.attempts), (NO_TIME, 0));
        let lines = metrics.take_lines(&Labels { function: "", request_id: "", is_first: true });
        assert!(!lines[0].contains("ReportAttempts"), "{lines:?}");
    }
}
