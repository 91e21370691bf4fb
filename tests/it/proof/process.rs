//! A process that dies or freezes at a chosen poll.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// The fate of a process.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    Lives,
    /// The process is dropped instead of its n-th poll, counted from 1.
    KilledAt(usize),
    /// At its n-th poll the process freezes for that long, as a function does in its host, and then
    /// continues.
    FrozenAt(usize, Duration),
}

impl Fate {
    /// Whether a process met its fate within that many polls.
    pub(super) fn is_met(self, polls: usize) -> bool {
        match self {
            Self::Lives => true,
            Self::KilledAt(n) | Self::FrozenAt(n, _) => polls >= n,
        }
    }
}

/// Polls the work as its fate allows. Returns the work's result, `None` if it was killed, and the number of
/// polls.
pub(super) struct Process<F> {
    work: Option<Pin<Box<F>>>,
    fate: Fate,
    polls: usize,
    thaw: Option<Pin<Box<Sleep>>>,
}

impl<F: Future> Process<F> {
    pub(super) fn new(work: F, fate: Fate) -> Self {
        Self { work: Some(Box::pin(work)), fate, polls: 0, thaw: None }
    }
}

impl<F: Future> Future for Process<F> {
    type Output = (Option<F::Output>, usize);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Some(thaw) = &mut this.thaw {
            if thaw.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            this.thaw = None;
        } else {
            this.polls += 1;
            match this.fate {
                Fate::KilledAt(n) if n == this.polls => {
                    this.work = None;
                    return Poll::Ready((None, n));
                }
                Fate::FrozenAt(n, time) if n == this.polls => {
                    this.thaw = Some(Box::pin(sleep(time)));
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                _ => {}
            }
        }
        let work = this.work.as_mut().expect("polled after its end");
        work.as_mut().poll(context).map(|output| (Some(output), this.polls))
    }
}
