//! The shipped worker: its step is configured by `TASKBACK_STEP`.

use mimalloc::MiMalloc;

/// A report is some thousand small allocations: docs/design/performance.md has the figure.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), taskback::Error> {
    taskback::run_configured().await
}
