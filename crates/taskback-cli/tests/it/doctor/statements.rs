//! The statements of a role: allowed, missing, denied, or not known.

use super::{changed, examined};

/// The statements of `direct` for the ledger.
pub(super) const LEDGER: &str =
    "[{Effect: Allow, Action: \"dynamodb:UpdateItem\", Resource: !GetAtt Ledger.Arn}]";

/// The findings and unknown facts of `direct` with another statement for the ledger.
fn ledger(name: &str, statement: &str) -> (Vec<String>, Vec<String>) {
    examined(name, &changed("direct", &[(LEDGER, statement)]))
}

#[test]
fn statements_are_judged_as_by_iam() {
    let both = ["TB011 Handler", "TB011 Worker"];
    for (name, statement, expected) in [
        (
            "list",
            "[{Effect: Allow, Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'], Resource: [!GetAtt Ledger.Arn]}]",
            &[][..],
        ),
        ("single", "{Effect: Allow, Action: 'DynamoDB:updateitem', Resource: !GetAtt Ledger.Arn}", &[]),
        ("mark", "[{Effect: Allow, Action: 'dynamodb:UpdateIte?', Resource: !GetAtt Ledger.Arn}]", &[]),
        (
            "by-name",
            "[{Effect: Allow, Action: 'dynamodb:UpdateItem', Resource: !Sub 'arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${Ledger}'}]",
            &[],
        ),
        (
            "joined",
            "[{Effect: Allow, Action: 'dynamodb:UpdateItem', Resource: !Join ['', ['arn:', !Ref AWS::Partition, ':dynamodb:', !Ref AWS::Region, ':1:table/', !Ref Ledger]]}]",
            &[],
        ),
        (
            "not-action",
            "[{Effect: Allow, NotAction: 'iam:*', Resource: !GetAtt Ledger.Arn}]",
            &["TB012 Handler", "TB012 Worker"],
        ),
        (
            "not-this-action",
            "[{Effect: Allow, NotAction: 'dynamodb:*', Resource: !GetAtt Ledger.Arn}]",
            &["TB011 Handler", "TB011 Worker", "TB012 Handler", "TB012 Worker"],
        ),
        (
            "not-resource",
            "[{Effect: Allow, Action: 'dynamodb:UpdateItem', NotResource: !GetAtt Tasks.Arn}]",
            &[],
        ),
        (
            "not-this-resource",
            "[{Effect: Allow, Action: 'dynamodb:UpdateItem', NotResource: !GetAtt Ledger.Arn}]",
            &both,
        ),
        (
            "other-action",
            "[{Effect: Allow, Action: 'dynamodb:GetItem', Resource: !GetAtt Ledger.Arn}]",
            &both,
        ),
        (
            "other-resource",
            "[{Effect: Allow, Action: 'dynamodb:UpdateItem', Resource: !GetAtt Tasks.Arn}]",
            &both,
        ),
        (
            "other-service",
            "[{Effect: Allow, Action: 'dynamodb:UpdateItem', Resource: 'arn:aws:s3:::bucket/*'}]",
            &["TB011 Handler", "TB011 Worker", "TB012 Handler", "TB012 Worker"],
        ),
        (
            "index",
            "[{Effect: Allow, Action: 'dynamodb:UpdateItem', Resource: !Sub '${Ledger.Arn}/index/*'}]",
            &both,
        ),
        (
            "denied",
            "[{Effect: Allow, Action: 'dynamodb:UpdateItem', Resource: !GetAtt Ledger.Arn}, {Effect: Deny, Action: 'dynamodb:*', Resource: '*'}]",
            &both,
        ),
        (
            "not-denied",
            "[{Effect: Allow, Action: 'dynamodb:UpdateItem', Resource: !GetAtt Ledger.Arn}, {Effect: Deny, Action: 'dynamodb:Delete*', Resource: '*'}]",
            &[],
        ),
        (
            "denied-without-tls",
            "[{Effect: Allow, Action: 'dynamodb:UpdateItem', Resource: !GetAtt Ledger.Arn}, {Effect: Deny, Action: '*', Resource: '*', Condition: {Bool: {'aws:SecureTransport': false}}}]",
            &[],
        ),
        (
            "denied-except",
            "[{Effect: Allow, Action: 'dynamodb:UpdateItem', Resource: !GetAtt Ledger.Arn}, {Effect: Deny, NotAction: ['sqs:*', 'swf:*'], Resource: '*'}]",
            &both,
        ),
    ] {
        let (found, unknown) = ledger(&format!("statement-{name}"), statement);
        assert!(found == expected && unknown.is_empty(), "{name}: {found:?} {unknown:?}");
    }
}

/// Each is unknown, and hides no other finding.
#[test]
fn unknown_policy_hides_no_finding() {
    let expected = |found: &[String], name: &str| assert_eq!(found, ["TB001 Worker"], "{name}");
    let partial =
        "EventSourceArn: !GetAtt Tasks.Arn\n      FunctionResponseTypes: [ReportBatchItemFailures]\n";
    for (name, statement, subject) in [
        (
            "condition",
            "[{Effect: Allow, Action: 'dynamodb:UpdateItem', Resource: !GetAtt Ledger.Arn, Condition: {StringEquals: {'aws:PrincipalTag/a': b}}}]",
            "Role.Policies.0.PolicyDocument.Statement.0 may allow it",
        ),
        (
            "conditional-denial",
            "[{Effect: Allow, Action: 'dynamodb:UpdateItem', Resource: !GetAtt Ledger.Arn}, {Effect: Deny, Action: 'dynamodb:*', Resource: '*', Condition: {Null: {'aws:TokenIssueTime': true}}}]",
            "Role.Policies.0.PolicyDocument.Statement.1 may deny it",
        ),
        (
            "generated-name",
            "[{Effect: Allow, Action: 'dynamodb:UpdateItem', Resource: !Sub 'arn:aws:dynamodb:eu-west-1:1:table/${AWS::StackName}-*'}]",
            "Role.Policies.0.PolicyDocument.Statement.0 may allow it",
        ),
        (
            "import",
            "[{Effect: Allow, Action: 'dynamodb:UpdateItem', Resource: !ImportValue table}]",
            "Role.Policies.0.PolicyDocument.Statement.0 may allow it",
        ),
        (
            "statement",
            "[!ImportValue statement]",
            "Role.Policies.0.PolicyDocument.Statement.0: Fn::ImportValue of statement",
        ),
        (
            "document",
            "!ImportValue statements",
            "Role.Policies.0.PolicyDocument: Fn::ImportValue of statements",
        ),
    ] {
        let text =
            changed("direct", &[(LEDGER, statement), (partial, "EventSourceArn: !GetAtt Tasks.Arn\n")]);
        let (found, unknown) = examined(&format!("unknown-{name}"), &text);
        expected(&found, name);
        let lines =
            ["Handler", "Worker"].map(|of| format!("{of} with dynamodb:UpdateItem on Ledger: {subject}"));
        assert_eq!(unknown, lines, "{name}");
    }
    let arn = "policy/service-role/AWSLambdaBasicExecutionRole\"";
    let text = changed(
        "direct",
        &[(LEDGER, "[]"), (partial, "EventSourceArn: !GetAtt Tasks.Arn\n"), (arn, "policy/NotKnown\"")],
    );
    let (found, unknown) = examined("unknown-managed", &text);
    expected(&found, "managed");
    assert!(
        unknown.len() == 2 && unknown.iter().all(|fact| fact.ends_with("policy/NotKnown is not known")),
        "{unknown:?}"
    );
}
