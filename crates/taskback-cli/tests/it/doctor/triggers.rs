//! Whatever invokes a function is seen, as SAM, CloudFormation and CDK write it.

use super::{changed, examined};

const PARTIAL: &str = "      FunctionName: !Ref Worker\n      EventSourceArn: !GetAtt Tasks.Arn\n      \
                       FunctionResponseTypes: [ReportBatchItemFailures]\n";
const WHOLE: &str = "      FunctionName: !Ref Worker\n      EventSourceArn: !GetAtt Tasks.Arn\n";
const MAPPING: &str = "  WorkerTasks:\n    Type: AWS::Lambda::EventSourceMapping\n    Properties:\n";

/// Adds resources to `direct`.
fn with(resources: &str) -> String {
    changed("direct", &[("  Version:\n", &format!("{resources}  Version:\n"))])
}

#[test]
fn every_name_of_a_function_is_understood() {
    for (index, name) in [
        "!Ref Worker",
        "!GetAtt Worker.Arn",
        "!Ref Live",
        "!GetAtt Live.AliasArn",
        "!Ref Version",
        "!GetAtt [Version, FunctionArn]",
        "!Sub '${Worker}:live'",
        "!Sub '${Worker.Arn}:live'",
        "!Join [':', [!GetAtt Worker.Arn, live]]",
        "!Sub 'arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Worker}'",
        "!Sub 'arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${Worker}:live'",
        "{'Fn::Join': ['', ['arn:', !Ref AWS::Partition, ':lambda:eu-west-1:1:function:', !Ref Worker]]}",
        "{'Fn::GetAtt': Worker.Arn}",
        "cards-worker",
        "cards-worker:live",
        "arn:aws:lambda:eu-west-1:123456789012:function:cards-worker:live",
        "123456789012:function:cards-worker",
    ]
    .iter()
    .enumerate()
    {
        let text = changed("direct", &[(PARTIAL, &WHOLE.replace("!Ref Worker", name))]);
        let found = examined(&format!("function-{index}"), &text);
        assert_eq!(found, (vec!["TB001 Worker".to_owned()], vec![]), "{name}");
    }
}

#[test]
fn every_name_of_a_queue_is_understood() {
    let named = ("      VisibilityTimeout: 180\n", "      VisibilityTimeout: 60\n      QueueName: cards\n");
    for (index, name) in [
        "!GetAtt Tasks.Arn",
        "!Sub '${Tasks.Arn}'",
        "!Sub 'arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Tasks.QueueName}'",
        "!Join [':', [arn, !Ref AWS::Partition, sqs, !Ref AWS::Region, !Ref AWS::AccountId, !GetAtt Tasks.QueueName]]",
        "{'Fn::GetAtt': Tasks.Arn}",
        "arn:aws:sqs:eu-west-1:123456789012:cards",
    ]
    .iter()
    .enumerate()
    {
        let text = changed("direct", &[named, (PARTIAL, &PARTIAL.replace("!GetAtt Tasks.Arn", name))]);
        let found = examined(&format!("queue-{index}"), &text);
        assert_eq!(found, (vec!["TB002 Tasks".to_owned()], vec![]), "{name}");
    }
}

#[test]
fn image_function_is_judged() {
    let runtime = "      Runtime: provided.al2023\n      Handler: bootstrap\n      Code: {S3Bucket: bucket, S3Key: key}\n      \
                   Timeout: 30\n      Role: !GetAtt Role.Arn\n      Environment:\n        Variables:\n          \
                   TASKBACK_SERVICE: swf\n          TASKBACK_LEDGER: !Sub \"dynamodb:${Ledger}\"\n  Version:";
    let image = runtime
        .replace("Runtime: provided.al2023\n      Handler: bootstrap", "PackageType: Image")
        .replace("{S3Bucket: bucket, S3Key: key}", "{ImageUri: 'worker:1'}");
    let text = changed("direct", &[(runtime, &image), (PARTIAL, WHOLE)]);
    assert_eq!(examined("image", &text), (vec!["TB001 Worker".to_owned()], vec![]));
    // Without a setting it may be anything.
    let bare = image.replace("TASKBACK_SERVICE: swf", "A: b").replace("TASKBACK_LEDGER", "C");
    let (found, unknown) = examined("bare-image", &changed("direct", &[(runtime, &bare), (PARTIAL, WHOLE)]));
    let expected = "Worker: it has no taskback settings, so it is not clear that it runs taskback";
    assert!(
        found.iter().all(|found| !found.ends_with("Worker")) && unknown == [expected],
        "{found:?} {unknown:?}"
    );
}

#[test]
fn asynchronous_source_needs_a_destination() {
    for (name, source) in [
        ("subscription", "{Type: AWS::SNS::Subscription, Properties: {Protocol: lambda, Endpoint: TARGET}}"),
        (
            "topic",
            "{Type: AWS::SNS::Topic, Properties: {Subscription: [{Protocol: lambda, Endpoint: TARGET}]}}",
        ),
        ("rule", "{Type: AWS::Events::Rule, Properties: {Targets: [{Id: a, Arn: TARGET}]}}"),
        ("schedule", "{Type: AWS::Scheduler::Schedule, Properties: {Target: {Arn: TARGET}}}"),
        (
            "pipe",
            "{Type: AWS::Pipes::Pipe, Properties: {Source: !GetAtt Other.Arn, Target: TARGET, TargetParameters: \
             {LambdaFunctionParameters: {InvocationType: FIRE_AND_FORGET}}}}",
        ),
    ] {
        for (index, target) in
            ["!GetAtt Worker.Arn", "!Ref Live", "!Sub '${Worker.Arn}:live'"].iter().enumerate()
        {
            let text = with(&format!("  Of: {}\n", source.replace("TARGET", target)));
            let found = examined(&format!("{name}-{index}"), &text);
            assert_eq!(found, (vec!["TB016 Worker".to_owned()], vec![]), "{name} {target}");
        }
    }
    let event = |kind: &str| {
        let own = format!(
            "      Events:\n        More: {{Type: {kind}, Properties: {{Topic: t, Schedule: rate(1 hour)}}}}\n"
        );
        changed("sound", &[("      Events:\n        Tasks:", &format!("{own}        Tasks:"))])
    };
    for kind in ["SNS", "EventBridgeRule", "CloudWatchEvent", "Schedule", "ScheduleV2"] {
        let found = examined(&format!("event-{kind}"), &event(kind));
        assert_eq!(found, (vec!["TB016 Worker".to_owned()], vec![]), "{kind}");
    }
}

/// A pipe that waits for the function's response is a poller, and always takes partial ones.
#[test]
fn pipe_reads_its_queue() {
    let pipe = "  WorkerTasks:\n    Type: AWS::Pipes::Pipe\n    Properties:\n      RoleArn: arn:aws:iam::1:role/pipe\n      \
                Target: !Ref Live\n      Source: !GetAtt Tasks.Arn\n      SourceParameters:\n        \
                SqsQueueParameters: {BatchSize: 10, MaximumBatchingWindowInSeconds: 0}\n";
    let with = |pipe: &str| changed("direct", &[(&format!("{MAPPING}{PARTIAL}"), pipe)]);
    assert_eq!(examined("pipe", &with(pipe)), (vec![], vec![]));
    let found = |name: &str, pipe: &str| examined(name, &with(pipe)).0;
    let slow = pipe.replace("InSeconds: 0", "InSeconds: 10");
    assert_eq!(found("pipe-window", &slow), ["TB002 Tasks"]);
    let filter = pipe.replace(
        "      SourceParameters:\n",
        "      SourceParameters:\n        FilterCriteria: {Filters: [{Pattern: '{}'}]}\n",
    );
    assert_eq!(found("pipe-filter", &filter), ["TB020 Worker"]);
    let large = pipe.replace("BatchSize: 10,", "BatchSize: 100,");
    assert_eq!(found("pipe-batches", &large), ["TB013 Worker"]);
    let template = format!(
        "{pipe}      TargetParameters: {{InputTemplate: '<$.body>'}}\n      Enrichment: !GetAtt Handler.Arn\n"
    );
    let (found, unknown) = examined("pipe-template", &with(&template));
    assert!(found.is_empty() && unknown.len() == 2, "{found:?} {unknown:?}");
    assert!(unknown.iter().all(|fact| fact.ends_with("it may change the messages")), "{unknown:?}");
}

#[test]
fn filter_deletes_messages() {
    let filter = |filters: &str| format!("{PARTIAL}      FilterCriteria: {{Filters: {filters}}}\n");
    for (name, filters, expected) in [
        ("pattern", "[{Pattern: '{\"body\":{\"kind\":[\"card\"]}}'}]", &["TB020 Worker"][..]),
        ("two", "[{Pattern: a}, {Pattern: b}]", &["TB020 Worker"]),
        ("none", "[]", &[]),
    ] {
        let found = examined(&format!("filter-{name}"), &changed("direct", &[(PARTIAL, &filter(filters))]));
        assert_eq!(found, (expected.iter().map(|one| (*one).to_owned()).collect(), vec![]), "{name}");
    }
}

#[test]
fn foreign_source_is_named() {
    for (name, source, more) in [
        ("stream", "!GetAtt Other.Arn", "  Other: {Type: AWS::Kinesis::Stream}\n"),
        ("table", "!GetAtt Other.StreamArn", "  Other: {Type: AWS::DynamoDB::Table}\n"),
        ("broker", "!Ref Other", "  Other: {Type: AWS::AmazonMQ::Broker}\n"),
        ("elsewhere", "arn:aws:kafka:eu-west-1:1:cluster/a/b", ""),
        ("regional", "!Sub 'arn:${AWS::Partition}:kinesis:${AWS::Region}:1:stream/a'", ""),
    ] {
        let mapping = PARTIAL.replace("!GetAtt Tasks.Arn", source);
        let text =
            changed("direct", &[("  Version:\n", &format!("{more}  Version:\n")), (PARTIAL, &mapping)]);
        let (found, unknown) = examined(&format!("foreign-{name}"), &text);
        assert!(
            found.contains(&"TB021 Worker".to_owned()) && unknown.is_empty(),
            "{name}: {found:?} {unknown:?}"
        );
        assert!(
            !found.iter().any(|found| found.starts_with("TB001") || found.starts_with("TB011")),
            "{found:?}"
        );
    }
    for kind in ["Kinesis", "DynamoDB", "MSK", "S3", "IoTRule"] {
        let event = format!("        More: {{Type: {kind}, Properties: {{}}}}\n        Tasks:\n");
        let found = examined(&format!("foreign-{kind}"), &changed("sound", &[("        Tasks:\n", &event)]));
        assert_eq!(found, (vec!["TB021 Worker".to_owned()], vec![]), "{kind}");
    }
}

#[test]
fn reserved_concurrency_must_be_enough() {
    let text = |reserved: &str, maximum: &str| {
        let scaling = format!("{PARTIAL}      ScalingConfig: {{MaximumConcurrency: {maximum}}}\n");
        let name = "      FunctionName: cards-worker\n";
        changed(
            "direct",
            &[
                (PARTIAL, if maximum.is_empty() { PARTIAL } else { &scaling }),
                (name, &format!("{name}      ReservedConcurrentExecutions: {reserved}\n")),
            ],
        )
    };
    for (reserved, maximum, is_enough) in [
        ("0", "", false),
        ("0", "2", false),
        ("1", "", false),
        ("4", "", false),
        ("5", "", true),
        ("2", "2", true),
        ("2", "3", false),
        ("'10'", "'10'", true),
    ] {
        let (found, unknown) = examined(&format!("reserved-{reserved}-{maximum}"), &text(reserved, maximum));
        let expected: &[&str] = if is_enough { &[] } else { &["TB019 Worker"] };
        assert!(found == expected && unknown.is_empty(), "{reserved} {maximum}: {found:?} {unknown:?}");
    }
}

/// A queue's dead letters are handled by a function that does not show that it runs taskback.
#[test]
fn other_reader_of_dead_letters_is_unknown() {
    let handler = "          TASKBACK_SERVICE: swf\n          TASKBACK_LEDGER: !Sub \"dynamodb:${Ledger}\"\n  HandlerDeadLetters:";
    let text = changed("direct", &[(handler, "          A: b\n  HandlerDeadLetters:")]);
    let (found, unknown) = examined("other-reader", &text);
    assert!(found.is_empty(), "{found:?}");
    assert!(unknown.contains(&"DeadLetters: Handler may report its dead letters".to_owned()), "{unknown:?}");
}

/// SAM makes a mapping for the queue of such a topic, and that one takes no partial responses.
#[test]
fn topic_by_queue_is_a_queue() {
    let event = |subscription: &str| {
        let event = format!(
            "Type: SNS\n          Properties: {{Topic: t, SqsSubscription: {subscription}}}\n  Handler:"
        );
        let sqs = "Type: SQS\n          Properties:\n            Queue: !GetAtt Tasks.Arn\n            \
                   FunctionResponseTypes: [ReportBatchItemFailures]\n  Handler:";
        changed("sound", &[(sqs, &event)])
    };
    let own = "{QueueArn: !GetAtt Tasks.Arn, QueueUrl: !Ref Tasks, BatchSize: 5}";
    assert_eq!(examined("topic-queue", &event(own)), (vec!["TB001 Worker".to_owned()], vec![]));
    let (_, unknown) = examined("topic-made-queue", &event("true"));
    let line =
        "Worker.Events.Tasks.Properties.SqsSubscription: its queue is made by SAM and not in the template";
    assert_eq!(unknown, [line]);
}
