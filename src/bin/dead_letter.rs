//! Reports every task whose message reached the dead-letter queue.

use mimalloc::MiMalloc;

/// A report is some thousand small allocations: docs/design/performance.md has the figure.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), taskback::Error> {
    taskback::run_dead_letters().await
}
