//! An SWF that goes deaf: to kill a worker in the middle of its reports.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Passes the first reports on to SWF, and no other request is ever answered.
pub(super) struct Deaf {
    pub(super) url: String,
    pub(super) reports: Arc<AtomicUsize>,
}

impl Deaf {
    pub(super) async fn after(passed: usize, swf: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (reports, seen) = (Arc::new(AtomicUsize::new(0)), swf.trim_start_matches("http://").to_owned());
        let count = Arc::clone(&reports);
        tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                let to = TcpStream::connect(&seen).await.unwrap();
                tokio::spawn(pass(from, to, Arc::clone(&count), passed));
            }
        });
        Self { url, reports }
    }
}

async fn pass(
    from: TcpStream,
    to: TcpStream,
    reports: Arc<AtomicUsize>,
    passed: usize,
) -> std::io::Result<()> {
    let (mut asks, mut hears) = from.into_split();
    let (mut answers, mut swf) = to.into_split();
    tokio::spawn(async move { tokio::io::copy(&mut answers, &mut hears).await });
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let read = asks.read(&mut bytes).await?;
        if read == 0 {
            return Ok(());
        }
        let report = String::from_utf8_lossy(&bytes[..read]).contains("RespondActivityTask");
        if report && reports.fetch_add(1, Ordering::SeqCst) >= passed {
            std::future::pending::<()>().await;
        }
        swf.write_all(&bytes[..read]).await?;
    }
}
