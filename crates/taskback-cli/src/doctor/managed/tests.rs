//! The tables, compared with the policies themselves.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::doctor::arns::{Match, matches};
use crate::doctor::peers::templates;
use crate::doctor::unknown::Unknown;

const OTHER: [&str; 7] = [
    "sqs:GetQueueUrl",
    "sqs:ChangeMessageVisibility",
    "sqs:SendMessage",
    "dynamodb:UpdateItem",
    "secretsmanager:GetSecretValue",
    "kms:Decrypt",
    "kms:GenerateDataKey",
];

/// All actions that a function of taskback may need.
fn needed() -> Vec<&'static str> {
    let services = SERVICES.iter().flat_map(|service| {
        let poller = service.poller.as_ref().map_or(&[][..], |poller| poller.actions);
        service.report_actions.iter().chain(service.history_actions).chain(poller)
    });
    POLLING.into_iter().chain(OTHER).chain(services.map(|(action, _)| *action)).collect()
}

fn granted(statements: &[Statement]) -> BTreeSet<&'static str> {
    let allows = |action: &str| {
        let mut patterns = statements.iter().flat_map(|statement| &statement.actions.texts);
        patterns.any(|pattern| matches(pattern, action) == Match::Yes)
    };
    needed().into_iter().filter(|action| allows(action)).collect()
}

fn listed(actions: &Value) -> BTreeSet<&str> {
    actions.as_array().unwrap().iter().map(|action| action.as_str().unwrap()).collect()
}

/// moto has the policies of AWS, and SAM its templates.
#[test]
fn policies_allow_what_aws_and_sam_say() {
    let known = [
        "AWSLambda_FullAccess",
        "AWSLambda_ReadOnlyAccess",
        "AWSLambdaSQSQueueExecutionRole",
        "AWSStepFunctionsFullAccess",
        "AdministratorAccess",
        "AmazonDynamoDBFullAccess",
        "AmazonDynamoDBFullAccess_v2",
        "AmazonSQSFullAccess",
        "AmazonSQSReadOnlyAccess",
        "PowerUserAccess",
        "SecretsManagerReadWrite",
        "SimpleWorkflowFullAccess",
    ];
    let names: Vec<_> = known.into_iter().chain(UNRELATED).collect();
    let asked = json!({"actions": needed(), "policies": names});
    let policies = templates(&["policies"], &asked.to_string()).remove(0);
    for name in names {
        let own = aws_managed(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(granted(&own), listed(&policies["aws"][name]), "{name}");
    }
    let unknown = Unknown::default();
    let empty = json!({});
    let parameters = View { label: String::new(), value: &empty, unknown: &unknown };
    for (name, actions) in policies["sam"].as_object().unwrap() {
        let own = sam_template(name, &parameters).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(granted(&own), listed(actions), "{name}");
    }
    assert!(aws_managed("NoSuchPolicy").is_none() && sam_template("NoSuchPolicy", &parameters).is_none());
}
