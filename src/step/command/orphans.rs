//! Processes that lost their parent. Where this process is the first one of a container (PID 1), or a subreaper, they
//! become its children, and stay as zombies until they are reaped here.
//!
//! Only what is not waited for elsewhere may be reaped, since the status of an end can be read once. So the programs of
//! steps are listed from before they can end until they are reaped, and a group's number is looked at only while no
//! program can start.

use std::collections::BTreeSet;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::{fs, io};

use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, WaitOptions, waitid, waitpgid, waitpid};
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

/// Programs that are still to be reaped by their steps.
static PROGRAMS: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Shared while a program starts or is reaped; exclusive while orphans are.
static GATE: RwLock<()> = RwLock::new(());

fn programs() -> MutexGuard<'static, BTreeSet<u32>> {
    PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a program that no reaping of orphans takes.
pub(super) fn spawn(command: &mut Command) -> io::Result<Child> {
    let _shared = GATE.read().unwrap_or_else(PoisonError::into_inner);
    let child = command.spawn()?;
    programs().insert(child.id());
    Ok(child)
}

/// Reaps a program that has ended.
pub(super) fn reap(child: &mut Child) -> io::Result<ExitStatus> {
    let _shared = GATE.read().unwrap_or_else(PoisonError::into_inner);
    // Before: afterwards its id may be another program's.
    programs().remove(&child.id());
    child.wait()
}

/// Leaves a program that its step did not reap to the reaping of orphans.
pub(super) fn disown(child: &Child) {
    programs().remove(&child.id());
}

/// Reaps all processes that this one adopts, from now on. For a process whose only children are the programs of steps:
/// what else it starts would lose the status of its end.
pub(crate) fn reap_all() {
    if let (true, Ok(mut ends)) = (adopts(), signal(SignalKind::child())) {
        tokio::spawn(async move {
            loop {
                reap_orphans();
                ends.recv().await;
            }
        });
    }
}

/// Reaps what was left of a step's group when its program was reaped; it may take a moment to die.
pub(super) fn follow(group: Pid) {
    if adopts()
        && let Ok(runtime) = Handle::try_current()
        && let Ok(mut ends) = signal(SignalKind::child())
        && reap_group(group)
    {
        runtime.spawn(async move {
            while reap_group(group) {
                ends.recv().await;
            }
        });
    }
}

/// Returns whether this process becomes the parent of processes that lose theirs.
fn adopts() -> bool {
    #[cfg(target_os = "linux")]
    if matches!(rustix::process::child_subreaper(), Ok(Some(_))) {
        return true;
    }
    std::process::id() == 1
}

/// Reaps all that have ended of a group; `false` = none of it is left here.
fn reap_group(group: Pid) -> bool {
    let _exclusive = GATE.write().unwrap_or_else(PoisonError::into_inner);
    // With its last member gone, the group's number may have become another program's.
    if programs().contains(&group.as_raw_nonzero().get().unsigned_abs()) {
        return false;
    }
    loop {
        match waitpgid(group, WaitOptions::NOHANG) {
            Ok(Some(_)) | Err(Errno::INTR) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

fn reap_orphans() {
    let _exclusive = GATE.write().unwrap_or_else(PoisonError::into_inner);
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    // Mostly there are none.
    if matches!(waitid(WaitId::All, look), Ok(Some(_))) {
        let programs = programs();
        for id in zombies().into_iter().filter(|id| !programs.contains(id)) {
            if let Some(id) = i32::try_from(id).ok().and_then(Pid::from_raw) {
                let _ = waitpid(Some(id), WaitOptions::NOHANG);
            }
        }
    }
}

/// The children of this process that have ended, as `/proc` lists them.
fn zombies() -> Vec<u32> {
    let own = std::process::id().to_string();
    let is_zombie = |id: &u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        // Behind the program's name, which may hold anything: state and parent.
        let mut fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
        fields.next() == Some("Z") && fields.next() == Some(&own)
    };
    let names = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.filter_map(|name| name.to_str()?.parse().ok()).filter(is_zombie).collect()
}
