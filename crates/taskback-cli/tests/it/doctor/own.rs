//! The project's own template, and what it would lose without each of its safeguards.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{STEP, doctor, examined, own, written};

const SECRET: &str = "FnfSecretArn=arn:aws:secretsmanager:us-east-1:123456789012:secret:fnf-AbCdEf";

#[test]
fn own_template_has_no_findings() {
    let fnf = ["Service=fnf", "FnfRegion=cn-hangzhou", SECRET, STEP];
    for parameters in [
        &[STEP][..],
        &fnf,
        &["QueueType=fifo", STEP],
        &["Service=sfn", "StateMachine=orders", "SwfHistory=on", STEP],
        &["SwfTaskList=cards", "SwfHistory=on", "Tracing=on", STEP],
        &["TimeoutSeconds=900", "MaxReceives=3", "Step=https://steps.example.com/"],
        &["TimeoutSeconds=900", "MaxReceives=50", STEP],
    ] {
        let given: Vec<_> = parameters.iter().flat_map(|parameter| ["--parameter", parameter]).collect();
        let ran = doctor(&own(), &given);
        assert_eq!((ran.code, &*ran.stdout, &*ran.stderr), (0, "no findings\n", ""), "{parameters:?}");
    }
}

#[test]
fn missing_safeguard_is_a_finding() {
    let whole = fs::read_to_string(own()).unwrap();
    for (check, safeguard, without) in [
        ("TB001", "FunctionResponseTypes: [ReportBatchItemFailures]", "FunctionResponseTypes: []"),
        ("TB002", "{Seconds: 180}", "{Seconds: 179}"),
        ("TB004", "TASKBACK_MAX_RECEIVES: !Ref MaxReceives", "TASKBACK_MAX_RECEIVES: 4"),
        ("TB005", "RedrivePolicy:", "Redriven:"),
        ("TB006", "Queue: !GetAtt FailedInvocations.Arn", "Queue: !GetAtt Tasks.Arn"),
        ("TB007", "TASKBACK_LEDGER: !Sub \"dynamodb:${LedgerTable}\"", "TASKBACK_LEDGER: memory"),
        ("TB010", "AttributeName: expires", "AttributeName: leaseUntil"),
        ("TB011", "- swf:RecordActivityTaskHeartbeat", "- swf:DescribeDomain"),
        ("TB011", "Action: \"dynamodb:UpdateItem\"", "Action: \"dynamodb:GetItem\""),
        ("TB012", "Action: \"dynamodb:UpdateItem\"", "Action: \"dynamodb:*\""),
        ("TB013", "Timeout: !Ref TimeoutSeconds", "Timeout: 3"),
        ("TB017", "MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 345600"),
        ("TB018", "MessageRetentionPeriod: 604800", "MessageRetentionPeriod: 3600"),
    ] {
        assert!(whole.contains(safeguard), "{safeguard}");
        let ran = doctor(&written(check, &whole.replace(safeguard, without)), &["--parameter", STEP]);
        assert!(ran.code == 1 && ran.stdout.starts_with(check), "{without}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn memory_ledger_leaves_dead_letters_unreported() {
    let ran = doctor(&own(), &["--parameter", "Ledger=memory", "--parameter", STEP, "--json"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let found = report["findings"].as_array().unwrap().iter();
    let found: Vec<_> = found.map(|finding| (&finding["id"], &finding["resource"])).collect();
    let dead = |queue: &str| (json!("TB006"), json!(queue));
    let expected = [dead("DeadLetters"), dead("FailedInvocations")];
    assert_eq!((ran.code, found), (1, expected.iter().map(|(id, queue)| (id, queue)).collect()));
}

#[test]
fn poller_needs_time_and_permissions() {
    let whole = fs::read_to_string(own()).unwrap();
    let (task_list, activity) = ("SwfTaskList=cards", "Activity=cards");
    for (check, polled, safeguard, without) in [
        // The poller itself needs 95 s.
        ("TB013", task_list, "Timeout: 390", "Timeout: 94"),
        ("TB011", task_list, "Action: [swf:RespondActivityTaskFailed]", "Action: [swf:DescribeDomain]"),
        ("TB011", activity, "Action: [states:GetActivityTask]", "Action: [states:ListActivities]"),
        ("TB011", activity, "Action: [states:SendTaskFailure]", "Action: [states:ListActivities]"),
    ] {
        assert!(whole.contains(safeguard), "{safeguard}");
        let template = written(&format!("{check}-poller"), &whole.replace(safeguard, without));
        let ran = doctor(&template, &["--parameter", polled, "--parameter", STEP]);
        let found = ran.stdout.starts_with(&format!("{check} Poller"));
        assert!(ran.code == 1 && found, "{without}: {}{}", ran.stdout, ran.stderr);
    }
    let shortest = written("shortest-poller", &whole.replace("Timeout: 390", "Timeout: 95"));
    for polled in [task_list, activity] {
        let ran = doctor(&shortest, &["--parameter", polled, "--parameter", STEP]);
        assert_eq!(ran.stdout, "no findings\n", "{polled}");
    }
}

#[test]
fn wildcard_over_callbacks_is_broad() {
    let whole = fs::read_to_string(own()).unwrap();
    let safeguard = "Action: lambda:GetDurableExecutionHistory";
    assert!(whole.contains(safeguard));
    for wildcard in ["lambda:*", "lambda:Get*", "lambda:SendDurable*", "lambda:getdurable*"] {
        let template =
            written("wide-callbacks", &whole.replace(safeguard, &format!("Action: \"{wildcard}\"")));
        let options = ["DurableFunction=orders", "SwfHistory=on", STEP].map(|value| ["--parameter", value]);
        let ran = doctor(&template, &options.concat());
        let found = ran.stdout.contains(&format!("TB012 Worker: broad permission {wildcard}"));
        assert!(ran.code == 1 && found, "{wildcard}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn step_functions_example_is_sound() {
    let example: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "../../examples/step-functions/template.yaml"].iter().collect();
    assert_eq!(doctor(&example, &[]).stdout, "no findings\n");
    let whole = fs::read_to_string(&example).unwrap();
    let endless = whole.replace("            TimeoutSeconds: 3600\n            HeartbeatSeconds: 600\n", "");
    let ran = doctor(&written("step-functions", &endless), &[]);
    assert!(ran.code == 1 && ran.stdout.starts_with("TB023 Orders: VerifyCard"), "{}", ran.stdout);
    let denied = whole.replace("states:SendTaskFailure, ", "");
    let ran = doctor(&written("step-functions-denied", &denied), &[]);
    assert!(ran.stdout.contains("TB011 Worker: missing permission states:SendTaskFailure"), "{}", ran.stdout);
}

#[test]
fn activity_without_timeout_is_found() {
    let template = |timeout: &str| {
        let state = format!(r#"{{"Type": "Task", "Resource": {{"Ref": "Cards"}}, {timeout}"End": true}}"#);
        let inner = format!(r#"{{"StartAt": "Charge", "States": {{"Charge": {state}}}}}"#);
        let map = format!(r#"{{"Type": "Map", "ItemProcessor": {inner}, "End": true}}"#);
        let definition = format!(r#"{{"StartAt": "Each", "States": {{"Each": {map}}}}}"#);
        format!(
            r#"{{"Resources": {{"Cards": {{"Type": "AWS::StepFunctions::Activity", "Properties": {{"Name": "cards"}}}},
                "Orders": {{"Type": "AWS::StepFunctions::StateMachine", "Properties": {{"Definition": {definition}}}}}}}}}"#
        )
    };
    assert_eq!(examined("endless-activity", &template("")).0, ["TB023 Orders"]);
    for timeout in [r#""TimeoutSeconds": 60, "#, r#""HeartbeatSecondsPath": "$.beat", "#] {
        assert!(examined("timed-activity", &template(timeout)).0.is_empty(), "{timeout}");
    }
}

#[test]
fn retention_shorter_than_delays_is_found() {
    let whole = fs::read_to_string(own()).unwrap();
    let four_days = whole.replace("MessageRetentionPeriod: 604800", "MessageRetentionPeriod: 345600");
    let without = four_days.replace("TASKBACK_MAX_RECEIVES: !Ref MaxReceives", "RUST_LOG: info");
    let at_most = |template: &str, receives: u32, seconds: u32| {
        let template = written("retention", template);
        let (receives, seconds) = (format!("MaxReceives={receives}"), format!("TimeoutSeconds={seconds}"));
        doctor(&template, &["--parameter", &receives, "--parameter", &seconds, "--parameter", STEP]).stdout
    };
    // Without the setting the delays keep doubling, up to half a day.
    assert_eq!(at_most(&without, 14, 30), "no findings\n");
    let found = at_most(&without, 15, 30);
    let reason =
        "TB018 Tasks: 15 receives with their delays may take 4.4 days, but its retention is 4.0 days: ";
    assert!(
        found.starts_with(reason) && found.contains(", and TASKBACK_MAX_RECEIVES, which limits"),
        "{found}"
    );
    assert_eq!(at_most(&four_days, 1000, 30), "no findings\n");
    // A message without a delay waits for the visibility timeout.
    let found = at_most(&four_days, 64, 900);
    assert!(found.starts_with("TB018 Tasks: 64 receives with their delays may take 4.0 days"), "{found}");
    assert!(!found.contains("which limits"), "{found}");
    assert_eq!(at_most(&four_days, 63, 900), "no findings\n");
    let unknown = four_days.replace("TASKBACK_MAX_RECEIVES: !Ref", "TASKBACK_MAX_RECEIVES: !ImportValue");
    assert!(!at_most(&unknown, 64, 900).contains("TB018"));
}
