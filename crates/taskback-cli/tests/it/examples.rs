//! The templates of the examples.

use crate::run::{run, taskback};

#[test]
fn templates_of_examples_have_no_findings() {
    for example in ["own-function", "layer"] {
        let template = format!("{}/../../examples/{example}/template.yaml", env!("CARGO_MANIFEST_DIR"));
        let ran = run(&mut taskback(&["doctor", &template, "--parameter", "SwfDomain=orders"]));
        assert_eq!((ran.code, &*ran.stdout), (0, "no findings\n"), "{example}: {}", ran.stderr);
    }
}
