use super::*;
use crate::pointer::find;
use crate::repeated::without_repeated;

fn json(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap()
}

#[test]
fn remaining_members_keep_order_and_digits() {
    let body = json(r#"{"b": 1.00000000000000000000001, "token":"t", "a":{"c" : [1e400]}}"#);
    let remaining = Members::of(&body).unwrap().without("token");
    assert_eq!(remaining.get(), r#"{"b":1.00000000000000000000001,"a":{"c" : [1e400]}}"#);
}

/// An object with too many members to hold is read as one with few.
#[test]
fn many_members_read_as_few() {
    let own = r#""\u0061":1,"a":null,"taskToken":"t","Input":null,"b":1,"b":2,"c":null"#;
    for count in [0, MAX_HELD + 1] {
        let body = json(&format!("{{{}{own}}}", r#""":0,"#.repeat(count)));
        let members = Members::of(&body).unwrap();
        assert_eq!(members.few.is_none(), count > 0);
        assert!(members.holds_token());
        assert_eq!(members.get("a").unwrap().get(), "1");
        assert!(members.get("b").is_none() && members.get("c").is_none() && members.get("d").is_none());
        assert_eq!(members.token(TokenKeys::default()).unwrap().unwrap().0, "taskToken");
        assert_eq!(members.in_any_case("INPUT").unwrap().unwrap().get(), "null");
        assert!(members.in_any_case("B").is_err() && members.in_any_case("d").unwrap().is_none());
        assert_eq!(members.all_in_any_case("B").map(RawValue::get).collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(members.last("b").map(|(value, more)| (value.get(), more)), Some(("2", true)));
        assert_eq!(members.last("a").map(|(value, more)| (value.get(), more)), Some(("1", false)));
        assert!(
            members.without("taskToken").get().ends_with(r#""a":null,"Input":null,"b":1,"b":2,"c":null}"#)
        );
        let last = without_repeated(&body).unwrap();
        assert!(last.get().ends_with(r#""a":null,"taskToken":"t","Input":null,"b":2,"c":null}"#), "{last}");
    }
}

#[test]
fn last_of_repeated_names_counts() {
    let body = json(r#"{"a":1,"b":null,"\u0061":2,"b":3}"#);
    let found = find(&body, "/a").unwrap();
    assert_eq!((found.value.get(), found.repeated), ("2", true));
    let found = find(&body, "/b").unwrap();
    assert_eq!((found.value.get(), found.repeated), ("3", false), "null counts as absent");
    let members = Members::of(&body).unwrap();
    assert!(members.get("a").is_none());
    assert_eq!(members.get("b").unwrap().get(), "3");
    assert_eq!(members.without("a").get(), r#"{"b":null,"b":3}"#);
}
