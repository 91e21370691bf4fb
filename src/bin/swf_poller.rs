//! Hands the activity tasks of an SWF task list to the workers' queue, when a schedule says so.

use mimalloc::MiMalloc;

/// As in the other handlers.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), taskback::Error> {
    taskback::run_swf_poller().await
}
