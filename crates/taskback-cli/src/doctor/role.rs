//! The policies of a role, wherever they are attached, and of the role that SAM makes.

use super::function::{Function, OnFailure};
use super::managed::{POLLING, aws_managed, sam_template};
use super::names::{MANAGED_POLICY, ROLE, find, logical};
use super::policies::Statement;
use super::template::{Resource, Template};
use super::triggers::is_by_queue;
use super::value::text;
use super::view::{Known, View};

#[derive(Default)]
pub(super) struct RolePolicies {
    pub(super) statements: Vec<Statement>,
    /// The statements of the permissions boundary, which limits the others.
    pub(super) boundary: Option<Vec<Statement>>,
    /// Policies whose statements are unknown.
    pub(super) unknown: Vec<String>,
}

impl RolePolicies {
    pub(super) fn from_role(template: &Template, role: &Resource) -> Self {
        let mut policies = Self::default();
        let view = role.view();
        for list in ["Policies", "ManagedPolicyArns"] {
            if let Known::Unknown(reason) = view.peek(&[list]) {
                policies.unknown.push(format!("{}.{list}: {reason}", role.name));
            }
        }
        for policy in view.items(&["Policies"]) {
            policies.add_document(&policy.member("PolicyDocument"));
        }
        for policy in view.items(&["ManagedPolicyArns"]) {
            policies.add_managed(template, &policy);
        }
        policies.add_attached(template, &role.name);
        policies.add_boundary(template, &view);
        policies
    }

    /// The role that SAM makes, with its permissions for queues and destinations.
    pub(super) fn from_sam(template: &Template, function: &Function<'_>) -> Self {
        let mut policies = Self::default();
        let events = function.view.members(&["Events"]);
        let reads_queue = |event: &View<'_>| match event.text(&["Type"]).as_deref() {
            Some("SQS") => true,
            Some("SNS") => is_by_queue(event),
            _ => false,
        };
        if events.iter().any(|(_, event)| reads_queue(event)) {
            policies.statements.push(Statement::implicit(&POLLING, "*"));
        }
        if let OnFailure::To(value) = function.on_failure {
            policies.statements.push(Statement::implicit(&["sqs:SendMessage"], &text(value)));
        }
        if let Known::Unknown(reason) = function.view.peek(&["Policies"]) {
            policies.unknown.push(format!("{}.Policies: {reason}", function.name));
        }
        for policy in function.view.items(&["Policies"]) {
            match policy.value.as_object() {
                Some(members) if members.contains_key("Statement") => policies.add_document(&policy),
                Some(_) => policies.add_sam_templates(&policy),
                None => policies.add_managed(template, &policy),
            }
        }
        for connector in template.of_kind("AWS::Serverless::Connector") {
            let view = connector.view();
            let is_it = |end: &str| view.text(&[end, "Id"]).as_deref() == Some(function.name);
            if is_it("Source") || is_it("Destination") {
                policies.unknown.push(format!("the connector {} may allow it", connector.name));
            }
        }
        policies.add_attached(template, &sam_role(function));
        policies.add_boundary(template, &function.view);
        policies
    }

    fn add_sam_templates(&mut self, policy: &View<'_>) {
        for (name, parameters) in policy.members(&[]) {
            match sam_template(name, &parameters) {
                Some(statements) => self.statements.extend(statements),
                None => self.unknown.push(format!("the policy template {name} is not known")),
            }
        }
    }

    /// Adds the policies that name the role themselves.
    fn add_attached(&mut self, template: &Template, name: &str) {
        for (kind, property) in [
            ("AWS::IAM::Policy", "Roles"),
            ("AWS::IAM::ManagedPolicy", "Roles"),
            ("AWS::IAM::RolePolicy", "RoleName"),
        ] {
            for policy in template.of_kind(kind) {
                let roles = policy.view().items(&[property]);
                let is_it = |role: &View<'_>| {
                    logical(&text(role.value)) == Some(name)
                        || find(template, role.value, &ROLE)
                            .into_resource()
                            .is_some_and(|role| role.name == name)
                };
                if roles.iter().any(is_it) {
                    self.add_document(&policy.view().member("PolicyDocument"));
                }
            }
        }
    }

    fn add_managed(&mut self, template: &Template, policy: &View<'_>) {
        match managed(template, policy) {
            Ok((statements, unknown)) => {
                self.statements.extend(statements);
                self.unknown.extend(unknown);
            }
            Err(reason) => self.unknown.push(reason),
        }
    }

    fn add_document(&mut self, document: &View<'_>) {
        let (statements, unknown) = Statement::read(document);
        self.statements.extend(statements);
        self.unknown.extend(unknown);
    }

    fn add_boundary(&mut self, template: &Template, of: &View<'_>) {
        let path = &["PermissionsBoundary"];
        let boundary = of.items(path).first().map(|boundary| managed(template, boundary));
        match boundary {
            Some(Ok((statements, unknown))) if unknown.is_empty() => self.boundary = Some(statements),
            Some(Ok(_) | Err(_)) => {
                of.note(path, "its statements are not known, and they limit the permissions")
            }
            None => {}
        }
    }
}

/// The name that SAM gives to the role of a function.
pub(super) fn sam_role(function: &Function<'_>) -> String {
    format!("{}Role", function.name)
}

/// The statements of a managed policy of the template or of AWS. The second list and an error say what is unknown.
fn managed(template: &Template, policy: &View<'_>) -> Result<(Vec<Statement>, Vec<String>), String> {
    if let Known::Unknown(reason) = policy.peek(&[]) {
        return Err(format!("{}: {reason}", policy.label));
    }
    if let Some(own) = find(template, policy.value, &MANAGED_POLICY).into_resource() {
        return Ok(Statement::read(&own.view().member("PolicyDocument")));
    }
    let arn = text(policy.value);
    let name = arn.rsplit(['/', ':']).next().unwrap_or_default();
    // SAM takes the bare name of a policy of AWS.
    let is_aws = arn.contains(":iam::aws:") || !arn.contains(':');
    let known = is_aws.then(|| aws_managed(name)).flatten();
    known.map(|known| (known, Vec::new())).ok_or_else(|| format!("the policy {arn} is not known"))
}
