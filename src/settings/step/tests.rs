#[cfg(feature = "external-steps")]
use std::num::NonZeroUsize;

use crate::settings::Settings;
#[cfg(feature = "external-steps")]
use crate::step::{CommandLine, RouteKey, StepOptions, StepUrl, TerminalErrors};
use crate::step::{StepConfig, UnroutedPolicy};

fn step(text: &str) -> Result<StepConfig, Vec<String>> {
    set(text).map(|step| step.unwrap())
}

fn set(text: &str) -> Result<Option<StepConfig>, Vec<String>> {
    let vars = [("TASKBACK_STEP", text), ("TASKBACK_STEP_ALLOW_HTTP_HOST", "steps.test")];
    let settings = Settings::from_vars(vars.map(|(name, value)| (name.to_owned(), value.to_owned())));
    settings.map(|settings| settings.step).map_err(|error| error.0)
}

#[test]
fn example_step_is_not_the_default() {
    assert_eq!(set(""), Ok(None));
    assert_eq!(step("verify-card"), Ok(StepConfig::VerifyCard));
}

#[test]
fn unknown_step_is_an_error() {
    for other in [
        "verify",
        "Command:x",
        "ftp://a",
        "verify-card:",
        "./verify --key secret",
        "https//u:secret@a",
        "secret",
    ] {
        assert_eq!(
            step(other).unwrap_err(),
            [
                "TASKBACK_STEP is neither verify-card, command:…, handler:…, https://… nor a JSON object of them; it may hold a \
              secret and is not shown"
            ]
        );
    }
}

/// No value that may be a secret is shown.
#[test]
fn all_route_errors_are_listed() {
    let errors =
        step(r#"{"by":"type","on":{"a":"./secret -k secret","c":"d:secret"},"unknown":"drop"}"#).unwrap_err();
    let expected = [
        "TASKBACK_STEP for kind \"a\" is neither verify-card, command:",
        "TASKBACK_STEP for kind \"c\" is neither verify-card, command:",
        "TASKBACK_STEP has an invalid by \"type\", expected activity or a JSON pointer",
        "TASKBACK_STEP has an invalid unknown \"drop\", expected retry or fail",
    ];
    assert_eq!(errors.len(), expected.len(), "{errors:?}");
    for (error, expected) in errors.iter().zip(expected) {
        assert!(error.starts_with(expected) && !error.contains(" -k"), "{error}");
    }
    // Kind and step in the wrong order.
    let errors = step(r#"{"by":"activity","on":{"https://user:secret@host/x":"verify"}}"#).unwrap_err();
    assert!(
        errors[0].starts_with("TASKBACK_STEP for kind of 26 characters (not shown) is neither"),
        "{errors:?}"
    );
    assert_eq!(
        step(r#"{"by":"activity","on":{}}"#).unwrap_err(),
        ["TASKBACK_STEP needs a step in its member on".to_owned()]
    );
    let malformed = [
        r#"{"by":"activity","on":{"a":["secret"]}}"#,
        r#"{"on":{}}"#,
        "{",
        r#"{"by":"activity","on":{},"x":1}"#,
    ];
    for text in malformed {
        let errors = step(text).unwrap_err();
        assert!(errors[0].contains("wrong at line 1") && !errors[0].contains("secret"), "{errors:?}");
    }
}

#[test]
fn routes_nack_unknown_tasks_by_default() {
    for (unknown, expected) in [
        ("", UnroutedPolicy::Retry),
        (r#","unknown":"retry""#, UnroutedPolicy::Retry),
        (r#","unknown":"fail""#, UnroutedPolicy::Fail),
    ] {
        let text = format!(r#"{{"by":"activity","on":{{"a":"verify-card"}}{unknown}}}"#);
        let Ok(StepConfig::Routes(routes)) = step(&text) else { panic!("{text}") };
        assert_eq!((routes.unknown, routes.on.len()), (expected, 1));
    }
}

#[cfg(feature = "external-steps")]
#[test]
fn command_is_words_or_json_array() {
    let words = |line: &str| {
        let Ok(StepConfig::Command(line)) = step(&format!("command:{line}")) else { panic!("{line}") };
        [vec![line.program], line.arguments].concat()
    };
    assert_eq!(words("./verify"), ["./verify"]);
    assert_eq!(words(" python3  step.py\t--fast "), ["python3", "step.py", "--fast"]);
    assert_eq!(
        words(r#"["/bin/sh", "-c", "echo 'a b' | cat", ""]"#),
        ["/bin/sh", "-c", "echo 'a b' | cat", ""]
    );
    for (line, error) in [
        ("", "is a command without a program"),
        ("  ", "is a command without a program"),
        ("[]", "is a command without a program"),
        (r#"["", "secret"]"#, "is a command without a program"),
        (r#"["a", "secret\u0000"]"#, "is a command with a NUL character"),
        (r#"["a", "secret""#, "is a command whose JSON is no array of texts"),
        (r#"["a", ["secret"]]"#, "is a command whose JSON is no array of texts"),
        (
            "sh -c 'secret'",
            "is a command with quotes, which are not interpreted: write a JSON array of its words",
        ),
        ("KEY=secret ./verify", "is a command that begins with a variable, which only a shell would set"),
        (
            r#"["KEY=secret", "./verify"]"#,
            "is a command that begins with a variable, which only a shell would set",
        ),
        (
            r"a secret\ b",
            "is a command with quotes, which are not interpreted: write a JSON array of its words",
        ),
    ] {
        assert_eq!(step(&format!("command:{line}")), Err(vec![format!("TASKBACK_STEP {error}")]), "{line}");
    }
}

#[cfg(feature = "external-steps")]
#[test]
fn plain_http_requires_loopback_or_allowed_host() {
    for good in [
        "http://127.0.0.1:1/a?b=c",
        "http://[::1]:8080",
        "http://localhost",
        "http://STEPS.test/",
        "https://a.b/c",
        "https://user:password@a.b",
    ] {
        assert!(matches!(step(good), Ok(StepConfig::Http(_))), "{good}");
    }
    for far in
        ["http://a.b", "http://127.0.0.1.evil/", "http://steps.test.evil/", "http://u:secret@10.0.0.1/"]
    {
        let errors = step(far).unwrap_err();
        assert!(errors[0].contains("plain HTTP") && !errors[0].contains("secret"), "{errors:?}");
    }
    let wrong = ["http://", "https:", "https:a", "https:///secret", "https://a b/secret", "https://secret@"];
    for wrong in
        wrong.into_iter().chain(["https://a:b:secret", "https://a:99999999/secret", "http:/a/secret"])
    {
        let errors = step(wrong).unwrap_err();
        assert!(errors[0].contains("is no URL") && !errors[0].contains("secret"), "{errors:?}");
    }
}

#[cfg(feature = "external-steps")]
#[test]
fn url_credentials_become_a_header() {
    let url = StepUrl::parse("https://us%65r:p%40ss:w@steps.test:8443/a?key=k", None).unwrap();
    assert_eq!(url.uri, "https://steps.test:8443/a?key=k");
    assert_eq!(url.authorization.unwrap(), "Basic dXNlcjpwQHNzOnc=");
    assert_eq!(StepUrl::parse("https://steps.test", None).unwrap().authorization, None);
    for other in ["ftp://steps.test", "steps.test", "/a"] {
        assert!(StepUrl::parse(other, None).is_err(), "{other}");
    }
}

#[cfg(feature = "external-steps")]
#[test]
fn routes_name_steps_of_every_kind() {
    let text = r#"{"by": "/kind", "on": {"a": "command:cat", "b": "http://localhost:1/b"}}"#;
    let Ok(StepConfig::Routes(routes)) = step(text) else { panic!() };
    assert_eq!(routes.by, RouteKey::Field("/kind".into()));
    assert_eq!(routes.on["a"], StepConfig::Command(CommandLine::parse("cat").unwrap()));
    assert_eq!(routes.on["b"], StepConfig::Http(StepUrl::parse("http://localhost:1/b", None).unwrap()));
}

#[cfg(feature = "external-steps")]
#[test]
fn debug_shows_only_program_and_host() {
    for text in ["command:a --key secret", "https://u:secret@a.b/secret?secret"] {
        let shown = format!("{:?}", step(text).unwrap());
        assert!(!shown.contains("secret"), "{shown}");
    }
}

#[cfg(not(feature = "external-steps"))]
#[test]
fn uncompiled_step_is_an_error() {
    assert_eq!(
        step("https://user:secret@a.b").unwrap_err(),
        ["TASKBACK_STEP is https:…, which needs the feature external-steps"]
    );
}

#[cfg(feature = "external-steps")]
#[test]
fn only_commands_may_block() {
    for (text, blocks) in [
        ("verify-card", false),
        ("https://a.test/b", false),
        ("command:./verify", true),
        (r#"{"by":"activity","on":{"a":"https://a.test/b"}}"#, false),
        (r#"{"by":"activity","on":{"a":"https://a.test/b","c":"command:./verify"}}"#, true),
    ] {
        let options = StepOptions {
            terminal: TerminalErrors::default(),
            handlers: NonZeroUsize::MIN,
            handler_time: None,
        };
        let built = step(text).unwrap().build(&options).unwrap();
        assert_eq!(built.blocks(), blocks, "{text}");
    }
}
