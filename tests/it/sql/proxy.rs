//! A relay before a server, which cuts or silences connections.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// The trouble of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The connection ends before the server gets the request.
    RequestCut,
    /// The server gets the request, and the connection ends before its answer.
    AnswerCut,
    /// The server gets the request, and its answer never arrives.
    AnswerSilent,
}

#[derive(Clone)]
pub(crate) struct Proxy {
    /// The URL through the relay.
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    /// The requests that pass before the trouble; below zero: there is none, or it is over.
    remaining: AtomicI64,
    trouble: std::sync::Mutex<Trouble>,
    /// Connections with a lower number are silent.
    silent_below: AtomicU64,
    connections: AtomicU64,
}

impl Proxy {
    pub(crate) async fn start(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (head, rest) = url.split_once('@').unwrap();
        let (address, database) = rest.split_once('/').unwrap();
        let shared = Arc::new(Shared {
            remaining: AtomicI64::new(-1),
            trouble: std::sync::Mutex::new(Trouble::RequestCut),
            silent_below: AtomicU64::new(0),
            connections: AtomicU64::new(0),
        });
        let url = format!("{head}@{}/{database}", listener.local_addr().unwrap());
        tokio::spawn(accept(listener, address.to_owned(), Arc::clone(&shared)));
        Self { url, shared }
    }

    /// Makes the trouble once, after that many requests have passed.
    pub(crate) fn arm(&self, trouble: Trouble, after: u32) {
        *self.shared.trouble.lock().unwrap() = trouble;
        self.shared.remaining.store(after.into(), Ordering::SeqCst);
    }

    /// Returns whether the trouble took place; if not, there is none any more.
    pub(crate) fn disarm(&self) -> bool {
        self.shared.remaining.swap(-1, Ordering::SeqCst) < 0
    }

    /// Lets no byte pass on the connections of before, as after a freeze. New ones work.
    pub(crate) fn silence(&self) {
        self.shared.silent_below.store(self.shared.connections.load(Ordering::SeqCst), Ordering::SeqCst);
    }
}

async fn accept(listener: TcpListener, server: String, shared: Arc<Shared>) {
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let Ok(upstream) = TcpStream::connect(&server).await else { continue };
        let number = shared.connections.fetch_add(1, Ordering::SeqCst);
        let link = Arc::new(Link {
            number,
            shared: Arc::clone(&shared),
            lost: Trouble::RequestCut.into(),
            end: Notify::new(),
        });
        let ((from_client, to_client), (from_server, to_server)) =
            (client.into_split(), upstream.into_split());
        tokio::spawn(relay(from_client, to_server, Arc::clone(&link), true));
        tokio::spawn(relay(from_server, to_client, link, false));
    }
}

/// One connection. `lost` is the trouble of its next answer.
struct Link {
    number: u64,
    shared: Arc<Shared>,
    lost: std::sync::Mutex<Trouble>,
    end: Notify,
}

async fn relay(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, link: Arc<Link>, is_request: bool) {
    let ended = link.end.notified();
    tokio::select! {
        _ = pass(&mut from, &mut to, &link, is_request) => {}
        () = ended => {}
    }
    // Both directions end together: the halves are dropped.
    link.end.notify_waiters();
}

async fn pass(
    from: &mut OwnedReadHalf,
    to: &mut OwnedWriteHalf,
    link: &Link,
    is_request: bool,
) -> io::Result<()> {
    let mut bytes = vec![0; 65536];
    loop {
        let length = from.read(&mut bytes).await?;
        if length == 0 {
            return Ok(());
        }
        if link.number < link.shared.silent_below.load(Ordering::SeqCst) {
            continue;
        }
        if is_request && link.shared.remaining.fetch_sub(1, Ordering::SeqCst) == 0 {
            let trouble = *link.shared.trouble.lock().unwrap();
            if trouble == Trouble::RequestCut {
                return Ok(());
            }
            *link.lost.lock().unwrap() = trouble;
        }
        let lost = *link.lost.lock().unwrap();
        match lost {
            Trouble::AnswerCut if !is_request => return Ok(()),
            Trouble::AnswerSilent if !is_request => continue,
            _ => to.write_all(&bytes[..length]).await?,
        }
    }
}
