//! Patterns of policies, matched as IAM does.

use super::*;

#[test]
fn wildcards_match_as_in_iam() {
    for (pattern, text) in [
        ("*", "sqs:SendMessage"),
        ("sqs:*", "sqs:SendMessage"),
        ("SQS:send*", "sqs:SendMessage"),
        ("arn:*:/domain/*", "arn:aws:x:us-east-1:1:/domain/x"),
        ("a*c*c", "abccc"),
        ("a?c", "abc"),
        ("x", "x"),
    ] {
        assert_eq!(matches(pattern, text), Match::Yes, "{pattern} {text}");
    }
    for (pattern, text) in
        [("sqs:Send", "sqs:SendMessage"), ("s*x", "sqs"), ("", "a"), ("a*b*", "acd"), ("a?c", "ac")]
    {
        assert_eq!(matches(pattern, text), Match::No, "{pattern} {text}");
    }
    assert_eq!(matches("sqs:${?x}", "sqs:SendMessage"), Match::Maybe);
}

#[test]
fn resources_match_by_service_and_name() {
    let own = |literal: Option<&str>| Target {
        service: "sqs",
        shown: "Tasks".to_owned(),
        logical: Some("Tasks".to_owned()),
        literal: literal.map(str::to_owned),
        is_any: false,
    };
    let region = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:";
    for (pattern, generated, named) in [
        ("*", Match::Yes, Match::Yes),
        ("${Tasks.Arn}", Match::Yes, Match::Yes),
        ("arn:aws:sqs:eu-west-1:1:${Tasks.QueueName}", Match::Yes, Match::Yes),
        ("${Other.Arn}", Match::No, Match::No),
        ("arn:aws:sqs:*:*:*", Match::Yes, Match::Yes),
        ("arn:aws:s3:::*", Match::No, Match::No),
        ("arn:aws:sqs:eu-west-1:1:tasks", Match::Maybe, Match::Yes),
        ("arn:aws:sqs:eu-west-1:1:task*", Match::Maybe, Match::Yes),
        ("arn:aws:sqs:eu-west-1:1:other", Match::Maybe, Match::No),
        ("ARN:${AWS::StackName}-*", Match::Maybe, Match::No),
        ("ARN:tasks", Match::Maybe, Match::Yes),
        ("ARN:${?no default}", Match::Maybe, Match::Maybe),
        ("${?no default}", Match::Maybe, Match::Maybe),
        ("nonsense", Match::No, Match::No),
    ] {
        let pattern = pattern.replace("ARN:", region);
        assert_eq!(own(None).matched_by(&pattern), generated, "{pattern}");
        assert_eq!(own(Some("tasks")).matched_by(&pattern), named, "{pattern}");
    }
    let composed = own(Some("${Stack}-tasks"));
    assert_eq!(composed.matched_by("arn:aws:sqs:eu-west-1:1:${Stack}-tasks"), Match::Yes);
    assert_eq!(composed.matched_by("arn:aws:sqs:eu-west-1:1:${Other}-tasks"), Match::No);
    assert_eq!(own(None).matched_by("${Tasks.Arn}/index/*"), Match::No);
    let table = Target { service: "dynamodb", literal: Some("ledger".to_owned()), ..own(None) };
    assert_eq!(table.matched_by("arn:aws:dynamodb:eu-west-1:1:table/ledger"), Match::Yes);
    assert_eq!(table.matched_by("arn:aws:dynamodb:eu-west-1:1:table/${Tasks}/index/*"), Match::No);
    let any = Target::any("swf", "the domain");
    assert_eq!(any.matched_by("arn:aws:swf:us-east-1:1:/domain/${?x}"), Match::Yes);
    let secret = Target::named("secretsmanager", "prod/fnf");
    assert_eq!(secret.matched_by("arn:aws:secretsmanager:eu-west-1:1:secret:prod/fnf-??????"), Match::Yes);
}
