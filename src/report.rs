//! From an outcome to the service's receipt.

use std::ops::ControlFlow;
use std::time::Duration;

use taskback_core::{
    Outcome, PriorAttempts, Receipt, ReportError, RetryPolicy, ServiceResponse, judge_response,
};
use tokio::time::Instant;

use crate::deadline::before;
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
    let Report { reporter, labels, outcome, policy, deadline } = *report;
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
                return no_response(false, "no time is left for a report");
            }
            let response = {
                let request = ReportRequest { token, outcome, permit, deadline: end };
                before(end, reporter.report(request)).await
            };
            response.unwrap_or_else(|| no_response(true, "no answer in time"))
        }
    };
    let judge = |response: ServiceResponse, number| {
        *attempts += 1;
        let error = match judge_response(token, &response, *prior) {
            Ok(receipt) => return ControlFlow::Break(Ok(receipt)),
            Err(error) => error,
        };
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
    retry(attempt, judge).await
}

fn no_response(sent: bool, reason: &str) -> ServiceResponse {
    ServiceResponse::NoResponse { sent, reason: reason.into() }
}
