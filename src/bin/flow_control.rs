//! Starts and stops flows of FnF for queue messages and direct invocations.

use mimalloc::MiMalloc;

/// A report is some thousand small allocations: docs/design/performance.md has the figure.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), taskback::Error> {
    taskback::run_flow_control().await
}
