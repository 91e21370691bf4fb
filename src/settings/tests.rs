use super::super::poller_settings::PollerSettings;
use super::*;

/// Errors name what every feature accepts.
#[cfg(all(feature = "dynamodb", feature = "external-steps", feature = "secrets", feature = "sqlite"))]
mod reference;

fn settings(vars: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    Settings::from_vars(vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

#[test]
fn empty_environment_yields_all_defaults() {
    let settings = settings(&[]).unwrap();
    assert_eq!((settings.concurrency, settings.max_receives), (10, None));
    assert_eq!(
        (settings.ledger, settings.ledger_failure),
        (LedgerConfig::Memory, LedgerFailurePolicy::FailClosed)
    );
    assert_eq!(settings.lease, Duration::from_secs(60));
    assert_eq!((settings.heartbeat, settings.heartbeat_first), (Duration::from_secs(30), false));
    assert_eq!((settings.closed_tasks, settings.fnf.max_output_bytes), (ClosedTaskPolicy::Ack, 65536));
}

#[test]
fn all_errors_are_listed_with_limits() {
    let error = settings(&[
        ("TASKBACK_SERVICE", "step-functions"),
        ("TASKBACK_CONCURRENCY", "0"),
        ("TASKBACK_MAX_RECEIVES", "many"),
        ("TASKBACK_TOKEN_POINTER", "meta"),
        ("TASKBACK_ON_CLOSED", "never"),
        ("FNF_MAX_OUTPUT_BYTES", "9999999"),
        ("FC_SERVER_PORT", "http"),
        ("TASKBACK_FC_TIMEOUT", "0"),
        ("TASKBACK_FC_INVOCATION", "maybe"),
        ("AWS_ENDPOINT_URL_SWF", "localhost:9324"),
    ])
    .unwrap_err();
    assert_eq!(
        error.0,
        [
            "AWS_ENDPOINT_URL_SWF must be a URL that starts with http:// or https://",
            "FC_SERVER_PORT: invalid value \"http\", expected a whole number from 1 to 65535",
            "FNF_MAX_OUTPUT_BYTES: invalid value \"9999999\", expected a whole number from 1 to 1048576",
            "TASKBACK_CONCURRENCY: invalid value \"0\", expected a whole number from 1 to 1000",
            "TASKBACK_FC_INVOCATION: invalid value \"maybe\", expected one of sync, async",
            "TASKBACK_FC_TIMEOUT: invalid value \"0\", expected a whole number from 1 to 86400",
            "TASKBACK_MAX_RECEIVES: invalid value \"many\", expected a whole number from 1 to 1000",
            "TASKBACK_ON_CLOSED: invalid value \"never\", expected one of ack, nack",
            "TASKBACK_SERVICE: invalid value \"step-functions\", expected one of fnf, swf, sfn, durable",
            "TASKBACK_TOKEN_POINTER: invalid value \"meta\", expected a JSON pointer, which starts with /",
        ]
    );
}

#[test]
fn first_port_that_is_set_counts() {
    let port = |vars: &[(&str, &str)]| settings(vars).unwrap().fc.port;
    assert_eq!(port(&[]), 9000);
    assert_eq!(port(&[("FC_SERVER_PORT", ""), ("FC_CUSTOM_LISTEN_PORT", "9001")]), 9001);
    assert_eq!(port(&[("FC_SERVER_PORT", "9002"), ("FC_CUSTOM_LISTEN_PORT", "9001")]), 9002);
}

#[test]
fn fnf_requires_region_or_endpoint() {
    let error = settings(&[("TASKBACK_SERVICE", "fnf")]).unwrap_err();
    assert!(error.to_string().contains("neither FNF_REGION nor FNF_ENDPOINT"), "{error}");
    assert!(settings(&[("TASKBACK_SERVICE", "fnf"), ("FNF_REGION", "cn-hangzhou")]).is_ok());
}

#[test]
fn empty_variable_is_unset() {
    let settings =
        settings(&[("TASKBACK_SERVICE", ""), ("FNF_ENDPOINT", ""), ("AWS_ENDPOINT_URL_SWF", "")]).unwrap();
    assert_eq!(settings.message_format.service, None);
    assert_eq!((settings.aws_endpoints.get("SWF"), settings.aws_endpoints.get("SQS")), (None, None));
    assert_eq!(
        super::Settings::from_vars(EMPTY.map(|name| (name.into(), String::new()))),
        Settings::from_vars([])
    );
}

/// Empty, none of these is an error: nor a name with a typing error, nor one of before.
const EMPTY: [&str; 6] = [
    "AWS_ENDPOINT_URL",
    "TASKBACK_LATE",
    "TASKBACK_LEDGR",
    "TASKBACK_SOMETHING",
    "AWS_ACCESS_KEY_ID",
    "TASKBACK_MAX_RECEIVES",
];

#[test]
fn missing_step_joins_the_other_errors() {
    let worker = |vars: &[(&str, &str)]| {
        Settings::worker_from_os_vars(vars.iter().map(|(name, value)| ((*name).into(), (*value).into())))
    };
    for unset in [&[][..], &[("TASKBACK_STEP", "")]] {
        let error = worker(&[unset, &[("TASKBACK_CONCURRENCY", "0")]].concat()).unwrap_err();
        let [concurrency, step] = &error.0[..] else { panic!("{error}") };
        assert!(concurrency.starts_with("TASKBACK_CONCURRENCY: invalid value"), "{error}");
        assert!(step.starts_with("TASKBACK_STEP: not set, expected the step of the tasks"), "{error}");
    }
    assert_eq!(worker(&[("TASKBACK_STEP", "verify-card")]).unwrap().step, Some(StepConfig::VerifyCard));
    // A step that is wrong is named once.
    assert_eq!(worker(&[("TASKBACK_STEP", "command:")]).unwrap_err().0.len(), 1);
}

#[test]
fn mistyped_and_renamed_names_are_errors() {
    for (name, right) in [
        ("TASKBACK_LEDGR", "TASKBACK_LEDGER"),
        ("TASKBACK_LEDEGR", "TASKBACK_LEDGER"),
        ("TASKBAK_STEP", "TASKBACK_STEP"),
        ("taskback_step", "TASKBACK_STEP"),
        ("TASKBACK_STEPS", "TASKBACK_STEP"),
        ("TASKBACK_MAX_RECEIVE", "TASKBACK_MAX_RECEIVES"),
        ("TASKBACK_SWF_TASKLIST", "TASKBACK_SWF_TASK_LIST"),
        ("TASKBACK_TERMINAL_ERROR", "TASKBACK_TERMINAL_ERRORS"),
        ("FNF_REGOIN", "FNF_REGION"),
        ("FNF_REQUIRE_OBJECT_OUTPUTS", "FNF_REQUIRE_OBJECT_OUTPUT"),
    ] {
        let expected = format!("{name}: unknown setting, did you mean {right}?");
        assert_eq!(settings(&[(name, "secret")]).unwrap_err().0, [expected]);
    }
    for (name, expected) in [
        ("TASKBACK_LATE", "TASKBACK_ON_CLOSED instead, with ack for done and nack for keep"),
        (
            "TASKBACK_LEDGER_DOWN",
            "TASKBACK_LEDGER_FAILURE instead, with fail-closed for closed and fail-open for open",
        ),
        ("TASKBACK_SWF_HISTORY", "TASKBACK_ASK_HISTORY instead"),
    ] {
        assert_eq!(settings(&[(name, "x")]).unwrap_err().0, [format!("{name}: renamed, set {expected}")]);
    }
}

#[test]
fn unknown_names_are_listed_unless_foreign() {
    let settings = settings(&[
        ("TASKBACK_ZONE", "x"),
        ("TASKBACK_COLOR", "x"),
        ("FNF_OTHER_THING", "x"),
        ("TASKBACK_TASK_ATTEMPT", "1"),
        ("TASKBACK_SERVICE_HOST", "10.0.0.1"),
        ("TASKBACK_STEP_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("TASKBACK_QUEUE_URL", "https://sqs.test/1/tasks"),
        ("TASKBACK_SWF_DOMAIN", "d"),
        ("TASKBACK_POLLERS", "not read here"),
        ("TASKBACK_TERMINAL_ERRORS", "exit:3"),
    ]);
    assert_eq!(settings.unwrap().unknown_names(), ["TASKBACK_COLOR", "TASKBACK_ZONE"]);
}

#[cfg(unix)]
#[test]
fn value_that_is_not_utf8_is_an_error() {
    use std::os::unix::ffi::OsStringExt;
    let no_text = || OsString::from_vec(b"command:./gepr\xfcft".to_vec());
    let names = ["AWS_PROFILE", "FNF_REGION", "TASKBACK_LEDGER", "TASKBACK_MAX_RECEIVES", "TASKBACK_STEP"];
    let error = Settings::worker_from_os_vars(names.map(|name| (name.into(), no_text()))).unwrap_err();
    assert_eq!(error.0, names.map(|name| format!("{name}: the value is not UTF-8")));
    // Of another program, and of Kubernetes.
    let foreign = ["LS_COLORS", "TASKBACK_SERVICE_HOST"].map(|name| (name.into(), no_text()));
    assert!(Settings::from_os_vars(foreign).is_ok());
    // The poller names it once, though two readers see it.
    let poller = PollerSettings::from_os_vars([("TASKBACK_SWF_DOMAIN".into(), no_text())]).unwrap_err();
    let of_domain = poller.0.iter().filter(|error| error.contains("TASKBACK_SWF_DOMAIN"));
    assert_eq!(of_domain.collect::<Vec<_>>(), ["TASKBACK_SWF_DOMAIN: the value is not UTF-8"]);
}

#[test]
fn credentials_with_other_characters_are_errors() {
    for name in aws::CREDENTIALS {
        for (value, class) in [
            ("AKIAX\n", "a control character, such as a line end"),
            ("AKI\u{7f}AX", "a control character, such as a line end"),
            (" AKIAX", "white space"),
            ("AKÍAX", "a character outside of ASCII"),
        ] {
            let expected = format!("{name}: contains {class}, expected visible ASCII characters only");
            assert_eq!(settings(&[(name, value)]).unwrap_err().0, [expected]);
        }
        assert!(settings(&[(name, "AKIAX/+=")]).is_ok());
    }
}

#[test]
fn region_must_fit_into_host_names() {
    for (region, error) in [
        ("us-east-1\n", "contains white space"),
        ("us east", "contains white space"),
        ("us-east-1/evil", r#"invalid value "us-east-1/evil""#),
        ("eu.central", r#"invalid value "eu.central""#),
    ] {
        let expected = format!("AWS_REGION: {error}, expected letters, digits and hyphens");
        assert_eq!(settings(&[("AWS_REGION", region)]).unwrap_err().0, [expected]);
    }
    assert!(settings(&[("AWS_REGION", "us-gov-east-1"), ("AWS_DEFAULT_REGION", "")]).is_ok());
}

#[test]
fn endpoint_must_be_a_url_without_white_space() {
    for url in ["localhost:9", "http://", "http://a b", "http://localhost:9\n", "ftp://a"] {
        let error = settings(&[("AWS_ENDPOINT_URL_SQS", url)]).unwrap_err();
        assert_eq!(
            error.0,
            ["AWS_ENDPOINT_URL_SQS must be a URL that starts with http:// or https://"],
            "{url}"
        );
    }
    let settings = settings(&[("AWS_ENDPOINT_URL_SQS", "http://localhost:9")]).unwrap();
    assert_eq!(settings.aws_endpoints.get("SQS"), Some("http://localhost:9"));
}

#[test]
fn unknown_ledger_is_an_error() {
    for other in ["dynamo", "dynamodb", "memory:", "memory:tasks", "DynamoDB:tasks", "redis:tasks"] {
        assert_eq!(
            settings(&[("TASKBACK_LEDGER", other)]).unwrap_err().0,
            [format!(
                "TASKBACK_LEDGER: invalid value {other:?}, expected memory, dynamodb:TABLE, mysql://…, postgres://… or sqlite:PATH"
            )]
        );
    }
}

#[cfg(feature = "dynamodb")]
#[test]
fn table_name_must_be_valid_for_dynamodb() {
    for table in ["abc", "tasks.of_this-Stage.2", &"x".repeat(255)] {
        let settings = settings(&[("TASKBACK_LEDGER", &format!("dynamodb:{table}"))]).unwrap();
        assert_eq!(settings.ledger, LedgerConfig::DynamoDb { table: table.to_owned() });
    }
    for table in ["", "ab", &"x".repeat(256), "täsks", "a b c", "tasks:more", "tasks/more"] {
        let error = settings(&[("TASKBACK_LEDGER", &format!("dynamodb:{table}"))]).unwrap_err();
        assert!(error.to_string().contains("a table's name has 3 to 255 of A-Z a-z 0-9 _ . -"), "{error}");
    }
}

#[cfg(feature = "sqlite")]
#[test]
fn sqlite_path_must_be_a_file() {
    for path in ["ledger.db", "/var/lib/taskback/ledger.db", "a b.db"] {
        let settings = settings(&[("TASKBACK_LEDGER", &format!("sqlite:{path}"))]).unwrap();
        assert_eq!(settings.ledger, LedgerConfig::Sqlite { path: path.into() });
        assert_eq!(settings.ledger.to_string(), format!("sqlite:{path}"));
    }
    for path in ["", ":memory:", "//host/ledger.db", "file:ledger.db?mode=memory"] {
        let error = settings(&[("TASKBACK_LEDGER", &format!("sqlite:{path}"))]).unwrap_err();
        assert!(error.to_string().contains("where PATH is that of a file"), "{error}");
    }
}

#[cfg(not(feature = "dynamodb"))]
#[test]
fn uncompiled_ledger_is_an_error() {
    assert_eq!(
        settings(&[("TASKBACK_LEDGER", "dynamodb:tasks")]).unwrap_err().0,
        [
            "TASKBACK_LEDGER: invalid value \"dynamodb:tasks\", expected memory; dynamodb:TABLE needs the feature dynamodb"
        ]
    );
}

#[test]
fn allowed_host_is_no_url() {
    for name in ["FNF_ALLOW_HTTP_HOST", "TASKBACK_STEP_ALLOW_HTTP_HOST"] {
        let errors = settings(&[(name, "http://user:pa55word@fnf.test")]).unwrap_err().0;
        let expected =
            format!("{name}: invalid value of 29 characters (not shown), expected a host name or address");
        assert_eq!(errors, [expected]);
        for host in ["fnf.test", "10.0.0.7", "[fd00::7]"] {
            assert!(settings(&[(name, host)]).is_ok(), "{host}");
        }
    }
}
