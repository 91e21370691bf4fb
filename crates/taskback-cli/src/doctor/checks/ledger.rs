//! Checks of the ledger: shared, with the right table, and items that outlive every message.

use taskback::ledger::LedgerConfig;

use super::retention::retention;
use crate::doctor::finding::Finding;
use crate::doctor::function::{Function, Job};
use crate::doctor::names::{Found, QUEUE, TABLE, find, find_text};
use crate::doctor::template::{Resource, Template};
use crate::doctor::view::View;

/// The retention of a ledger item after its last transition, in seconds.
const ITEM_RETENTION: f64 = 35.0 * 86_400.0;

const LEDGER: [&str; 3] = ["Environment", "Variables", "TASKBACK_LEDGER"];

pub(super) fn check(
    template: &Template,
    function: &Function<'_>,
    functions: &[Function<'_>],
    findings: &mut Vec<Finding>,
) {
    match function.job {
        Job::DeadLetters => findings.extend(handler(template, function, functions)),
        Job::Worker => {
            let queues = function.triggers.sources.iter().filter_map(|source| source.queue);
            findings.extend(queues.filter_map(|queue| outlived(template, queue, function)));
        }
        Job::FlowControl | Job::Poller | Job::Other => return,
    }
    let Some(ledger) = function.ledger() else { return };
    if let Some((store, _)) = ledger.split_once([':', '/']).filter(|(store, _)| *store != "dynamodb") {
        function.view.note(&LEDGER, &format!("the store of a {store} ledger is not in a template"));
    }
    let Some(table) = function.table() else { return };
    match find_text(template, &table, &TABLE) {
        Found::Here(table) => findings.extend(form(&table.view(), &table.kind)),
        Found::Other(other) => function.view.note(&LEDGER, &format!("{} is not a table", other.name)),
        Found::Unknown(reason) => function.view.note(&LEDGER, &reason),
    }
}

/// The handler must use the ledger of the workers, to know their decided outcomes.
fn handler(template: &Template, function: &Function<'_>, functions: &[Function<'_>]) -> Option<Finding> {
    let fix = "set TASKBACK_LEDGER on the worker and on the handler to the same shared store, such as dynamodb:TABLE";
    let ledger = place(&function.ledger()?);
    if ledger == "memory" {
        let reason = "it does not start with the memory ledger, which has no decided outcomes of the workers: dead letters are never reported";
        return Some(Finding::new("TB007", function.name, reason, fix));
    }
    let reads = |name: &&str| {
        let mut queues = function.triggers.sources.iter().filter_map(|source| source.queue);
        queues.any(|queue| queue.name == *name)
    };
    let of_handler = |worker: &Function<'_>| worker.dead_letters(template).iter().any(reads);
    let all = || functions.iter().filter(|other| other.job == Job::Worker);
    // Without a queue in common it may be the handler of any.
    let is_known = all().any(of_handler);
    let workers = all().filter(|worker| !is_known || of_handler(worker));
    let mut ledgers = workers.filter_map(|worker| Some((worker.name, place(&worker.ledger()?))));
    let (worker, other) = ledgers.find(|(_, other)| *other != ledger)?;
    let reason = format!(
        "its ledger is {ledger}, and the ledger of {worker} is {other}: it does not find the decided outcomes and reports \
         DeadLettered instead"
    );
    Some(Finding::new("TB008", function.name, reason, fix))
}

/// The store without the login of a URL, which is secret, and which may be another one for each function.
fn place(ledger: &str) -> String {
    match LedgerConfig::parse(ledger) {
        Ok(config) => config.to_string(),
        Err(_) if ledger.contains("://") => "a URL that is not shown".to_owned(),
        Err(_) => ledger.to_owned(),
    }
}

/// A message may pass through a chain of queues and spend its retention in each.
fn outlived(template: &Template, queue: &Resource, function: &Function<'_>) -> Option<Finding> {
    function.table()?;
    let (mut chain, mut total, mut next) = (Vec::new(), 0.0, Some(queue));
    while let Some(queue) = next.filter(|queue| !chain.contains(&&*queue.name)) {
        chain.push(&*queue.name);
        total += retention(queue)?;
        let dead = queue.view().get(&["RedrivePolicy", "deadLetterTargetArn"]);
        next = dead.and_then(|dead| find(template, dead, &QUEUE).into_resource());
    }
    (total > ITEM_RETENTION).then(|| {
        let (days, chain) = (total / 86_400.0, chain.join(", "));
        let reason = format!(
            "a message may live {days:.1} days in {chain}, but the ledger item of its task expires 35 days after the last \
             change: the step would run again"
        );
        Finding::new(
            "TB009",
            &queue.name,
            reason,
            "reduce the retention periods of the queues to a total of at most 35 days",
        )
    })
}

fn form(table: &View<'_>, kind: &str) -> Option<Finding> {
    if kind == "AWS::DynamoDB::GlobalTable" && table.items(&["Replicas"]).len() > 1 {
        table.note(
            &["Replicas"],
            "workers of one region only may use it, unless its reads and writes are strongly consistent",
        );
    }
    let (reason, fix) = if has_another_key(table, kind) {
        (
            "its key is not the string attribute fingerprint alone: every ledger call fails, and no step runs",
            "set KeySchema to the partition key fingerprint of type S, without a sort key",
        )
    } else if kind == "AWS::Serverless::SimpleTable" {
        (
            "a SimpleTable has no time to live: items are never deleted",
            "use an AWS::DynamoDB::Table with TimeToLiveSpecification {AttributeName: expires, Enabled: true}",
        )
    } else {
        let expiry = ["TimeToLiveSpecification", "AttributeName"];
        let is_off =
            table.lacks(&expiry) || table.flag(&["TimeToLiveSpecification", "Enabled"]) == Some(false);
        match table.text(&expiry) {
            Some(name) if name != "expires" => (
                "its time to live does not use the attribute expires: items are deleted too early or never",
                "set TimeToLiveSpecification to the attribute expires",
            ),
            _ if is_off => (
                "its time to live is off: items are never deleted",
                "set TimeToLiveSpecification to {AttributeName: expires, Enabled: true}",
            ),
            _ => return None,
        }
    };
    Some(Finding::new("TB010", &table.label, reason, fix))
}

/// True if the key is known, and not the one of a ledger.
fn has_another_key(table: &View<'_>, kind: &str) -> bool {
    if kind == "AWS::Serverless::SimpleTable" {
        let (name, of) = (["PrimaryKey", "Name"], ["PrimaryKey", "Type"]);
        let is_known = |path: &[&str]| table.lacks(path) || table.get(path).is_some();
        return is_known(&name)
            && is_known(&of)
            && (table.text(&name).as_deref() != Some("fingerprint")
                || table.text(&of).is_none_or(|of| of != "String"));
    }
    let parts = |list: &str, value: &str| -> Option<Vec<(String, String)>> {
        let pair = |item: &View<'_>| Some((item.text(&["AttributeName"])?, item.text(&[value])?));
        if !table.lacks(&[list]) {
            table.get(&[list])?;
        }
        table.items(&[list]).iter().map(pair).collect()
    };
    let (Some(keys), Some(types)) =
        (parts("KeySchema", "KeyType"), parts("AttributeDefinitions", "AttributeType"))
    else {
        return false;
    };
    let is = |pair: &(String, String), of: &str| pair.0 == "fingerprint" && pair.1 == of;
    !(matches!(&keys[..], [key] if is(key, "HASH")) && types.iter().any(|pair| is(pair, "S")))
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn place_of_a_ledger_hides_the_login() {
        for (ledger, expected) in [
            ("dynamodb:${Ledger}", "dynamodb:${Ledger}"),
            ("mysql://u:hidden@db.test/tasks?tls=off", "mysql://db.test:3306/tasks"),
            ("mysql://u:hidden@${Host}/tasks", "a URL that is not shown"),
        ] {
            assert_eq!(place(ledger), expected);
        }
    }
}
