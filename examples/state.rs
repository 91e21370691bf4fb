//! A function whose step has state: made once, when the process starts, and shared by all tasks.
//!
//! The state here remembers payments, because a step may run more than once for a task. The task's fingerprint is the
//! same in every run, so it is the key under which the work was done. In a real function this is a database, or the
//! `Idempotency-Key` of a payment service.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use taskback::{StepError, Task};

#[derive(Deserialize)]
struct Charge {
    cents: u64,
}

#[derive(Clone, Serialize)]
struct Payment {
    cents: u64,
    number: usize,
}

#[derive(Default)]
struct Payments {
    by_task: Mutex<HashMap<String, Payment>>,
}

impl Payments {
    /// Charges once for each key.
    fn charge(&self, key: String, cents: u64) -> Payment {
        let mut payments = self.by_task.lock().unwrap_or_else(PoisonError::into_inner);
        let number = payments.len() + 1;
        payments.entry(key).or_insert(Payment { cents, number }).clone()
    }
}

async fn charge(payments: Arc<Payments>, task: Task<Charge>) -> Result<Payment, StepError> {
    Ok(payments.charge(task.fingerprint().to_string(), task.input.cents))
}

#[tokio::main]
async fn main() -> Result<(), taskback::Error> {
    let payments = Arc::new(Payments::default());
    taskback::run(move |task| charge(Arc::clone(&payments), task)).await
}
