#[cfg(feature = "outside")]
use crate::settings::{CommandLine, RoutedBy, StepUrl};
use crate::settings::{Settings, StepChoice, UnknownTask};

fn step(text: &str) -> Result<StepChoice, Vec<String>> {
    let vars = [("TASKBACK_STEP", text), ("TASKBACK_STEP_ALLOW_HTTP_HOST", "steps.test")];
    let settings = Settings::from_vars(vars.map(|(name, value)| (name.to_owned(), value.to_owned())));
    settings.map(|settings| settings.step).map_err(|error| error.0)
}

#[test]
fn without_a_choice_the_step_is_the_example() {
    assert_eq!(step(""), Ok(StepChoice::VerifyCard));
    assert_eq!(step("verify-card"), Ok(StepChoice::VerifyCard));
}

#[test]
fn another_step_is_a_fault() {
    for other in ["verify", "Command:x", "ftp://a", "verify-card:", "comand"] {
        let faults = step(other).unwrap_err();
        let start = other.split(':').next().unwrap();
        assert_eq!(
            faults,
            [format!(
                "TASKBACK_STEP is {start:?}, and may be verify-card, command:…, https://… or a JSON object of them"
            )]
        );
    }
}

#[test]
fn every_fault_of_routes_is_named_and_no_value_that_may_be_secret() {
    let faults = step(r#"{"by":"type","on":{"a":"b","c":"d:secret"},"unknown":"drop"}"#).unwrap_err();
    let wanted = [
        "TASKBACK_STEP for \"a\" is \"b\", and may be",
        "TASKBACK_STEP for \"c\" is \"d\", and may be",
        "TASKBACK_STEP has by \"type\", and may have activity or a JSON pointer",
        "TASKBACK_STEP has unknown \"drop\", and may have keep or fail",
    ];
    assert_eq!(faults.len(), wanted.len(), "{faults:?}");
    for (fault, wanted) in faults.iter().zip(wanted) {
        assert!(fault.starts_with(wanted), "{fault}");
    }
    assert_eq!(
        step(r#"{"by":"activity","on":{}}"#).unwrap_err(),
        ["TASKBACK_STEP has no step in on".to_owned()]
    );
    let malformed = [
        r#"{"by":"activity","on":{"a":["secret"]}}"#,
        r#"{"on":{}}"#,
        "{",
        r#"{"by":"activity","on":{},"x":1}"#,
    ];
    for text in malformed {
        let faults = step(text).unwrap_err();
        assert!(faults[0].contains("wrong at line 1") && !faults[0].contains("secret"), "{faults:?}");
    }
}

#[test]
fn routes_keep_unknown_tasks_unless_they_say_otherwise() {
    for (unknown, wanted) in [
        ("", UnknownTask::Keep),
        (r#","unknown":"keep""#, UnknownTask::Keep),
        (r#","unknown":"fail""#, UnknownTask::Fail),
    ] {
        let text = format!(r#"{{"by":"activity","on":{{"a":"verify-card"}}{unknown}}}"#);
        let Ok(StepChoice::Routes(routes)) = step(&text) else { panic!("{text}") };
        assert_eq!((routes.unknown, routes.on.len()), (wanted, 1));
    }
}

#[cfg(feature = "outside")]
#[test]
fn a_command_is_words_or_a_json_array_of_them() {
    let words = |line: &str| {
        let Ok(StepChoice::Command(line)) = step(&format!("command:{line}")) else { panic!("{line}") };
        [vec![line.program], line.arguments].concat()
    };
    assert_eq!(words("./verify"), ["./verify"]);
    assert_eq!(words(" python3  step.py\t--fast "), ["python3", "step.py", "--fast"]);
    assert_eq!(
        words(r#"["/bin/sh", "-c", "echo 'a b' | cat", ""]"#),
        ["/bin/sh", "-c", "echo 'a b' | cat", ""]
    );
    for (line, fault) in [
        ("", "is a command without a program"),
        ("  ", "is a command without a program"),
        ("[]", "is a command without a program"),
        (r#"["", "secret"]"#, "is a command without a program"),
        (r#"["a", "secret\u0000"]"#, "is a command with a NUL character"),
        (r#"["a", "secret""#, "is a command whose JSON is no array of texts"),
        (r#"["a", ["secret"]]"#, "is a command whose JSON is no array of texts"),
        (
            "sh -c 'secret'",
            "is a command with quotes, which nobody takes off: write a JSON array of its words",
        ),
        (r"a secret\ b", "is a command with quotes, which nobody takes off: write a JSON array of its words"),
    ] {
        assert_eq!(step(&format!("command:{line}")), Err(vec![format!("TASKBACK_STEP {fault}")]), "{line}");
    }
}

#[cfg(feature = "outside")]
#[test]
fn plain_http_is_for_loopback_and_the_one_allowed_host() {
    for good in [
        "http://127.0.0.1:1/a?b=c",
        "http://[::1]:8080",
        "http://localhost",
        "http://STEPS.test/",
        "https://a.b/c",
        "https://user:password@a.b",
    ] {
        assert!(matches!(step(good), Ok(StepChoice::Http(_))), "{good}");
    }
    for far in
        ["http://a.b", "http://127.0.0.1.evil/", "http://steps.test.evil/", "http://u:secret@10.0.0.1/"]
    {
        let faults = step(far).unwrap_err();
        assert!(faults[0].contains("plain HTTP") && !faults[0].contains("secret"), "{faults:?}");
    }
    let wrong = ["http://", "https:", "https:a", "https:///secret", "https://a b/secret", "https://secret@"];
    for wrong in
        wrong.into_iter().chain(["https://a:b:secret", "https://a:99999999/secret", "http:/a/secret"])
    {
        let faults = step(wrong).unwrap_err();
        assert!(faults[0].contains("is no URL") && !faults[0].contains("secret"), "{faults:?}");
    }
}

#[cfg(feature = "outside")]
#[test]
fn a_name_and_a_password_become_a_header_and_leave_the_url() {
    let url = StepUrl::parse("https://us%65r:p%40ss:w@steps.test:8443/a?key=k", None).unwrap();
    assert_eq!(url.uri, "https://steps.test:8443/a?key=k");
    assert_eq!(url.authorization.unwrap(), "Basic dXNlcjpwQHNzOnc=");
    assert_eq!(StepUrl::parse("https://steps.test", None).unwrap().authorization, None);
    for other in ["ftp://steps.test", "steps.test", "/a"] {
        assert!(StepUrl::parse(other, None).is_err(), "{other}");
    }
}

#[cfg(feature = "outside")]
#[test]
fn routes_name_steps_of_every_kind() {
    let text = r#"{"by": "/kind", "on": {"a": "command:cat", "b": "http://localhost:1/b"}}"#;
    let Ok(StepChoice::Routes(routes)) = step(text) else { panic!() };
    assert_eq!(routes.by, RoutedBy::Field("/kind".into()));
    assert_eq!(routes.on["a"], StepChoice::Command(CommandLine::parse("cat").unwrap()));
    assert_eq!(routes.on["b"], StepChoice::Http(StepUrl::parse("http://localhost:1/b", None).unwrap()));
}

#[cfg(feature = "outside")]
#[test]
fn debug_shows_neither_arguments_nor_what_follows_the_host() {
    for text in ["command:a --key secret", "https://u:secret@a.b/secret?secret"] {
        let shown = format!("{:?}", step(text).unwrap());
        assert!(!shown.contains("secret"), "{shown}");
    }
}

#[cfg(not(feature = "outside"))]
#[test]
fn a_step_that_is_not_compiled_in_is_a_fault() {
    assert_eq!(
        step("https://user:secret@a.b").unwrap_err(),
        ["TASKBACK_STEP is https:…, which needs the feature outside"]
    );
}

#[cfg(feature = "outside")]
#[test]
fn only_a_command_may_block_also_among_others() {
    for (text, blocks) in [
        ("verify-card", false),
        ("https://a.test/b", false),
        ("command:./verify", true),
        (r#"{"by":"activity","on":{"a":"https://a.test/b"}}"#, false),
        (r#"{"by":"activity","on":{"a":"https://a.test/b","c":"command:./verify"}}"#, true),
    ] {
        assert_eq!(step(text).unwrap().blocks(), blocks, "{text}");
    }
}
