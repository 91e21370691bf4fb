//! The Lambda layer: makes the handler of a managed runtime the step of each task.

use mimalloc::MiMalloc;

/// A report is some thousand small allocations: docs/design/performance.md has the figure.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), taskback::Error> {
    taskback::run_exec_wrapper(std::env::args().skip(1).collect()).await
}
