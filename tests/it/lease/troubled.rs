//! A ledger whose calls fail as scripted.

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use taskback::BoxFuture;
use taskback::ledger::{ClaimRequest, Claimed, Lease, Ledger, LedgerError, Memory, WriteResult};
use taskback::{Digest, Fingerprint, Outcome, Receipt};
use tokio::time::sleep;

/// The fate of a call.
#[derive(Clone, Copy)]
pub(crate) enum Trouble {
    Hangs,
    Unavailable,
    Refused,
    Slow(Duration),
    /// A renewal finds another owner.
    Superseded,
}

/// A ledger with trouble for the first calls of each named method.
#[derive(Default)]
pub(crate) struct Troubled {
    pub(super) memory: Memory,
    trouble: Mutex<HashMap<&'static str, (Trouble, u32)>>,
}

impl Troubled {
    pub(crate) fn new(trouble: &[(&'static str, Trouble, u32)]) -> Arc<Self> {
        let trouble = trouble.iter().map(|&(call, trouble, times)| (call, (trouble, times))).collect();
        Arc::new(Self { memory: Memory::default().shared(), trouble: Mutex::new(trouble) })
    }

    fn call<'a, T: Send + 'a>(
        &'a self,
        name: &str,
        done: BoxFuture<'a, Result<T, LedgerError>>,
    ) -> BoxFuture<'a, Result<T, LedgerError>> {
        let mut trouble = self.trouble.lock().unwrap();
        let Some((trouble, times)) = trouble.get_mut(name).filter(|(_, times)| *times > 0) else {
            return done;
        };
        *times -= 1;
        let text = "the test's own fault".to_owned();
        match *trouble {
            Trouble::Hangs => Box::pin(pending()),
            Trouble::Unavailable => Box::pin(async { Err(LedgerError::Unavailable(text)) }),
            Trouble::Refused => Box::pin(async { Err(LedgerError::Refused(text)) }),
            Trouble::Slow(time) => Box::pin(async move {
                sleep(time).await;
                done.await
            }),
            Trouble::Superseded => done,
        }
    }
}

impl Ledger for Troubled {
    fn is_shared(&self) -> bool {
        true
    }

    fn claim<'a>(
        &'a self,
        key: &'a Fingerprint,
        request: &'a ClaimRequest<'a>,
    ) -> BoxFuture<'a, Result<Claimed, LedgerError>> {
        self.call("claim", Box::pin(async move { self.memory.claim(key, request).await }))
    }

    fn renew<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
        duration: Duration,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        let superseded = matches!(self.trouble.lock().unwrap().get("renew"), Some((Trouble::Superseded, _)));
        let renewed = async move {
            if superseded {
                Ok(WriteResult::Superseded)
            } else {
                self.memory.renew(key, lease, duration).await
            }
        };
        self.call("renew", Box::pin(renewed))
    }

    fn release<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
    ) -> BoxFuture<'a, Result<(), LedgerError>> {
        self.call("release", Box::pin(async move { self.memory.release(key, lease).await }))
    }

    fn decide<'a>(
        &'a self,
        key: &'a Fingerprint,
        lease: &'a Lease,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        self.call("decide", Box::pin(async move { self.memory.decide(key, lease, outcome).await }))
    }

    fn replace<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        outcome: &'a Outcome,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        self.call("replace", Box::pin(async move { self.memory.replace(key, decided, outcome).await }))
    }

    fn mark_reported<'a>(
        &'a self,
        key: &'a Fingerprint,
        decided: Digest,
        receipt: &'a Receipt,
    ) -> BoxFuture<'a, Result<WriteResult, LedgerError>> {
        self.call("reported", Box::pin(async move { self.memory.mark_reported(key, decided, receipt).await }))
    }
}
