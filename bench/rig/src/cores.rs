//! One core for the rig and one for the handler, so that neither slows down the other.

use std::io;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The two cores that are used.
#[derive(Clone, Copy, Debug)]
pub struct Cores {
    rig: usize,
    handler: usize,
}

impl Cores {
    /// Takes the first two cores that this process may use, and moves the rig to the first.
    pub fn take() -> io::Result<Self> {
        let allowed = sched_getaffinity(SELF)?;
        let mut cores = (0..CpuSet::count()).filter(|core| allowed.is_set(*core) == Ok(true));
        let two = cores.next().zip(cores.next());
        let (rig, handler) = two.ok_or_else(|| io::Error::other("the rig needs two cores"))?;
        let cores = Self { rig, handler };
        pin(rig)?;
        Ok(cores)
    }

    /// Runs `spawn` on the handler's core, which the spawned process inherits.
    pub fn on_handlers<T>(self, spawn: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        pin(self.handler)?;
        let spawned = spawn();
        pin(self.rig)?;
        spawned
    }
}

/// The calling thread, for the kernel.
const SELF: Pid = Pid::from_raw(0);

fn pin(core: usize) -> io::Result<()> {
    let mut only = CpuSet::new();
    only.set(core)?;
    Ok(sched_setaffinity(SELF, &only)?)
}
