//! The template of the example of a function of one's own.

use crate::run::{run, taskback};

#[test]
fn own_function_template_has_no_findings() {
    let template = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/own-function/template.yaml");
    let ran = run(&mut taskback(&["doctor", template, "--parameter", "SwfDomain=orders"]));
    assert_eq!((ran.code, &*ran.stdout), (0, "no findings\n"), "{}", ran.stderr);
}
