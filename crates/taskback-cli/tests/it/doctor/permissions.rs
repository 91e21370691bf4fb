//! Permissions, wherever they are written.

use super::statements::LEDGER;
use super::{changed, examined};

const INLINE: &str = "      Policies:\n        - PolicyName: ledger\n          PolicyDocument:\n            \
                      Statement: [{Effect: Allow, Action: \"dynamodb:UpdateItem\", Resource: !GetAtt Ledger.Arn}]\n";

#[test]
fn policies_count_wherever_they_are_attached() {
    let statement =
        "{Statement: [{Effect: Allow, Action: 'dynamodb:UpdateItem', Resource: !GetAtt Ledger.Arn}]}";
    for (name, resource) in [
        ("policy", "{Type: AWS::IAM::Policy, Properties: {Roles: [!Ref Role], PolicyDocument: DOCUMENT}}"),
        ("by-name", "{Type: AWS::IAM::Policy, Properties: {Roles: [cards], PolicyDocument: DOCUMENT}}"),
        (
            "managed",
            "{Type: AWS::IAM::ManagedPolicy, Properties: {Roles: [!Ref Role], PolicyDocument: DOCUMENT}}",
        ),
        (
            "role-policy",
            "{Type: AWS::IAM::RolePolicy, Properties: {RoleName: !Ref Role, PolicyDocument: DOCUMENT}}",
        ),
    ] {
        let more = format!("  More: {}\n  Reports:\n", resource.replace("DOCUMENT", statement));
        let found = examined(
            &format!("attached-{name}"),
            &changed("direct", &[(INLINE, ""), ("  Reports:\n", &more)]),
        );
        assert_eq!(found, (vec![], vec![]), "{name}");
        let other = more.replace("!Ref Role", "other").replace("[cards]", "[other]");
        let (found, _) =
            examined(&format!("other-{name}"), &changed("direct", &[(INLINE, ""), ("  Reports:\n", &other)]));
        assert_eq!(found, ["TB011 Handler", "TB011 Worker"], "{name}");
    }
    // The table's own policy, for the role.
    let table = "      BillingMode: PAY_PER_REQUEST\n";
    let policy = "      ResourcePolicy:\n        PolicyDocument:\n          Statement:\n            - {Effect: Allow, \
                  Principal: {AWS: PRINCIPAL}, Action: 'dynamodb:UpdateItem', Resource: '*'}\n";
    for (principal, expected) in [
        ("!GetAtt Role.Arn", &[][..]),
        ("[!Sub 'arn:aws:iam::1:role/other', !Sub 'arn:aws:iam::${AWS::AccountId}:role/cards']", &[]),
        ("!Sub 'arn:aws:iam::${AWS::AccountId}:root'", &["TB011 Handler", "TB011 Worker"]),
        ("arn:aws:iam::1:role/other", &["TB011 Handler", "TB011 Worker"]),
    ] {
        let own = format!("{table}{}", policy.replace("PRINCIPAL", principal));
        let (found, unknown) = examined("table-policy", &changed("direct", &[(INLINE, ""), (table, &own)]));
        assert!(found == expected && unknown.is_empty(), "{principal}: {found:?} {unknown:?}");
    }
}

#[test]
fn permissions_boundary_limits() {
    let role = "      RoleName: cards\n";
    let with = |boundary: &str, document: &str| {
        let more = format!(
            "  Boundary: {{Type: AWS::IAM::ManagedPolicy, Properties: {{PolicyDocument: {document}}}}}\n  Reports:\n"
        );
        changed(
            "direct",
            &[(role, &format!("{role}      PermissionsBoundary: {boundary}\n")), ("  Reports:\n", &more)],
        )
    };
    let all = "{Statement: {Effect: Allow, Action: '*', Resource: '*'}}";
    let some = "{Statement: {Effect: Allow, Action: ['sqs:*', 'swf:*'], Resource: '*'}}";
    assert_eq!(examined("wide-boundary", &with("!Ref Boundary", all)), (vec![], vec![]));
    assert_eq!(
        examined("narrow-boundary", &with("!Ref Boundary", some)).0,
        ["TB011 Handler", "TB011 Worker"]
    );
    let (found, unknown) = examined("foreign-boundary", &with("arn:aws:iam::1:policy/limits", all));
    let line = "Role.PermissionsBoundary: its statements are not known, and they limit the permissions";
    assert!(found.is_empty() && unknown == [line], "{found:?} {unknown:?}");
}

#[test]
fn customer_key_of_a_queue_needs_a_permission() {
    let root = "{Effect: Allow, Principal: {AWS: !Sub 'arn:aws:iam::${AWS::AccountId}:root'}, Action: 'kms:*', Resource: '*'}";
    let role = "{Effect: Allow, Principal: {AWS: !GetAtt Role.Arn}, Action: 'kms:Decrypt', Resource: '*'}";
    let admin =
        "{Effect: Allow, Principal: {AWS: 'arn:aws:iam::1:role/admin'}, Action: 'kms:*', Resource: '*'}";
    let decrypt = "[{Effect: Allow, Action: 'dynamodb:UpdateItem', Resource: !GetAtt Ledger.Arn}, \
                   {Effect: Allow, Action: 'kms:Decrypt', Resource: !GetAtt Key.Arn}]";
    let other = decrypt.replace("!GetAtt Key.Arn", "'arn:aws:kms:eu-west-1:1:key/1a2b'");
    for (name, key, statements, allowed, expected) in [
        ("none", "!Ref Key", root, LEDGER, &["TB011 Worker"][..]),
        ("alias", "!Ref Alias", root, LEDGER, &["TB011 Worker"]),
        ("elsewhere", "arn:aws:kms:eu-west-1:1:key/a", root, LEDGER, &["TB011 Worker"]),
        ("by-role", "!GetAtt Key.Arn", root, decrypt, &[]),
        ("by-key", "!Ref Key", role, LEDGER, &[]),
        ("not-delegated", "!Ref Key", admin, decrypt, &["TB011 Worker"]),
        ("alias-elsewhere", "alias/cards", root, LEDGER, &["TB011 Worker"]),
        ("id-elsewhere", "1a2b", root, &other, &[]),
        ("of-aws", "alias/aws/sqs", root, LEDGER, &[]),
    ] {
        let more = format!(
            "  Alias: {{Type: AWS::KMS::Alias, Properties: {{AliasName: alias/a, TargetKeyId: !Ref Key}}}}\n  \
             Key: {{Type: AWS::KMS::Key, Properties: {{KeyPolicy: {{Statement: [{statements}]}}}}}}\n  Reports:\n"
        );
        let queue = format!("      KmsMasterKeyId: {key}\n      RedrivePolicy:");
        let text = changed(
            "direct",
            &[("      RedrivePolicy:", &queue), ("  Reports:\n", &more), (LEDGER, allowed)],
        );
        let (found, unknown) = examined(&format!("key-{name}"), &text);
        assert!(found == expected && unknown.is_empty(), "{name}: {found:?} {unknown:?}");
    }
}

#[test]
fn sam_policies_are_expanded() {
    let policies = "      Policies: [!Ref Reports, !Ref Queues]\n      Events:\n        Tasks:";
    let delays = "{Statement: {Effect: Allow, Action: ['sqs:GetQueueUrl', 'sqs:ChangeMessageVisibility'], Resource: !GetAtt Tasks.Arn}}";
    let reports = "{Statement: {Effect: Allow, Action: ['swf:RespondActivityTaskCompleted', 'swf:RespondActivityTaskFailed', \
                   'swf:RespondActivityTaskCanceled', 'swf:RecordActivityTaskHeartbeat'], Resource: 'arn:aws:swf:*:*:/domain/cards'}}";
    for (name, more, expected, is_known) in [
        ("crud", "{DynamoDBCrudPolicy: {TableName: !Ref Ledger}}", &[][..], true),
        ("write", "{DynamoDBWritePolicy: {TableName: !Ref Ledger}}", &[], true),
        ("read", "{DynamoDBReadPolicy: {TableName: !Ref Ledger}}", &["TB011 Worker"], true),
        ("other-table", "{DynamoDBCrudPolicy: {TableName: !Ref Tasks}}", &["TB011 Worker"], true),
        ("unrelated", "{S3CrudPolicy: {BucketName: b}}", &["TB011 Worker"], true),
        ("aws", "AmazonDynamoDBFullAccess", &["TB012 Worker"], true),
        ("misspelt", "{DynamoDBCrudPolice: {TableName: !Ref Ledger}}", &[], false),
        ("without-table", "{DynamoDBCrudPolicy: {}}", &[], false),
    ] {
        let own = format!("      Policies: [{reports}, {delays}, {more}]\n      Events:\n        Tasks:");
        let (found, unknown) = examined(&format!("sam-{name}"), &changed("sound", &[(policies, &own)]));
        assert!(found == expected && unknown.is_empty() == is_known, "{name}: {found:?} {unknown:?}");
    }
}

#[test]
fn denial_by_a_queue_counts() {
    let deny = "{Statement: {Effect: Deny, Principal: PRINCIPAL, Action: 'sqs:Receive*', Resource: '*'}}";
    let name = ("      VisibilityTimeout: 180\n", "      VisibilityTimeout: 180\n      QueueName: cards\n");
    for (name_of_case, resource, principal, is_denied) in [
        (
            "policy",
            "{Type: AWS::SQS::QueuePolicy, Properties: {Queues: [!Ref Tasks], PolicyDocument: DENY}}",
            "'*'",
            true,
        ),
        (
            "url",
            "{Type: AWS::SQS::QueuePolicy, Properties: {Queues: ['https://sqs.eu-west-1.amazonaws.com/1/cards'], PolicyDocument: DENY}}",
            "'*'",
            true,
        ),
        (
            "inline",
            "{Type: AWS::SQS::QueueInlinePolicy, Properties: {Queue: !Ref Tasks, PolicyDocument: DENY}}",
            "{AWS: '*'}",
            true,
        ),
        (
            "role",
            "{Type: AWS::SQS::QueuePolicy, Properties: {Queues: [!Ref Tasks], PolicyDocument: DENY}}",
            "{AWS: !GetAtt Role.Arn}",
            true,
        ),
        (
            "account",
            "{Type: AWS::SQS::QueuePolicy, Properties: {Queues: [!Ref Tasks], PolicyDocument: DENY}}",
            "{AWS: !Ref AWS::AccountId}",
            true,
        ),
        (
            "other-role",
            "{Type: AWS::SQS::QueuePolicy, Properties: {Queues: [!Ref Tasks], PolicyDocument: DENY}}",
            "{AWS: 'arn:aws:iam::1:role/a'}",
            false,
        ),
        (
            "service",
            "{Type: AWS::SQS::QueuePolicy, Properties: {Queues: [!Ref Tasks], PolicyDocument: DENY}}",
            "{Service: sns.amazonaws.com}",
            false,
        ),
    ] {
        let more = format!(
            "  More: {}\n  Reports:\n",
            resource.replace("DENY", &deny.replace("PRINCIPAL", principal))
        );
        let (found, unknown) =
            examined(&format!("denial-{name_of_case}"), &changed("direct", &[name, ("  Reports:\n", &more)]));
        let expected: &[&str] = if is_denied { &["TB011 Worker"] } else { &[] };
        assert!(found == expected && unknown.is_empty(), "{name_of_case}: {found:?} {unknown:?}");
    }
}

/// SAM writes the policy of a connector.
#[test]
fn connector_may_allow() {
    let policies = "      Policies: [!Ref Reports, !Ref Queues]\n      Events:\n        Tasks:";
    let inside = "    Connectors: {Table: {Properties: {Destination: {Id: Ledger}, Permissions: [Write]}}}\n";
    let own = "  Table: {Type: AWS::Serverless::Connector, Properties: {Source: {Id: Worker}, Destination: {Id: Ledger}, Permissions: [Write]}}\n";
    let worker = "  Worker:\n    Type: AWS::Serverless::Function\n";
    for (name, before, after) in
        [("inside", worker, format!("{worker}{inside}")), ("outside", worker, format!("{own}{worker}"))]
    {
        let without = "      Events:\n        Tasks:";
        let (found, unknown) = examined(
            &format!("connector-{name}"),
            &changed("sound", &[(policies, without), (before, &after)]),
        );
        assert!(
            found.is_empty() && unknown.iter().all(|fact| fact.ends_with("Table may allow it")),
            "{found:?}"
        );
        assert!(unknown.iter().any(|fact| fact.contains("dynamodb:UpdateItem")), "{unknown:?}");
    }
}
