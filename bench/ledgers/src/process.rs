//! What /proc says of a process.

use std::fs;
use std::time::Duration;

use crate::Result;

/// The CPU of a process and of its ended threads, to the hundredth of a second.
pub fn cpu(process: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name may hold spaces; utime and stime are fields 14 and 15, counted from 1.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: Vec<u64> = fields.skip(11).take(2).map(str::parse).collect::<std::result::Result<_, _>>()?;
    Ok(Duration::from_millis(10 * ticks.iter().sum::<u64>()))
}

/// The number of the process's files that are that path, or connections to that port of loopback.
pub fn open_files(process: u32, of: &Of) -> usize {
    let targets = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
    let targets = targets.filter_map(|entry| fs::read_link(entry.path()).ok());
    let targets = targets.map(|target| target.to_string_lossy().into_owned());
    match of {
        Of::Nothing => 0,
        Of::File(path) => targets.filter(|target| target == path).count(),
        Of::Port(port) => {
            let sockets = sockets(*port);
            targets.filter(|target| sockets.contains(target)).count()
        }
    }
}

/// What a store's connections are.
pub enum Of {
    Nothing,
    File(String),
    Port(u16),
}

/// The established connections to a port, as the targets of their descriptors.
fn sockets(port: u16) -> Vec<String> {
    let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let remote = format!(":{port:04X}");
    let lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let established =
        lines.filter(|fields| fields.len() > 9 && fields[2].ends_with(&remote) && fields[3] == "01");
    established.map(|fields| format!("socket:[{}]", fields[9])).collect()
}
