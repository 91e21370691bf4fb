//! `TASKBACK_TERMINAL_ERRORS`: the failures that fail a task for good, beside those that always do.

use super::read::Reader;
use crate::step::TerminalErrors;

const NAME: &str = "TASKBACK_TERMINAL_ERRORS";

pub(super) fn read(read: &mut Reader) -> TerminalErrors {
    let Some(list) = read.text(NAME) else { return TerminalErrors::default() };
    TerminalErrors::parse(&list).unwrap_or_else(|errors| {
        errors.into_iter().for_each(|error| read.error(&format!("{NAME}: {error}")));
        TerminalErrors::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn settings(list: &str) -> Result<TerminalErrors, Vec<String>> {
        let settings = Settings::from_vars([(NAME.to_owned(), list.to_owned())]);
        settings.map(|settings| settings.terminal_errors).map_err(|error| error.0)
    }

    fn accepted(errors: &TerminalErrors) -> (Vec<i32>, Vec<u16>) {
        let codes = (-1..=300).filter(|code| errors.has_exit_code(*code)).collect();
        (codes, (0..=700).filter(|status| errors.has_status(*status)).collect())
    }

    #[test]
    fn list_adds_to_the_defaults() {
        for (list, codes, statuses) in [
            ("", vec![65], vec![400, 410, 422]),
            ("exit:3", vec![3, 65], vec![400, 410, 422]),
            ("http:409", vec![65], vec![400, 409, 410, 422]),
            (
                " exit:1 ,http:599,exit:255, exit:65,exit:125,exit:128",
                vec![1, 65, 125, 128, 255],
                vec![400, 410, 422, 599],
            ),
        ] {
            assert_eq!(accepted(&settings(list).unwrap()), (codes, statuses), "{list}");
        }
    }

    #[test]
    fn error_is_named_whole_or_by_its_end() {
        let errors = settings("CardDeclined, com.shop.Lost,Shop::Closed,_private,Größe").unwrap();
        for name in [
            "CardDeclined",
            "com.shop.CardDeclined",
            "com.shop.Order$CardDeclined",
            "Function<CardDeclined>",
            "Function<Shop::CardDeclined>",
            "com.shop.Lost",
            "Function<Shop::Closed>",
            "_private",
            "Größe",
        ] {
            assert!(errors.has_error(name), "{name}");
        }
        for name in
            ["Lost", "Closed", "Other::Closed", "cardDeclined", "CardDeclined.Inner", "Function", "", "<>"]
        {
            assert!(!errors.has_error(name), "{name}");
        }
        assert!(!TerminalErrors::default().has_error("CardDeclined"));
    }

    #[test]
    fn entry_outside_limits_is_an_error() {
        let exits = [
            "exit:0", "exit:126", "exit:127", "exit:256", "exit:-1", "exit:+3", "exit:", "exit:x", "exit: 3",
        ];
        let statuses =
            ["http:200", "http:202", "http:302", "http:399", "http:600", "http:4xx", "http:", "http:65945"];
        let others =
            ["Card Declined", "EXIT:3", "signal:9", "3", "", "exit", "exit=3", "a::", "3x", "Card-Declined"];
        let all = exits.map(|entry| (entry, "expected exit:N with N from 1 to 125 or 128 to 255: "));
        let all =
            all.into_iter().chain(statuses.map(|entry| (entry, "expected http:N with N from 400 to 599: ")));
        for (entry, expected) in
            all.chain(others.map(|entry| (entry, "expected exit:N, http:N or the name of an error, ")))
        {
            let errors = settings(&format!("exit:3,{entry}")).unwrap_err();
            // A text that is more than one word is not shown: it may be anything.
            let shown = if entry.contains([' ', '=']) {
                format!("of {} characters (not shown)", entry.len())
            } else {
                format!("{entry:?}")
            };
            let start = format!("TASKBACK_TERMINAL_ERRORS: invalid entry {shown}, {expected}");
            assert!(errors.len() == 1 && errors[0].starts_with(&start), "{entry}: {errors:?}");
        }
    }

    #[test]
    fn every_invalid_entry_is_named() {
        assert_eq!(settings("exit:0,exit:3,http:1,no-name,Name").unwrap_err().len(), 3);
    }

    /// As for every other setting: a URL with a password may stand in the wrong variable.
    #[test]
    fn invalid_entry_hides_a_secret() {
        for list in ["https://user:pa55word@shop.example", "AKIAIOSFODNN7EXAMPLE", "exit:3,http://u:p@h"] {
            let errors = settings(list).unwrap_err().join("; ");
            for secret in ["pa55word", "AKIAIOSFODNN7EXAMPLE", "u:p@h"] {
                assert!(!errors.contains(secret), "{errors}");
            }
        }
    }
}
