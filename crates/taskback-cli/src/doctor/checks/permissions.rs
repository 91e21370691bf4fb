//! Permissions: none missing, none wider than needed.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::target_or_name;
use crate::doctor::finding::Finding;
use crate::doctor::function::{Function, Job};
use crate::doctor::grants::{Allowed, Grants, POLLING};
use crate::doctor::intrinsics::text;
use crate::doctor::template::Template;

/// What a function needs: an action, on what, and what happens without.
type Need = (&'static str, String, &'static str);

pub(super) fn check(
    template: &Template,
    function: &Function<'_>,
    findings: &mut Vec<Finding>,
    unknown: &mut BTreeSet<String>,
) {
    let grants = Grants::of(template, function);
    unknown
        .extend(grants.unseen.iter().map(|what| format!("the permissions of {} by {what}", function.name)));

    let mut missing: BTreeMap<(String, &str), Vec<&str>> = BTreeMap::new();
    for (action, resource, without) in needs(template, function) {
        if !grants.allow(action, &resource) {
            missing.entry((resource, without)).or_default().push(action);
        }
    }
    for ((resource, without), actions) in missing {
        let actions = actions.join(", ");
        let shown = resource.trim_start_matches("${").trim_end_matches(".Arn}").trim_end_matches('}');
        findings.push(Finding::new(
            "TB011",
            function.name,
            format!("it may not {actions} on {shown}: {without}"),
            format!("allow {actions} on that resource"),
        ));
    }
    findings.extend(grants.allowed.iter().filter_map(|allowed| wide(function, allowed)));
}

fn needs(template: &Template, function: &Function<'_>) -> Vec<Need> {
    let mut needs: Vec<Need> = Vec::new();
    for queue in function.sources.iter().filter_map(|source| source.queue) {
        let queue = format!("${{{queue}.Arn}}");
        needs.extend(POLLING.map(|action| (action, queue.clone(), "no message is handed to it")));
        needs.extend(
            ["sqs:GetQueueUrl", "sqs:ChangeMessageVisibility"].map(|action| (action, queue.clone(), DELAYS)),
        );
    }
    if let Some(failed) = function.on_failure.filter(|failed| !failed.is_null()) {
        needs.push(("sqs:SendMessage", text(failed), "events that failed for good are dropped"));
    }
    let reports = matches!(function.job, Job::Worker | Job::DeadLetters);
    let service = function.env("TASKBACK_SERVICE");
    // Without a setting of FnF all tokens are SWF's.
    let places = ["FNF_REGION", "FNF_ENDPOINT"];
    let may_be_fnf = function.is_unknown("TASKBACK_SERVICE")
        || places.iter().any(|place| function.env(place).is_some() || function.is_unknown(place));
    if reports && (service.as_deref() == Some("swf") || !may_be_fnf) {
        needs.extend(REPORTS.map(|action| (action, SWF.to_owned(), "tasks of SWF are never told")));
        let beat = "SWF takes a step for dead that goes on, and it cannot be cancelled";
        needs.push(("swf:RecordActivityTaskHeartbeat", SWF.to_owned(), beat));
    }
    if reports && function.env("TASKBACK_SWF_HISTORY").as_deref() == Some("on") {
        needs.push(("swf:GetWorkflowExecutionHistory", SWF.to_owned(), "who closed a task stays unknown"));
    }
    if let (true, Some(table)) = (reports, function.table()) {
        let own = target_or_name(template, &table).map(|(name, _)| format!("${{{name}.Arn}}"));
        let table = own.unwrap_or_else(|| named(table));
        needs.push(("dynamodb:UpdateItem", table, "the ledger is out of reach, and no step runs"));
    }
    if let Some(secret) = function.env("FNF_SECRET_ID") {
        needs.push((
            "secretsmanager:GetSecretValue",
            named(secret),
            "it does not start without FnF's credentials",
        ));
    }
    if function.job == Job::Poller {
        needs.push(("swf:PollForActivityTask", SWF.to_owned(), "it gets no task"));
        let back = "what could not be queued waits in silence for its timeout";
        needs.push(("swf:RespondActivityTaskFailed", SWF.to_owned(), back));
        if let Some(queue) = function.env("TASKBACK_QUEUE_URL").filter(|queue| queue.starts_with("${")) {
            let queue = queue.replace('}', ".Arn}");
            needs.push(("sqs:SendMessage", queue, "what it polled reaches no worker"));
        }
    }
    needs
}

/// A plain name as a reference, which any ARN that a policy spells out may be meant for.
fn named(name: String) -> String {
    if name.contains([':', '$']) { name } else { format!("${{{name}}}") }
}

const REPORTS: [&str; 3] =
    ["swf:RespondActivityTaskCompleted", "swf:RespondActivityTaskFailed", "swf:RespondActivityTaskCanceled"];

const DELAYS: &str = "every kept message comes back after the queue's visibility timeout, whatever kept it, so that an \
                      outage uses up its receives";

/// Any domain: which one is the workflows' affair.
const SWF: &str = "${the SWF domain}";

fn wide(function: &Function<'_>, allowed: &Allowed) -> Option<Finding> {
    if allowed.given {
        return None;
    }
    let ours = |action: &&String| {
        SERVICES.iter().any(|service| action.to_lowercase().starts_with(service)) || *action == "*"
    };
    let actions: Vec<_> = allowed.actions.iter().filter(ours).collect();
    let star = actions.iter().find(|action| action.contains('*'));
    let is_all = |resource: &String| resource == "*" || resource.ends_with(":*") || resource.ends_with("/*");
    let everywhere = allowed.resources.iter().flatten().any(is_all);
    let (reason, mend) = match (star, actions.first()) {
        (Some(action), _) => (format!("it may {action}"), "name the actions that it needs"),
        (None, Some(_)) if everywhere => {
            let actions: Vec<_> = actions.iter().map(|action| action.as_str()).collect();
            (
                format!("it may {} on everything", actions.join(", ")),
                "name the queue, table, domain or secret",
            )
        }
        _ => return None,
    };
    let reason = format!("{reason}: whoever takes the function over reaches tasks that are not its own");
    Some(Finding::new("TB012", function.name, reason, mend))
}

const SERVICES: [&str; 4] = ["swf:", "sqs:", "dynamodb:", "secretsmanager:"];
