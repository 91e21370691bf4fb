//! Texts that SAM's own loader reads too, with the same values.

use std::path::Path;

use serde_json::{Value, json};

use super::read;
use crate::doctor::peers::{root, templates};

const TEXTS: &[&str] = &[
    "a: on\nb: Off\nc: yEs\nd: ~\ne:\nf: null\ng: TRUE",
    "a: 1:30\nb: 0x1F\nc: 1_000\nd: -5\ne: +5\nf: 2.5\ng: .5\nh: 1e3\ni: 1.5e+3\nj: 1.2.3\nk: 0",
    "a: 2012-10-17\nb: 2020-01-01T00:00:00Z\nc: '1'\nd: \"2\"",
    "a: [{\n  \"b\": 1\n}]\nc: 2",
    "r:\n  a: {\n    \"b\": 1\n  }\n  c: 2",
    "r:\n  a: [\n  1,\n  2\n  ]\n  c: 2",
    "r:\n  - a: {\n  b: 1\n}\n    c: 2\n  - d",
    "r:\n  - - {\n}\n    - [\n]\n",
    "a:\n  b: !Sub '{\n\"x\": 1\n}'\n  c: 2",
    "a:\n  b: !Sub \"{\n  \\\"x\\\": ${Y}\n\n}\"\n  c: 2",
    "a:\n  b: \"x\\\n    y\\\n z\"\n  c: 2",
    "a:\n  b: !Sub\n    - '${x}\n\n y'\n    - {x: !Ref Y,\n  z: 1}\n  c: 2",
    "a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 2}\nf:\n  <<: [*x, {g: 3}]\n  b: 4",
    "a: &x !Sub '${Y}'\nb: *x\nc: [*x, &z q, *z]",
    "a: &x\n  - b\n  - &y {c: 1}\nd: *y\ne: *x",
    "a: 1\na: 2\nb: {c: 1, c: 2}",
    "a: !GetAtt B.Arn\nb: !GetAtt [B, Arn]\nc: {Fn::GetAtt: B.Arn}\nd: !GetAtt B.Outputs.C",
    "a: !If [B, !Ref C, !Join ['', [d, !Select [0, !Split [',', e]]]]]",
    "a: !Sub |\n  {\n    'x': ${Y}\n  }\nb: >-\n  it's\n  \"\n\n  [\nc: |+\n  d\n\ne: 1",
    "a: x{y [z\nb: it's\nc: a \"b\" c\nd: x # {\ne: x#[\nf: http://h/{p}?q=[r]",
    "a: some text\n  {that goes\n  'on\nb:\n  more\n  [text\nc: 1",
    "# {\na: 1\n  # [\nb: '\n  x'\n",
    "\"a\": {\n\"b c\": 'd''e',\n'f': \"g\\\"h\"\n}\n'i': [\n]\n",
    "- a\n-\n  b\n- - c\n  - d: {\n}\n- ? e\n  : f",
    "a: [b, c,]\nd: {e: , f: g,}\nh: [ ]\ni: { }",
    "a: [x: 1, y]\nb: {c: [d: e]}",
    "a: {b: x y, c: 'd, e'}\nf: [g h, i]",
    "a: [\n# x: [\n1, # {\n2]\nb: 3",
    "--- # t\na: 1\n...\n",
    "---\na: {\n}\n",
    "a: !!str 5\nb: !!int 5\nc: !!bool yes\n",
    "\u{feff}a: ü {\nb: \"\\u00fc\"\n",
    "a:\r\n  b: {\r\n  }\r\n  c: 1\r\n",
    "{\"a\": 1, \"a\": 2, \"b\": [1.0, true, null, \"\\u00fc\"]}",
    "a: \"{\n\nb: '[\"\nc: 1",
    "key with space: 1\n? long\n: 2\n",
];

#[test]
fn sam_loader_reads_the_same_values() {
    let values = templates(&["values"], &json!(TEXTS).to_string()).remove(0);
    for (text, expected) in TEXTS.iter().zip(values.as_array().unwrap()) {
        assert!(!expected.is_null(), "SAM does not read {text}");
        let value = read(text).unwrap_or_else(|error| panic!("{text}: {error}")).value;
        assert_eq!(split_paths(value), split_paths(expected.clone()), "{text}");
    }
}

/// SAM splits the path of a short `!GetAtt` at once, and leaves a long one.
fn split_paths(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(split_paths).collect(),
        Value::Object(members) => {
            let member = |(name, value): (String, Value)| match value {
                Value::String(path) if name == "Fn::GetAtt" => (name, path.splitn(2, '.').collect()),
                value => (name, split_paths(value)),
            };
            Value::Object(members.into_iter().map(member).collect())
        }
        value => value,
    }
}

#[test]
fn loosely_indented_templates_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctor");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path().join("template.yaml")).collect();
    paths.push(root().join("template.yaml"));
    let arguments = ["loose"].into_iter().chain(paths.iter().map(|path| path.to_str().unwrap()));
    let mut count = 0;
    for line in templates(&arguments.collect::<Vec<_>>(), "") {
        let text = line["text"].as_str().unwrap();
        // Some of them are no YAML at all.
        if !line["value"].is_null() {
            count += 1;
            let read = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(read.value, line["value"], "{text}");
        }
    }
    assert!(count * 10 >= paths.len() * 9, "{count}");
}
