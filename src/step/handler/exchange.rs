//! The state of one child's Runtime API: it asks for an invocation, and answers the one that it has.

use tokio::sync::watch;

use super::answer::{Answer, Failure};
use super::invocation::Invocation;

/// What passes between a child and the step. It belongs to one process, so an answer of an earlier one cannot reach it.
pub(super) struct Exchange(watch::Sender<State>);

#[derive(Default)]
struct State {
    /// The requests for an invocation that are open.
    asking: usize,
    /// An invocation that no request has taken yet.
    offered: Option<Invocation>,
    /// The ids of the invocation that the child has: request id, invocation id.
    open: Option<(String, String)>,
    answer: Option<Answer>,
    init_error: Option<Failure>,
}

impl Exchange {
    pub(super) fn new() -> Self {
        Self(watch::Sender::default())
    }

    /// Returns whether the child waits for an invocation.
    pub(super) fn is_asking(&self) -> bool {
        self.0.borrow().asking > 0
    }

    /// Waits until the child asks for an invocation. The error is its failed start.
    pub(super) async fn asked(&self) -> Result<(), Failure> {
        let mut seen = self.0.subscribe();
        let ready = |state: &State| state.init_error.is_some() || state.asking > 0;
        match seen.wait_for(ready).await.map(|state| state.init_error.clone()) {
            Ok(Some(failure)) => Err(failure),
            // The sender is here.
            Ok(None) | Err(_) => Ok(()),
        }
    }

    /// Offers the one invocation, and forgets everything about earlier ones.
    pub(super) fn offer(&self, invocation: Invocation) {
        self.0.send_modify(|state| {
            (state.open, state.answer) = (None, None);
            state.offered = Some(invocation);
        });
    }

    /// Waits for the answer to the invocation that was offered last.
    pub(super) async fn answered(&self) -> Answer {
        loop {
            let mut seen = self.0.subscribe();
            let _ = seen.wait_for(|state| state.answer.is_some()).await;
            drop(seen);
            let mut answer = None;
            self.0.send_if_modified(|state| {
                answer = state.answer.take();
                false
            });
            if let Some(answer) = answer {
                return answer;
            }
        }
    }

    /// Waits for an invocation, on behalf of the child.
    pub(super) async fn next(&self) -> Invocation {
        let mut asking = Asking::begin(&self.0);
        let mut seen = self.0.subscribe();
        loop {
            let _ = seen.wait_for(|state| state.offered.is_some()).await;
            if let Some(invocation) = asking.take() {
                return invocation;
            }
        }
    }

    /// Takes an answer of the child. `false` = it is not the answer to the invocation that the child has.
    pub(super) fn take(&self, id: &str, invocation_id: Option<&str>, answer: Answer) -> bool {
        self.0.send_if_modified(|state| {
            let is_open = state.open.as_ref().is_some_and(|(open, open_invocation)| {
                open == id && invocation_id.is_none_or(|echo| echo == open_invocation)
            });
            if is_open {
                (state.open, state.answer) = (None, Some(answer));
            }
            is_open
        })
    }

    /// Notes that the child's start failed.
    pub(super) fn fail_init(&self, failure: Failure) {
        self.0.send_modify(|state| state.init_error = Some(failure));
    }
}

/// A request for an invocation. One that is dropped, because the child hung up, takes none.
struct Asking<'a> {
    state: &'a watch::Sender<State>,
    is_open: bool,
}

impl<'a> Asking<'a> {
    fn begin(state: &'a watch::Sender<State>) -> Self {
        state.send_modify(|state| state.asking += 1);
        Self { state, is_open: true }
    }

    /// In one step, so that a child that has an invocation is never seen asking.
    fn take(&mut self) -> Option<Invocation> {
        let mut taken = None;
        self.state.send_if_modified(|state| {
            taken = state.offered.take();
            if let Some(invocation) = &taken {
                state.open = Some((invocation.id.clone(), invocation.invocation_id.clone()));
                state.asking -= 1;
            }
            taken.is_some()
        });
        self.is_open = taken.is_none();
        taken
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if self.is_open {
            self.state.send_modify(|state| state.asking -= 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::FutureExt;

    use super::*;

    fn invocation(id: &str) -> Invocation {
        let (id, invocation_id) = (id.to_owned(), format!("{id}-run"));
        let event = Bytes::from_static(b"{}");
        Invocation {
            id,
            invocation_id,
            deadline_ms: 1,
            function_arn: None,
            trace: None,
            client_context: "{}".into(),
            event,
        }
    }

    fn output() -> Answer {
        Answer::Output(b"1".to_vec())
    }

    #[test]
    fn only_open_invocation_is_answered() {
        let exchange = Exchange::new();
        assert!(!exchange.take("a", None, output()), "nothing is open");
        exchange.offer(invocation("a"));
        assert!(!exchange.take("a", None, output()), "the child does not have it yet");
        assert_eq!(exchange.next().now_or_never().unwrap().id, "a");
        for (id, echo) in [("b", None), ("a", Some("b-run")), ("a", Some(""))] {
            assert!(!exchange.take(id, echo, output()), "{id} {echo:?}");
        }
        assert!(exchange.answered().now_or_never().is_none());
        assert!(exchange.take("a", Some("a-run"), output()));
        assert!(!exchange.take("a", Some("a-run"), output()), "one answer each");
        assert!(exchange.answered().now_or_never().is_some());
    }

    #[test]
    fn late_answer_does_not_reach_the_next() {
        let exchange = Exchange::new();
        exchange.offer(invocation("a"));
        exchange.next().now_or_never().unwrap();
        exchange.offer(invocation("b"));
        assert!(!exchange.take("a", None, output()));
        exchange.next().now_or_never().unwrap();
        assert!(!exchange.take("a", None, output()) && !exchange.take("b", Some("a-run"), output()));
        assert!(exchange.answered().now_or_never().is_none());
        assert!(exchange.take("b", None, output()));
    }

    #[test]
    fn request_that_hung_up_takes_nothing() {
        let exchange = Exchange::new();
        assert!(exchange.next().now_or_never().is_none());
        assert!(!exchange.is_asking(), "the request was dropped");
        exchange.offer(invocation("a"));
        assert_eq!(exchange.next().now_or_never().unwrap().id, "a");
        assert!(!exchange.is_asking() && exchange.asked().now_or_never().is_none());
    }
}
