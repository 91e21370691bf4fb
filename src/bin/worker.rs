//! The shipped worker: its step is chosen by `TASKBACK_STEP`.

use mimalloc::MiMalloc;

/// A report is some thousand small allocations: see ARCHITECTURE.md for the figure.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), taskback::Error> {
    taskback::run_chosen().await
}
