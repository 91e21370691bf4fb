//! The start names a program that cannot be run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::json;
use taskback::Taskback;
use taskback::settings::Settings;

/// The error of a start with the step, if there is one.
fn error(step: &str) -> Option<String> {
    let settings = Settings::from_vars([("TASKBACK_STEP".to_owned(), step.to_owned())]).unwrap();
    Taskback::builder().step_from_settings(&settings).err().map(|error| error.to_string())
}

/// A file with these permissions.
fn file(name: &str, mode: u32) -> PathBuf {
    let path =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("start-{}-{name}", std::process::id()));
    fs::write(&path, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path
}

#[test]
fn runnable_program_is_accepted() {
    let path = file("good", 0o755);
    let step = format!("command:{}", json!([path, "the-secret-argument"]));
    assert_eq!(error(&step), None);
    fs::remove_file(path).unwrap();
    assert_eq!(error("command:/bin/sh -c true"), None);
    assert_eq!(error("command:sh -c true"), None);
    // No runtime is there for its processes: the first task starts one.
    assert_eq!(error("handler:sh -c true"), None);
}

#[test]
fn missing_program_is_named() {
    let plain = file("plain", 0o644);
    for (program, expected) in [
        ("no-such-program", "it is in no folder of PATH"),
        ("./no-such-program", "there is no such file"),
        ("no-such-folder/program", "there is no such file"),
        ("/no/such/program", "there is no such file"),
        ("/etc", "it is a directory"),
        ("./src", "it is a directory"),
        ("/etc/passwd", "it is not executable"),
        (plain.to_str().unwrap(), "it is not executable"),
    ] {
        let step = format!("command:{}", json!([program, "the-secret-argument"]));
        let error = error(&step).expect(program);
        assert!(
            error.contains(&format!("TASKBACK_STEP: program {program:?} cannot be run: "))
                && error.contains(expected),
            "{error}"
        );
        assert!(!error.contains("secret"), "{error}");
    }
    fs::remove_file(plain).unwrap();
}

#[test]
fn missing_programs_of_routes_are_named() {
    let steps = json!({"a": "command:no-such-a", "b": "command:cat", "c": "command:/no/such/c x"});
    let step = json!({"by": "activity", "on": steps});
    let error = error(&step.to_string()).unwrap();
    assert!(
        error.contains("TASKBACK_STEP for kind \"a\": program \"no-such-a\"")
            && error.contains("TASKBACK_STEP for kind \"c\": program \"/no/such/c\""),
        "{error}"
    );
    assert!(!error.contains("\"b\""), "{error}");
}
