//! Exit codes: files that are not templates, and `--strict`.

use std::path::Path;

use super::{changed, doctor, own, written};

#[test]
fn unreadable_template_exits_with_2() {
    for (name, text, expected) in [
        ("empty", "", "empty, expected a YAML or JSON document"),
        ("prose", "no template", "Resources: not set"),
        ("broken", "Resources: [", "not valid YAML"),
    ] {
        let ran = doctor(&written(name, text), &[]);
        assert_eq!((ran.code, &*ran.stdout), (2, ""), "{name}");
        assert!(ran.stderr.contains(expected), "{name}: {}", ran.stderr);
    }
    let absent = doctor(Path::new("no/such/template.yaml"), &[]);
    assert!(absent.code == 2 && absent.stderr.contains("no/such/template.yaml"), "{}", absent.stderr);
    let parameter = doctor(&own(), &["--parameter", "Nothing=1"]);
    assert!(
        parameter.code == 2 && parameter.stderr.contains("--parameter Nothing: unknown"),
        "{}",
        parameter.stderr
    );
}

/// The project's own file for Function Compute.
#[test]
fn serverless_devs_file_is_refused_by_name() {
    let path = own().with_file_name("s.yaml");
    let ran = doctor(&path, &[]);
    assert!(
        ran.code == 2
            && ran.stderr.contains("a file of Serverless Devs (s.yaml), which doctor does not check"),
        "{}",
        ran.stderr
    );
}

#[test]
fn strict_has_an_exit_code_of_its_own() {
    let ends = |name: &str, text: &str, last: &str, codes: [i32; 2]| {
        let template = written(name, text);
        for (options, code) in [(&[][..], codes[0]), (&["--strict"], codes[1])] {
            let ran = doctor(&template, options);
            assert_eq!((ran.code, ran.stdout.lines().last()), (code, Some(last)), "{name} {options:?}");
        }
    };
    let (partial, missing) =
        ("            FunctionResponseTypes: [ReportBatchItemFailures]\n  Handler:", "  Handler:");
    let (timeout, unknown) = ("CodeUri: ., Timeout: 30}", "CodeUri: ., Timeout: !ImportValue t}");
    ends("strict-sound", &changed("sound", &[]), "no findings", [0, 0]);
    ends("strict-unknown", &changed("sound", &[(timeout, unknown)]), "no findings; 2 unknown", [0, 3]);
    ends("strict-finding", &changed("sound", &[(partial, missing)]), "findings: 1", [1, 1]);
    let both = changed("sound", &[(partial, missing), (timeout, unknown)]);
    ends("strict-both", &both, "findings: 1; 2 unknown", [1, 1]);
    ends("strict-nothing", "Resources: {}", "no findings; 1 unknown", [0, 3]);
}
