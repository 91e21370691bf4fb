//! Dead letters, for operators: what each message is by the ledger, and the way back to a queue.

mod dead_letter_queue;
mod letter;
mod letter_state;

pub use dead_letter_queue::DeadLetterQueue;
pub use letter::DeadLetter;
pub use letter_state::LetterState;
