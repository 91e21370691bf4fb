//! The permissions that a function needs, each with the consequence of a missing one.

use crate::doctor::arns::Target;
use crate::doctor::function::{Function, Job};
use crate::doctor::grants::target;
use crate::doctor::managed::POLLING;
use crate::doctor::services::{SERVICES, ServiceNeeds};
use crate::doctor::source::Poller;
use crate::doctor::template::{Resource, Template};

pub(super) struct Need {
    pub(super) action: &'static str,
    pub(super) target: Target,
    pub(super) consequence: &'static str,
}

pub(super) fn needs(template: &Template, function: &Function<'_>) -> Vec<Need> {
    let mut needs = Vec::new();
    for source in &function.triggers.sources {
        let Some(queue) = source.queue else { continue };
        let receives: &[_] = if source.poller == Poller::Lambda { &POLLING } else { &[] };
        needs.extend(queue_needs(template, queue, receives, "it receives no messages"));
        needs.extend(queue_needs(
            template,
            queue,
            &["sqs:GetQueueUrl", "sqs:ChangeMessageVisibility"],
            DELAYS,
        ));
    }
    if let Some(failed) = function.on_failure.text() {
        let failed = target(template, "sqs", &failed);
        let queue = failed.logical.as_ref().and_then(|name| template.resources.get(name));
        needs.extend(queue.into_iter().flat_map(|queue| {
            queue_needs(
                template,
                queue,
                &["sqs:SendMessage"],
                "events are dropped after the last failed attempt",
            )
        }));
    }
    if matches!(function.job, Job::Worker | Job::DeadLetters) {
        needs.extend(report_needs(function));
        if let Some(table) = function.table() {
            let table = target(template, "dynamodb", &table);
            needs.push(need("dynamodb:UpdateItem", &table, "the ledger is unavailable, and no step runs"));
        }
    }
    for (setting, consequence) in SERVICES.iter().filter_map(|service| service.secret) {
        if let Some(secret) = function.env(setting) {
            let secret = target(template, "secretsmanager", &secret);
            needs.push(need("secretsmanager:GetSecretValue", &secret, consequence));
            needs.extend(key_needs(template, &secret, "KmsKeyId", &["kms:Decrypt"], consequence));
        }
    }
    if function.job == Job::Poller {
        needs.extend(poller_needs(template, function));
    }
    needs
}

/// The needs of calls to a queue. A customer's key that encrypts it is used with the caller's permissions.
fn queue_needs(
    template: &Template,
    queue: &Resource,
    actions: &[&'static str],
    consequence: &'static str,
) -> Vec<Need> {
    let queue = target(template, "sqs", &format!("${{{}.Arn}}", queue.name));
    let mut needs: Vec<_> = actions.iter().map(|action| need(action, &queue, consequence)).collect();
    let key: &[_] = match actions {
        [first, ..] if *first == "sqs:ReceiveMessage" => &["kms:Decrypt"],
        ["sqs:SendMessage"] => &["kms:Decrypt", "kms:GenerateDataKey"],
        _ => &[],
    };
    needs.extend(key_needs(template, &queue, "KmsMasterKeyId", key, consequence));
    needs
}

fn key_needs(
    template: &Template,
    encrypted: &Target,
    property: &str,
    actions: &[&'static str],
    consequence: &'static str,
) -> Vec<Need> {
    let resource = encrypted.logical.as_ref().and_then(|name| template.resources.get(name));
    let key = resource.filter(|_| !actions.is_empty()).and_then(|of| of.view().text(&[property]));
    // The key of AWS itself may be used by all that may use the queue.
    let key = key.filter(|key| !key.starts_with("alias/aws/") && !key.contains(":alias/aws/"));
    let need = |key: String| {
        let key = target(template, "kms", &key);
        actions.iter().map(move |action| need(action, &key, consequence)).collect()
    };
    key.map(need).unwrap_or_default()
}

/// The needs of each service that the function may only report to.
fn report_needs(function: &Function<'_>) -> Vec<Need> {
    let configured = function.env("TASKBACK_SERVICE");
    let may_be = |service: &ServiceNeeds| {
        let is_set = |name: &&str| function.is_unknown(name) || function.env(name).is_some();
        function.is_unknown("TASKBACK_SERVICE") || service.client_settings.iter().any(is_set)
    };
    let is_only = |service: &ServiceNeeds| {
        let mut others = SERVICES.iter().filter(|other| other.name != service.name);
        match &configured {
            Some(configured) => configured == service.name,
            None => service.by_default && !others.any(may_be),
        }
    };
    let may_be_closed = |service: &ServiceNeeds| match &configured {
        Some(configured) => configured == service.name,
        None => service.by_default,
    };
    let mut needs = Vec::new();
    for service in SERVICES {
        if is_only(&service) {
            needs.extend(all(&service, service.report_actions));
        }
        if may_be_closed(&service) && function.env("TASKBACK_ASK_HISTORY").as_deref() == Some("on") {
            needs.extend(all(&service, service.history_actions));
        }
    }
    needs
}

fn poller_needs(template: &Template, function: &Function<'_>) -> Vec<Need> {
    let mut needs = Vec::new();
    let is_set = |service: &ServiceNeeds| {
        service.poller.as_ref().is_some_and(|poller| function.env(poller.setting).is_some())
    };
    let is_any_set = SERVICES.iter().any(is_set);
    for service in SERVICES.into_iter().filter(|service| is_set(service) || !is_any_set && service.by_default)
    {
        needs.extend(service.poller.as_ref().into_iter().flat_map(|poller| all(&service, poller.actions)));
    }
    if let Some(url) = function.env("TASKBACK_QUEUE_URL") {
        let queue = target(template, "sqs", &url);
        match queue.logical.as_ref().and_then(|name| template.resources.get(name)) {
            Some(queue) => {
                needs.extend(queue_needs(
                    template,
                    queue,
                    &["sqs:SendMessage"],
                    "polled tasks reach no worker",
                ));
            }
            None => function.view.note(
                &["Environment", "Variables", "TASKBACK_QUEUE_URL"],
                "the queue is not in the template",
            ),
        }
    }
    needs
}

fn need(action: &'static str, target: &Target, consequence: &'static str) -> Need {
    Need { action, target: target.clone(), consequence }
}

fn all(service: &ServiceNeeds, actions: &'static [(&'static str, &'static str)]) -> Vec<Need> {
    // The name that ARNs have too.
    let namespace = service.action_prefix.and_then(|prefix| prefix.split(':').next());
    let target = Target::any(namespace.unwrap_or_default(), service.resource);
    actions.iter().map(|&(action, consequence)| need(action, &target, consequence)).collect()
}

const DELAYS: &str = "every nacked message is redelivered after the queue's visibility timeout, whatever the reason, so an \
                      outage uses up its receives";
