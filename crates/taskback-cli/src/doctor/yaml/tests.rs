//! What SAM and CloudFormation take is read, and hostile texts are bounded.

use super::*;

fn value(text: &str) -> Value {
    read(text).unwrap_or_else(|error| panic!("{text}: {error}")).value
}

#[test]
fn short_intrinsics_become_long_ones() {
    let yaml = "a: !Ref B\nb: !GetAtt C.Arn\nc: !If [D, 1, !Ref AWS::NoValue]\nd: !Sub 'x${E}'\n\
                e: !Condition F\nf: {Fn::Sub: g}\nh: !Not [!Equals [!Ref I, '']]\nj: 2012-10-17\nk: '1'\nl: 012\n\
                m: !!str 5";
    let expected = json!({
        "a": {"Ref": "B"}, "b": {"Fn::GetAtt": "C.Arn"},
        "c": {"Fn::If": ["D", 1, {"Ref": "AWS::NoValue"}]}, "d": {"Fn::Sub": "x${E}"},
        "e": {"Condition": "F"}, "f": {"Fn::Sub": "g"},
        "h": {"Fn::Not": [{"Fn::Equals": [{"Ref": "I"}, ""]}]}, "j": "2012-10-17", "k": "1", "l": "012", "m": "5",
    });
    assert_eq!(value(yaml), expected);
    assert_eq!(value(&expected.to_string()), expected);
}

#[test]
fn yaml_that_only_loaders_take_is_read() {
    for (text, expected) in [
        ("a: [{\n  \"b\": 1\n}]\nc: 2", json!({"a": [{"b": 1}], "c": 2})),
        ("r:\n  a: {\n    \"b\": 1\n  }\n  c: 2", json!({"r": {"a": {"b": 1}, "c": 2}})),
        ("r:\n  - {\n\"b\": [\n1\n]\n}\n  - c", json!({"r": [{"b": [1]}, "c"]})),
        ("a:\n  b: !Sub '{\n\"x\": 1\n}'\n  c: 2", json!({"a": {"b": {"Fn::Sub": "{ \"x\": 1 }"}, "c": 2}})),
        ("a:\n  b: \"x\n\n y \\\" {\n\"\n  c: 2", json!({"a": {"b": "x\ny \" { ", "c": 2}})),
        // Brackets and quotes in texts, keys and comments open nothing.
        (
            "k: |\n  it's {\n  \"\nl: a{b [c\n  {more\nm: x # {\n\"q\": >-\n  [\nn: {\n  o: 'it''s'\n}",
            json!({"k": "it's {\n\"\n", "l": "a{b [c {more", "m": "x", "q": "[", "n": {"o": "it's"}}),
        ),
        ("- \"a\": |\n    {\n  \"b\": {\n}\n- c", json!([{"a": "{\n", "b": {}}, "c"])),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn anchors_and_merges_are_expanded() {
    let text = "a: &x {b: 1, c: 2}\nd: *x\ne: {<<: *x, b: 3}\nf: {<<: [{c: 4}, *x]}\n\"<<\": 5";
    let expected = json!({
        "a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 2}, "e": {"b": 3, "c": 2}, "f": {"b": 1, "c": 4}, "<<": 5,
    });
    assert_eq!(value(text), expected);
}

#[test]
fn last_of_repeated_keys_counts() {
    let document = read("a: 1\nb: 2\na: 3\nb: 2").unwrap();
    assert_eq!(document.value, json!({"a": 3, "b": 2}));
    assert_eq!(document.repeated, [(3, "a".to_owned())]);
    assert_eq!(value("{\"a\": 1, \"a\": 2}"), json!({"a": 2}));
}

#[test]
fn unreadable_yaml_is_described() {
    for (text, expected) in [
        ("", "empty, expected a YAML or JSON document"),
        ("a: [", "not valid YAML"),
        ("[a]: 1", "invalid key, expected plain text"),
        ("a: &x [*x]", "YAML alias inside"),
        ("a: 1\n---\nb: 2", "more than one YAML document"),
    ] {
        let error = read(text).err().unwrap();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
}

#[test]
fn hostile_yaml_is_bounded() {
    let bomb: String = (1..30).fold("a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, n| {
        text + &format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "))
    });
    assert!(read(&bomb).err().unwrap().starts_with("YAML aliases stand for more than"));
    let megabyte = 1024 * 1024;
    for open in ["[", "{a: ", "- ", "? ", "{\"a\":", "[{", "!a [", "'a ", "a: [\n"] {
        let text = open.repeat(megabyte / open.len());
        assert!(read(&text).is_err(), "{open}");
    }
    let steps: String = (0..1000).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    assert!(read(&steps).err().unwrap().starts_with("nested deeper"));
}
