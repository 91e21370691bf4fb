//! A proxy that stops answering, to kill a process in the middle of a call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// Forwards every call. After the first `passed` calls of one operation it answers no more of them.
pub(super) struct Deaf {
    pub(super) url: String,
    /// The number of calls of that operation.
    pub(super) calls: Arc<AtomicUsize>,
}

/// The treatment of a call without an answer.
#[derive(Clone, Copy)]
pub(super) enum Unanswered {
    /// It is not forwarded.
    Dropped,
    /// It is forwarded.
    Forwarded,
}

impl Deaf {
    /// Drops reports to SWF after the first `passed`.
    pub(super) async fn after(passed: usize, swf: &str) -> Self {
        Self::to("RespondActivityTask", passed, Unanswered::Dropped, swf).await
    }

    pub(super) async fn to(
        operation: &'static str,
        passed: usize,
        unanswered: Unanswered,
        service: &str,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (calls, seen) = (Arc::new(AtomicUsize::new(0)), service.trim_start_matches("http://").to_owned());
        let count = Arc::clone(&calls);
        tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                let to = TcpStream::connect(&seen).await.unwrap();
                let deaf = (operation, passed, unanswered);
                tokio::spawn(pass(from, to, Arc::clone(&count), deaf));
            }
        });
        Self { url, calls }
    }
}

async fn pass(
    from: TcpStream,
    to: TcpStream,
    calls: Arc<AtomicUsize>,
    (operation, passed, unanswered): (&str, usize, Unanswered),
) -> std::io::Result<()> {
    let (mut asks, mut hears) = from.into_split();
    let (mut answers, mut service) = to.into_split();
    let (silence, silenced) = oneshot::channel();
    // The connection stays open without an answer: if it broke, the client would send a second copy at once.
    tokio::spawn(async move {
        tokio::select! {
            _ = tokio::io::copy(&mut answers, &mut hears) => {}
            Ok(()) = silenced => std::future::pending().await,
        }
    });
    let mut silence = Some(silence);
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let read = asks.read(&mut bytes).await?;
        if read == 0 {
            return Ok(());
        }
        let is_it = String::from_utf8_lossy(&bytes[..read]).contains(operation);
        if is_it && calls.fetch_add(1, Ordering::SeqCst) >= passed {
            match unanswered {
                Unanswered::Dropped => std::future::pending::<()>().await,
                // An error means that the service has closed the connection, which is silent as well.
                Unanswered::Forwarded => drop(silence.take().map(|silence| silence.send(()))),
            }
        }
        service.write_all(&bytes[..read]).await?;
    }
}
