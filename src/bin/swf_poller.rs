//! Puts the activity tasks of an SWF task list into the workers' queue, invoked by a schedule.

use mimalloc::MiMalloc;

/// A report is some thousand small allocations: docs/design/performance.md has the figure.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), taskback::Error> {
    taskback::run_swf_poller().await
}
