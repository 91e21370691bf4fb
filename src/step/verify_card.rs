use std::fmt;

use serde::{Deserialize, Serialize};

use super::contract::StepError;
use super::task::Task;

/// The input of the example step.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Card {
    card_number: String,
}

/// The output of the example step.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    card_number: String,
    valid: bool,
}

/// Never shows the number.
impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card").finish_non_exhaustive()
    }
}

/// The example step: digits that pass the Luhn check succeed; spaces and hyphens between them
/// do not count.
pub async fn verify_card(task: Task<Card>) -> Result<Verified, StepError> {
    let written = task.input.card_number.chars().filter(|c| !matches!(c, ' ' | '-'));
    let Some(digits) = written.map(|c| c.to_digit(10)).collect::<Option<Vec<_>>>() else {
        return Err(declined("a card number has 12 to 19 digits"));
    };
    if !(12..=19).contains(&digits.len()) {
        return Err(declined("a card number has 12 to 19 digits"));
    }
    if !passes_luhn(&digits) {
        return Err(declined("the card number does not pass the Luhn check"));
    }
    let last: String = digits[digits.len() - 4..].iter().map(u32::to_string).collect();
    Ok(Verified { card_number: format!("**** **** **** {last}"), valid: true })
}

fn declined(cause: &str) -> StepError {
    StepError::terminal("CardDeclined", cause)
}

fn passes_luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| match (index % 2, digit * 2) {
            (0, _) => *digit,
            (_, doubled) => doubled / 10 + doubled % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::passes_luhn;

    #[test]
    fn luhn_check_catches_one_wrong_digit() {
        let digits = |text: &str| text.chars().filter_map(|c| c.to_digit(10)).collect::<Vec<_>>();
        assert!(passes_luhn(&digits("4111111111111111")));
        assert!(passes_luhn(&digits("79927398713")));
        assert!(!passes_luhn(&digits("4111111111111112")));
    }
}
