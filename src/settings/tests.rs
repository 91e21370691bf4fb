use super::*;

fn settings(vars: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    Settings::from_vars(vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

#[test]
fn nothing_set_is_a_complete_set_of_defaults() {
    let settings = settings(&[]).unwrap();
    assert_eq!((settings.concurrency, settings.max_receives), (10, None));
    assert_eq!((settings.ledger, settings.ledger_down), (LedgerChoice::Memory, LedgerDown::Closed));
    assert_eq!((settings.heartbeat, settings.heartbeat_first), (Duration::from_secs(30), false));
    assert_eq!((settings.late, settings.fnf.max_output_bytes), (LateTasks::Done, 65536));
}

#[test]
fn every_fault_is_named_at_once_with_its_limit() {
    let error = settings(&[
        ("TASKBACK_SERVICE", "sfn"),
        ("TASKBACK_CONCURRENCY", "0"),
        ("TASKBACK_MAX_RECEIVES", "many"),
        ("TASKBACK_TOKEN_POINTER", "meta"),
        ("TASKBACK_LATE", "never"),
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
            "AWS_ENDPOINT_URL_SWF must start with http:// or https://",
            "FC_SERVER_PORT is \"http\", and may be a whole number from 1 to 65535",
            "FNF_MAX_OUTPUT_BYTES is \"9999999\", and may be a whole number from 1 to 1048576",
            "TASKBACK_CONCURRENCY is \"0\", and may be a whole number from 1 to 1000",
            "TASKBACK_FC_INVOCATION is \"maybe\", and may be sync or async",
            "TASKBACK_FC_TIMEOUT is \"0\", and may be a whole number from 1 to 86400",
            "TASKBACK_LATE is \"never\", and may be done or keep",
            "TASKBACK_MAX_RECEIVES is \"many\", and may be a whole number from 1 to 1000",
            "TASKBACK_SERVICE is \"sfn\", and may be fnf or swf",
            "TASKBACK_TOKEN_POINTER is \"meta\", and a JSON pointer starts with /",
        ]
    );
}

#[test]
fn the_first_port_that_is_set_counts() {
    let port = |vars: &[(&str, &str)]| settings(vars).unwrap().fc.port;
    assert_eq!(port(&[]), 9000);
    assert_eq!(port(&[("FC_SERVER_PORT", ""), ("FC_CUSTOM_LISTEN_PORT", "9001")]), 9001);
    assert_eq!(port(&[("FC_SERVER_PORT", "9002"), ("FC_CUSTOM_LISTEN_PORT", "9001")]), 9002);
}

#[test]
fn fnf_as_the_service_needs_a_place() {
    let error = settings(&[("TASKBACK_SERVICE", "fnf")]).unwrap_err();
    assert!(error.to_string().contains("neither FNF_REGION nor FNF_ENDPOINT"), "{error}");
    assert!(settings(&[("TASKBACK_SERVICE", "fnf"), ("FNF_REGION", "cn-hangzhou")]).is_ok());
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let settings =
        settings(&[("TASKBACK_SERVICE", ""), ("FNF_ENDPOINT", ""), ("AWS_ENDPOINT_URL_SWF", "")]).unwrap();
    assert_eq!(settings.reading.service, None);
    assert_eq!(settings.aws_endpoint("SWF"), Some(None));
    assert_eq!(settings.aws_endpoint("SQS"), None);
}

#[test]
fn a_ledger_of_another_name_is_a_fault() {
    for other in ["dynamo", "dynamodb", "memory:", "memory:tasks", "DynamoDB:tasks", "redis:tasks"] {
        assert_eq!(
            settings(&[("TASKBACK_LEDGER", other)]).unwrap_err().0,
            [format!("TASKBACK_LEDGER is {other:?}, and may be memory or dynamodb:TABLE")]
        );
    }
}

#[cfg(feature = "dynamodb")]
#[test]
fn a_table_has_a_name_that_dynamodb_allows() {
    for table in ["abc", "tasks.of_this-Stage.2", &"x".repeat(255)] {
        let settings = settings(&[("TASKBACK_LEDGER", &format!("dynamodb:{table}"))]).unwrap();
        assert_eq!(settings.ledger, LedgerChoice::DynamoDb { table: table.to_owned() });
    }
    for table in ["", "ab", &"x".repeat(256), "täsks", "a b c", "tasks:more", "tasks/more"] {
        let error = settings(&[("TASKBACK_LEDGER", &format!("dynamodb:{table}"))]).unwrap_err();
        assert!(error.to_string().contains("a table's name has 3 to 255 of A-Z a-z 0-9 _ . -"), "{error}");
    }
}

#[cfg(not(feature = "dynamodb"))]
#[test]
fn a_ledger_that_is_not_compiled_in_is_a_fault() {
    assert_eq!(
        settings(&[("TASKBACK_LEDGER", "dynamodb:tasks")]).unwrap_err().0,
        ["TASKBACK_LEDGER is \"dynamodb:tasks\", which needs the feature dynamodb"]
    );
}
