//! The log of all servers of this process, down to TRACE. It is installed before the first server,
//! because a log statement that runs before its subscriber may stay disabled.

use std::io;
use std::sync::{Mutex, Once, PoisonError};

use tracing::Level;

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static START: Once = Once::new();

pub(crate) fn start() {
    START.call_once(|| tracing_subscriber::fmt().with_max_level(Level::TRACE).with_writer(|| Log).init());
}

pub(crate) fn text() -> String {
    String::from_utf8(LOG.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap()
}

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
