//! What cannot be determined is listed, each with its reason, and never hides a finding.

use std::fs;

use super::{changed, doctor, examined, own, written};

#[test]
fn external_dead_letter_queue_is_unknown() {
    let whole = fs::read_to_string(own()).unwrap();
    let elsewhere = whole.replace(
        "deadLetterTargetArn: !GetAtt DeadLetters.Arn",
        "deadLetterTargetArn: arn:aws:sqs:us-east-1:123456789012:dead",
    );
    assert_ne!(elsewhere, whole);
    let ran = doctor(&written("dead-elsewhere", &elsewhere), &[]);
    let line = "unknown: Tasks.RedrivePolicy.deadLetterTargetArn: arn:aws:sqs:us-east-1:123456789012:dead is not in the template\n";
    assert!(ran.stdout.contains(line), "{}", ran.stdout);
}

/// A template does not show the content of messages.
#[test]
fn redriven_starts_need_names() {
    let queue = |redrive: &str| {
        let text = "Resources:\n  Requests: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 540REDRIVE}}\n  \
            Dead: {Type: AWS::SQS::Queue, Properties: {MessageRetentionPeriod: 1209600}}\n  \
            Flows:\n    Type: AWS::Serverless::Function\n    Metadata: {BuildProperties: {Binary: flow_control}}\n    \
            Properties:\n      Runtime: provided.al2023\n      Timeout: 90\n      \
            Environment: {Variables: {FNF_REGION: cn-hangzhou}}\n      \
            Events: {Requests: {Type: SQS, Properties: {Queue: !GetAtt Requests.Arn, \
            FunctionResponseTypes: [ReportBatchItemFailures]}}}\n";
        text.replace("REDRIVE", redrive)
    };
    let redrive = ", RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5}";
    let note =
        "unknown: Flows: a message that is redriven from the dead-letter queue of Requests gets a new id";
    let with = doctor(&written("redriven-starts", &queue(redrive)), &[]);
    let line =
        with.stdout.lines().find(|line| line.starts_with(note)).unwrap_or_else(|| panic!("{}", with.stdout));
    assert!(
        line.ends_with("begins a second execution; whether every start has a name is in no template"),
        "{line}"
    );
    let without = doctor(&written("starts-not-redriven", &queue("")), &[]);
    assert!(
        !without.stdout.contains(note) && without.stdout.contains("TB005 Requests"),
        "{}",
        without.stdout
    );
}

#[test]
fn unknown_facts_are_not_findings() {
    let template = written(
        "unknown",
        "Parameters: {Time: {Type: Number}}\n\
         Resources:\n  Worker:\n    Type: AWS::Serverless::Function\n    Properties:\n      \
         Runtime: provided.al2023\n      Timeout: !Ref Time\n      Role: !ImportValue role\n      \
         Environment: {Variables: {TASKBACK_SERVICE: swf}}\n      \
         Events: {Tasks: {Type: SQS, Properties: {Queue: 'arn:aws:sqs:us-east-1:123456789012:tasks', \
         FunctionResponseTypes: [ReportBatchItemFailures]}}}\n  \
         Other: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13}}\n",
    );
    let ran = doctor(&template, &[]);
    let expected = "unknown: Worker.Events.Tasks.Properties.Queue: arn:aws:sqs:us-east-1:123456789012:tasks is not in the template\n\
                    unknown: Worker.Role: Fn::ImportValue of role, so the permissions are not known\n\
                    unknown: Worker.Timeout: the parameter Time has no default: --parameter Time=…\n\
                    no findings; 3 unknown\n";
    assert_eq!((ran.code, &*ran.stdout), (0, expected), "{}", ran.stderr);
    let ran = doctor(&template, &["--parameter", "Time=3"]);
    assert!(ran.code == 1 && ran.stdout.starts_with("TB013 Worker:"), "{}", ran.stdout);
}

/// Each value that a check reads, unknown in turn.
#[test]
fn unknown_value_is_listed_where_it_is_read() {
    let import = "!ImportValue x";
    for (template, before, after, place) in [
        (
            "sound",
            "      VisibilityTimeout: 180\n",
            "      VisibilityTimeout: VALUE\n",
            "Tasks.VisibilityTimeout",
        ),
        (
            "sound",
            "deadLetterTargetArn: !GetAtt DeadLetters.Arn",
            "deadLetterTargetArn: VALUE",
            "Tasks.RedrivePolicy.deadLetterTargetArn",
        ),
        ("sound", "maxReceiveCount: 5", "maxReceiveCount: VALUE", "Tasks.RedrivePolicy.maxReceiveCount"),
        (
            "sound",
            "{deadLetterTargetArn: !GetAtt DeadLetters.Arn, maxReceiveCount: 5}",
            "VALUE",
            "Tasks.RedrivePolicy",
        ),
        (
            "sound",
            "MessageRetentionPeriod: 1209600",
            "MessageRetentionPeriod: VALUE",
            "DeadLetters.MessageRetentionPeriod",
        ),
        (
            "sound",
            "            Queue: !GetAtt Tasks.Arn\n",
            "            Queue: VALUE\n",
            "Worker.Events.Tasks.Properties.Queue",
        ),
        (
            "sound",
            "TASKBACK_MAX_RECEIVES: 5",
            "TASKBACK_MAX_RECEIVES: VALUE",
            "Worker.Environment.Variables.TASKBACK_MAX_RECEIVES",
        ),
        (
            "sound",
            "TASKBACK_MAX_RECEIVES: 5\n          TASKBACK_LEDGER: !Sub \"dynamodb:${Ledger}\"",
            "TASKBACK_LEDGER: VALUE",
            "Worker.Environment.Variables.TASKBACK_LEDGER",
        ),
        (
            "sound",
            "TASKBACK_MAX_RECEIVES: 5",
            "TASKBACK_CONCURRENCY: VALUE",
            "Worker.Environment.Variables.TASKBACK_CONCURRENCY",
        ),
        (
            "sound",
            "TASKBACK_MAX_RECEIVES: 5",
            "TASKBACK_STEP: VALUE",
            "Worker.Environment.Variables.TASKBACK_STEP",
        ),
        (
            "sound",
            "AttributeName: expires, Enabled: true",
            "AttributeName: VALUE, Enabled: true",
            "Ledger.TimeToLiveSpecification.AttributeName",
        ),
        (
            "sound",
            "KeySchema: [{AttributeName: fingerprint, KeyType: HASH}]",
            "KeySchema: VALUE",
            "Ledger.KeySchema",
        ),
        (
            "sound",
            "[!Ref Reports, !Ref Queues]\n      Events:\n        Tasks:",
            "VALUE\n      Events:\n        Tasks:",
            "Worker.Policies",
        ),
        (
            "direct",
            "      FunctionName: !Ref Worker\n      EventSourceArn",
            "      FunctionName: VALUE\n      EventSourceArn",
            "WorkerTasks.FunctionName",
        ),
        (
            "direct",
            "      Role: !GetAtt Role.Arn\n      Environment:\n        Variables:\n          TASKBACK_SERVICE: swf\n          TASKBACK_LEDGER: !Sub \"dynamodb:${Ledger}\"\n  Version:",
            "      Role: VALUE\n      Environment: {Variables: {TASKBACK_SERVICE: swf, TASKBACK_LEDGER: !Sub 'dynamodb:${Ledger}'}}\n  Version:",
            "Worker.Role",
        ),
        (
            "direct",
            "EventSourceArn: !GetAtt Tasks.Arn\n      FunctionResponseTypes: [ReportBatchItemFailures]",
            "EventSourceArn: !GetAtt Tasks.Arn\n      FunctionResponseTypes: VALUE",
            "WorkerTasks.FunctionResponseTypes",
        ),
        (
            "direct",
            "EventSourceArn: !GetAtt Tasks.Arn\n      FunctionResponseTypes: [ReportBatchItemFailures]",
            "EventSourceArn: !GetAtt Tasks.Arn\n      FunctionResponseTypes: [VALUE]",
            "WorkerTasks.FunctionResponseTypes",
        ),
        (
            "direct",
            "      FunctionName: cards-worker\n",
            "      ReservedConcurrentExecutions: VALUE\n",
            "Worker.ReservedConcurrentExecutions",
        ),
    ] {
        let text = changed(template, &[(before, &after.replace("VALUE", import))]);
        let (found, unknown) = examined("one-unknown", &text);
        let is_there = |fact: &String| fact.contains(place) && fact.contains("Fn::ImportValue of x");
        assert!(unknown.iter().any(is_there), "{place}: {unknown:?} {found:?}");
        // Without the queue of a worker, or its dead letters, the handler is taken for a worker.
        assert!(found.iter().all(|found| !found.contains("Worker")), "{place}: {found:?}");
    }
}

#[test]
fn managed_runtime_without_settings_is_no_concern() {
    let other = "  Other: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13, Role: 'arn:aws:iam::1:role/a'}}\n  Version:\n";
    assert_eq!(examined("python", &changed("direct", &[("  Version:\n", other)])), (vec![], vec![]));
    let events = "  Other: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.13, Events: {A: {Type: HttpApi}, \
                  B: {Type: SQS, Properties: {Queue: 'arn:aws:sqs:eu-west-1:1:a'}}}}}\n  Version:\n";
    assert_eq!(examined("python-api", &changed("direct", &[("  Version:\n", events)])), (vec![], vec![]));
    // The layer runs taskback in any runtime, which its settings show.
    let variables = "{TASKBACK_SERVICE: swf, AWS_LAMBDA_EXEC_WRAPPER: /opt/taskback}";
    let variables = format!("python3.13, Environment: {{Variables: {variables}}}");
    let layered = other.replace("python3.13", &variables);
    let (found, unknown) = examined("layered", &changed("direct", &[("  Version:\n", &layered)]));
    assert!(found == ["TB013 Other"] && unknown.len() == 1, "{found:?} {unknown:?}");
}

#[test]
fn other_invokers_are_listed() {
    for (name, resource, reason) in [
        (
            "bucket",
            "{Type: AWS::S3::Bucket, Properties: {NotificationConfiguration: {LambdaConfigurations: [{Function: !GetAtt Worker.Arn}]}}}",
            "Other: it is of the type AWS::S3::Bucket, and may invoke Worker",
        ),
        (
            "url",
            "{Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !Ref Live}}",
            "Other: it is of the type AWS::Lambda::Url, and may invoke Worker",
        ),
        (
            "custom",
            "{Type: Custom::Thing, Properties: {ServiceToken: !GetAtt Worker.Arn}}",
            "Other: it is of the type Custom::Thing, and may invoke Worker",
        ),
        (
            "sdk",
            "{Type: AWS::Scheduler::Schedule, Properties: {Target: {Arn: 'arn:aws:scheduler:::aws-sdk:lambda:invoke'}}}",
            "Other.Target: it calls Lambda with an input of its own, which doctor does not check",
        ),
        (
            "stack",
            "{Type: AWS::Lambda::EventSourceMapping, Properties: {FunctionName: !Ref Tasks, EventSourceArn: !GetAtt Tasks.Arn}}",
            "Other.FunctionName: Tasks is not a function in the template",
        ),
    ] {
        let text = changed("direct", &[("  Version:\n", &format!("  Other: {resource}\n  Version:\n"))]);
        assert_eq!(examined(&format!("invoker-{name}"), &text), (vec![], vec![reason.to_owned()]), "{name}");
    }
}

#[test]
fn other_uses_invoke_nothing() {
    let log = "  Other: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub '/aws/lambda/${Worker}'}}\n  Version:\n";
    assert_eq!(examined("no-invoker", &changed("direct", &[("  Version:\n", log)])), (vec![], vec![]));
}

#[test]
fn source_that_is_off_is_listed() {
    let off = "EventSourceArn: !GetAtt Tasks.Arn\n      Enabled: false\n";
    let text = changed("direct", &[("EventSourceArn: !GetAtt Tasks.Arn\n", off)]);
    let line = "WorkerTasks.Enabled: it is off, so the queue is checked as if it were on";
    assert_eq!(examined("source-off", &text), (vec![], vec![line.to_owned()]));
}

/// The binary that starts flows has the settings of its service only, as a worker may have.
#[test]
fn ambiguous_binary_is_listed() {
    let worker =
        "          TASKBACK_SERVICE: swf\n          TASKBACK_LEDGER: !Sub \"dynamodb:${Ledger}\"\n  Version:";
    let text = changed("direct", &[(worker, "          FNF_REGION: cn-hangzhou\n  Version:")]);
    let (_, unknown) = examined("ambiguous", &text);
    assert!(unknown.iter().any(|fact| fact.starts_with("Worker: checked as a worker: ")), "{unknown:?}");
}
