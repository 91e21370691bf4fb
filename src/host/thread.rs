use std::thread;
use std::time::Duration;

use tokio::runtime;
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::error::{Error, ErrorKind};
use crate::log;

/// Starts the log and runs `main` on a thread of its own, so that a step that blocks its thread stops neither deadline
/// nor heartbeats nor the response.
pub(super) async fn on_own_thread(
    main: impl Future<Output = Result<(), Error>> + Send + 'static,
) -> Result<(), Error> {
    log::init();
    if cfg!(panic = "abort") {
        tracing::warn!(
            event = "process.panic_aborts",
            "built with panic = \"abort\": a step that panics ends the process and its whole batch"
        );
    }
    let result = wait_for(main).await;
    log::flush();
    result
}

async fn wait_for(main: impl Future<Output = Result<(), Error>> + Send + 'static) -> Result<(), Error> {
    let (sender, receiver) = oneshot::channel();
    let serve = move || -> Result<(), Error> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.spawn(standing_timer());
        // A task, for every wake-up of the future under `block_on` itself is a system call.
        let main = runtime.spawn(main);
        runtime
            .block_on(main)
            .unwrap_or_else(|_| Err(Error::new(ErrorKind::Host, "the serving task panicked")))
    };
    thread::Builder::new().name("taskback".into()).spawn(move || {
        // The receiver is gone if the caller dropped this future.
        let _ = sender.send(serve());
    })?;
    receiver.await.unwrap_or_else(|_| Err(Error::new(ErrorKind::Host, "the serving thread ended")))
}

/// A timer that ends before those of reports, leases and invocations. tokio wakes its driver, a system call, for each
/// timer that ends before all that it knew when it last waited; without this one that were three a report.
async fn standing_timer() {
    loop {
        sleep(Duration::from_secs(1)).await;
    }
}
