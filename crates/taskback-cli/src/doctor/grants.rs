//! What a function may do.

use serde_json::Value;

use super::function::Function;
use super::intrinsics::{target, text};
use super::template::{Resource, SAM_FUNCTION, Template, list};

#[derive(Default)]
pub(super) struct Grants {
    pub(super) allowed: Vec<Allowed>,
    /// Policies that are not in the template, whose statements nobody here can see.
    pub(super) unseen: Vec<String>,
}

/// One statement. A resource that is not known is `None`.
pub(super) struct Allowed {
    pub(super) actions: Vec<String>,
    pub(super) resources: Vec<Option<String>>,
    /// Put there by AWS or SAM, not by the template's author.
    pub(super) given: bool,
}

impl Grants {
    pub(super) fn of(template: &Template, function: &Function<'_>) -> Self {
        let mut grants = Self::default();
        let role = function.resource.at(&["Role"]);
        match target(role).and_then(|name| Some((name, template.get(name, "AWS::IAM::Role")?))) {
            Some((name, role)) => grants.add_role(template, name, role),
            None if function.resource.kind == SAM_FUNCTION
                && function.resource.properties.get("Role").is_none() =>
            {
                grants.add_sam(template, function)
            }
            None => grants.unseen.push("the role, which is not in the template".to_owned()),
        }
        grants
    }

    /// Whether that action on that resource is allowed, or might be by what is not seen.
    pub(super) fn allow(&self, action: &str, resource: &str) -> bool {
        let covers = |allowed: &Allowed| {
            allowed.actions.iter().any(|pattern| matches(pattern, action))
                && allowed
                    .resources
                    .iter()
                    .any(|pattern| pattern.as_ref().is_none_or(|pattern| reaches(pattern, resource)))
        };
        !self.unseen.is_empty() || self.allowed.iter().any(covers)
    }

    fn add_role(&mut self, template: &Template, name: &str, role: &Resource) {
        for policy in list(role.at(&["Policies"])) {
            self.add_document(&policy["PolicyDocument"]);
        }
        for (_, policy) in template.of_kind("AWS::IAM::Policy") {
            if list(policy.at(&["Roles"])).iter().any(|role| target(role) == Some(name)) {
                self.add_document(policy.at(&["PolicyDocument"]));
            }
        }
        for arn in list(role.at(&["ManagedPolicyArns"])) {
            self.add_managed(template, arn);
        }
    }

    /// The role that SAM makes: with what it adds for queues and destinations.
    fn add_sam(&mut self, template: &Template, function: &Function<'_>) {
        self.give(&POLLING, "*");
        self.give(&["sqs:SendMessage"], &function.on_failure.map(text).unwrap_or_default());
        for policy in list(function.resource.at(&["Policies"])) {
            match policy {
                Value::Object(members) if members.contains_key("Statement") => self.add_document(policy),
                Value::Object(members) => {
                    self.unseen.extend(members.keys().map(|name| format!("the policy template {name}")))
                }
                name => self.add_managed(template, name),
            }
        }
    }

    fn add_managed(&mut self, template: &Template, policy: &Value) {
        if let Some(own) = target(policy).and_then(|name| template.get(name, "AWS::IAM::ManagedPolicy")) {
            return self.add_document(own.at(&["PolicyDocument"]));
        }
        if policy.is_null() {
            return self.unseen.push("a policy that is not known".to_owned());
        }
        let arn = text(policy);
        match arn.rsplit(['/', ':']).next().unwrap_or_default() {
            "AWSLambdaBasicExecutionRole"
            | "AWSXRayDaemonWriteAccess"
            | "AWSLambdaVPCAccessExecutionRole" => {}
            "AWSLambdaSQSQueueExecutionRole" => self.give(&POLLING, "*"),
            "AdministratorAccess" | "PowerUserAccess" => self.allow_all("*"),
            "AmazonSQSFullAccess" => self.allow_all("sqs:*"),
            "SimpleWorkflowFullAccess" => self.allow_all("swf:*"),
            "AmazonDynamoDBFullAccess" | "AmazonDynamoDBFullAccess_v2" => self.allow_all("dynamodb:*"),
            "SecretsManagerReadWrite" => self.allow_all("secretsmanager:*"),
            name => self.unseen.push(format!("the policy {name}")),
        }
    }

    fn add_document(&mut self, document: &Value) {
        for statement in list(&document["Statement"]) {
            if statement.is_null() {
                self.unseen.push("a statement that is not known".to_owned());
            }
            if statement["Effect"] == "Allow" {
                let actions = list(&statement["Action"]).into_iter().map(text).collect();
                let resources = list(&statement["Resource"]);
                let known = |resource: &&Value| resource.as_str().map(str::to_owned);
                let resources = match resources[..] {
                    [] => vec![None],
                    _ => resources.iter().map(known).collect(),
                };
                self.allowed.push(Allowed { actions, resources, given: false });
            }
        }
    }

    fn give(&mut self, actions: &[&str], resource: &str) {
        let actions = actions.iter().map(|&action| action.to_owned()).collect();
        self.allowed.push(Allowed { actions, resources: vec![Some(resource.to_owned())], given: true });
    }

    fn allow_all(&mut self, action: &str) {
        let (actions, resources) = (vec![action.to_owned()], vec![Some("*".to_owned())]);
        self.allowed.push(Allowed { actions, resources, given: false });
    }
}

/// What Lambda's own poller of a queue does in the function's name.
pub(super) const POLLING: [&str; 3] = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];

/// Whether a statement's resource reaches one that is needed. An ARN that is spelled out may well be it.
fn reaches(pattern: &str, resource: &str) -> bool {
    let spelled_out = pattern.starts_with("arn:") && resource.starts_with("${");
    spelled_out || matches(pattern, resource)
}

/// IAM's wildcards; actions have no upper and lower case.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut left) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut last = None;
    for part in parts {
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
        last = Some(part);
    }
    // Behind the last wildcard the text must end as the pattern does.
    last.map_or(left.is_empty(), |part| text.ends_with(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_as_in_iam() {
        for (pattern, text) in [
            ("*", "sqs:SendMessage"),
            ("sqs:*", "sqs:SendMessage"),
            ("SQS:send*", "sqs:SendMessage"),
            ("arn:*:/domain/*", "arn:aws:swf:us-east-1:1:/domain/x"),
            ("a*c*c", "abccc"),
            ("x", "x"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("sqs:Send", "sqs:SendMessage"), ("s*x", "sqs"), ("", "a"), ("a*b*", "acd")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
