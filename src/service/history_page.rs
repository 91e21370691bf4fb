//! One page of a workflow's history.

use std::time::Duration;

use tokio::time::timeout;

/// The maximum time of one page, well below the time that a usual function reserves for reports.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// The answer to one page's call; `None` = there is none, or an error. A call that hangs is repeated once.
pub(super) async fn answered<T, E, F>(call: impl Fn() -> F) -> Option<T>
where
    F: Future<Output = Result<T, E>>,
{
    match timeout(PATIENCE, call()).await {
        Ok(answer) => answer.ok(),
        Err(_) => timeout(PATIENCE, call()).await.ok()?.ok(),
    }
}
