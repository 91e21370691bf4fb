//! The ledger: shared where it must be, of the right form, and longer-lived than any message.

use serde_json::Value;

use super::queues::kept;
use crate::doctor::finding::Finding;
use crate::doctor::function::{Function, Job};
use crate::doctor::intrinsics::target;
use crate::doctor::template::{QUEUE, Resource, Template, list};

/// For how long the ledger keeps an item after its last transition.
const ITEM_KEPT: f64 = 35.0 * 86_400.0;

const LEDGER: &str = "TASKBACK_LEDGER";

pub(super) fn check(
    template: &Template,
    function: &Function<'_>,
    functions: &[Function<'_>],
    findings: &mut Vec<Finding>,
) {
    match function.job {
        Job::DeadLetters => findings.extend(handler(function, functions)),
        Job::Worker => findings
            .extend(function.sources.iter().filter_map(|source| outlived(template, source.queue?, function))),
        Job::FlowControl | Job::Poller => return,
    }
    let table = function.table();
    let table = table.as_deref().and_then(|table| target_or_name(template, table));
    findings.extend(table.and_then(|(name, table)| form(name, table)));
}

/// The handler must know what the workers decided.
fn handler(function: &Function<'_>, functions: &[Function<'_>]) -> Option<Finding> {
    let mend = "set TASKBACK_LEDGER=dynamodb:TABLE on the worker and on the handler, with one table";
    if function.is_unknown(LEDGER) {
        return None;
    }
    if function.ledger() == "memory" {
        let reason = "it refuses to start on the memory ledger, which does not know what was decided: nobody tells the dead letters";
        return Some(Finding::new("TB007", function.name, reason, mend));
    }
    let mut workers = functions.iter().filter(|other| other.job == Job::Worker && !other.is_unknown(LEDGER));
    let other = workers.find(|worker| worker.ledger() != function.ledger())?;
    let reason = format!(
        "its ledger is {}, and that of {} is {}: it does not know what was \
         decided, and tells DeadLettered in its place",
        function.ledger(),
        other.name,
        other.ledger()
    );
    Some(Finding::new("TB008", function.name, reason, mend))
}

/// A message may go down a chain of queues, and spend its retention in each.
fn outlived(template: &Template, queue: &str, function: &Function<'_>) -> Option<Finding> {
    function.table()?;
    let (mut seen, mut all, mut next) = (Vec::new(), 0.0, Some(queue));
    while let Some((name, queue)) = next.and_then(|name| Some((name, template.get(name, QUEUE)?))) {
        if seen.contains(&name) {
            break;
        }
        seen.push(name);
        all += kept(queue)?;
        next = target(queue.at(&["RedrivePolicy", "deadLetterTargetArn"]));
    }
    (all > ITEM_KEPT).then(|| {
        let (all, chain) = (all / 86_400.0, seen.join(", "));
        let reason = format!(
            "a message may live {all:.1} days, in {chain}, and the ledger forgets its task 35 days after the last \
             word of it: the step would run again"
        );
        Finding::new("TB009", queue, reason, "let the retentions of the queues add up to 35 days at most")
    })
}

fn form(name: &str, table: &Resource) -> Option<Finding> {
    let keys: Vec<_> = list(table.at(&["KeySchema"]))
        .into_iter()
        .map(|key| (&key["AttributeName"], &key["KeyType"]))
        .collect();
    let types = list(table.at(&["AttributeDefinitions"]));
    let is_text = types.iter().any(|of| of["AttributeName"] == "fingerprint" && of["AttributeType"] == "S");
    let is_keyed = matches!(keys[..], [(key, kind)] if key == "fingerprint" && kind == "HASH");
    let is_known = !table.at(&["KeySchema"]).is_null() && !table.at(&["AttributeDefinitions"]).is_null();
    let expiry = table.at(&["TimeToLiveSpecification", "AttributeName"]);
    let (reason, mend) = if is_known && !(is_text && is_keyed) {
        (
            "its key is not the string fingerprint alone: every call of the ledger fails, and no step runs",
            "let KeySchema be the partition key fingerprint, of type S, and no sort key",
        )
    } else if !expiry.is_null() && expiry != "expires" {
        (
            "its time to live is not the attribute expires: items go too early or never",
            "set TimeToLiveSpecification to the attribute expires",
        )
    } else {
        return None;
    };
    Some(Finding::new("TB010", name, reason, mend))
}

/// A table by its reference or its own name.
pub(super) fn target_or_name<'t>(template: &'t Template, table: &str) -> Option<(&'t str, &'t Resource)> {
    let wanted = Value::String(table.to_owned());
    let is_it = |(name, resource): &(&str, &Resource)| {
        target(&wanted) == Some(*name) || *resource.at(&["TableName"]) == wanted
    };
    template.of_kind("AWS::DynamoDB::Table").find(is_it)
}
