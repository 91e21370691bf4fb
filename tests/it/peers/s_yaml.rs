//! `s.yaml` matches the binaries, the settings and the events.

use serde_json::{Value, json};
use taskback::Settings;
use taskback::ledger::LedgerConfig;

use super::python;

const PAGE: &str = include_str!("../../../docs/deploy/function-compute.md");
const HEAD: &str = include_str!("../../../s.yaml");

/// The variables and the properties of both functions, the worker's first.
struct File {
    vars: Value,
    functions: [Value; 2],
}

async fn file() -> File {
    read(HEAD).await
}

async fn read(yaml: &str) -> File {
    let file = python::run("yaml_json.py", &[], yaml).await.remove(0);
    let functions = ["worker", "dead-letters"].map(|name| file["resources"][name]["props"].clone());
    assert_eq!(file["resources"].as_object().unwrap().len(), functions.len());
    File { vars: file["vars"].clone(), functions }
}

/// As a user changes it for a database.
async fn with_database() -> File {
    let mut yaml = HEAD.to_owned();
    for (from, to) in [
        (
            "ledger: memory",
            "ledger: mysql://taskback@database/taskback?password-file=/code/password&ca=/code/ca.pem",
        ),
        ("&network {}", "&network {vpcConfig: {vpcId: vpc-1, vSwitchIds: [vsw-1], securityGroupId: sg-1}}"),
        ("&batch 1", "&batch 10"),
    ] {
        assert_eq!(yaml.matches(from).count(), 1, "{from}");
        yaml = yaml.replace(from, to);
    }
    read(&yaml).await
}

/// The value with each `${vars.…}` replaced.
fn filled(text: &Value, vars: &Value) -> String {
    let mut text = text.as_str().unwrap_or_else(|| panic!("{text} is no text")).to_owned();
    for name in ["region", "account", "queue", "step", "ledger"] {
        text = text.replace(&format!("${{vars.{name}}}"), vars[name].as_str().unwrap());
    }
    assert!(!text.contains("${"), "{text}");
    text
}

fn variables(props: &Value, vars: &Value) -> Vec<(String, String)> {
    let page = concat!(
        include_str!("../../../docs/reference/settings.md"),
        include_str!("../../../docs/deploy/function-compute.md")
    );
    let variables = props["environmentVariables"].as_object().unwrap().iter();
    let values = variables.map(|(name, value)| {
        assert!(page.contains(&format!("`{name}")), "{name} is not documented");
        (name.clone(), filled(value, vars))
    });
    values.collect()
}

#[tokio::test]
async fn s_yaml_runs_the_built_binaries() {
    let file = file().await;
    let cargo = include_str!("../../../Cargo.toml");
    assert!(cargo.contains("\nfc = [") && cargo.contains("\nmysql = ["));
    let build = "cargo build --release --locked -p taskback --bin worker --bin dead_letter --features allocator,fc,mysql";
    for (props, binary) in file.functions.iter().zip(["worker", "dead_letter"]) {
        assert_eq!(props["customRuntimeConfig"], json!({"command": [format!("./{binary}")], "port": 9000}));
        assert!(cargo.contains(&format!("[[bin]]\nname = \"{binary}\"")));
        let code = props["code"].as_str().unwrap().trim_start_matches("./");
        let copy = format!("cp target/release/worker target/release/dead_letter {code}\n");
        for text in [HEAD, PAGE] {
            assert!(text.contains(build) && text.contains(&copy), "{build}\n{copy}");
        }
    }
}

#[tokio::test]
async fn s_yaml_variables_are_valid_settings() {
    for file in [file().await, with_database().await] {
        for props in &file.functions {
            let settings = Settings::from_vars(variables(props, &file.vars)).unwrap();
            assert!(settings.unknown_names().is_empty(), "{:?}", settings.unknown_names());
            assert_eq!(settings.fc.timeout.unwrap().as_secs(), props["timeout"].as_u64().unwrap());
            assert!(settings.fc.asynchronous);
            assert_eq!(settings.fnf.region.as_deref(), file.vars["region"].as_str());
            let port = props["customRuntimeConfig"]["port"].as_u64();
            assert_eq!(Some(u64::from(settings.fc.port)), port);
            // Pre-stop allows every invocation its whole timeout.
            assert_eq!(props["instanceLifecycleConfig"]["preStop"]["timeout"], props["timeout"]);
            assert!((1..=200).contains(&props["instanceConcurrency"].as_u64().unwrap()));
            // Nothing of AWS is looked for.
            assert!(!settings.ledger.needs_aws() && settings.fnf.secret_id.is_none());
        }
    }
}

/// With the file as it is, the worker does not start.
#[tokio::test]
async fn step_must_be_given() {
    let File { vars, functions: [worker, _] } = file().await;
    let values = variables(&worker, &vars);
    let given = |value: &str| {
        let step = ("TASKBACK_STEP".to_owned(), value.to_owned());
        let vars = values.iter().cloned().chain([step]);
        Settings::worker_from_os_vars(vars.map(|(name, value)| (name.into(), value.into())))
    };
    assert!(given("").unwrap_err().0[0].starts_with("TASKBACK_STEP: not set"));
    assert!(given("verify-card").is_ok());
}

#[tokio::test]
async fn trigger_delivers_one_message_and_retries() {
    let File { vars, functions: [worker, dead_letters] } = file().await;
    let [trigger] = &worker["triggers"].as_array().unwrap()[..] else { panic!("{worker}") };
    let config = &trigger["triggerConfig"];
    assert_eq!(trigger["triggerType"], "eventbridge");
    assert_eq!(vars["ledger"], "memory");
    let batch = &config["runOptions"]["batchWindow"]["CountBasedWindow"];
    assert_eq!(*batch, 1, "the worker's ledger is not shared");
    assert_eq!(config["asyncInvocationType"], true);
    assert!(worker["asyncInvokeConfig"]["maxAsyncRetryAttempts"].as_u64().unwrap() > 0);
    let source = &config["eventSourceConfig"];
    assert_eq!(source["eventSourceType"], "MNS");
    let queue = &source["eventSourceParameters"]["sourceMNSParameters"];
    assert_eq!(filled(&queue["QueueName"], &vars), vars["queue"].as_str().unwrap());
    assert!(dead_letters.get("triggers").is_none() && worker.get("vpcConfig").is_none());
}

/// Both functions reach the one ledger, without which neither batches nor the handler of dead letters are sound.
#[tokio::test]
async fn database_is_shared_by_both_functions() {
    let File { vars, functions } = with_database().await;
    let expected = LedgerConfig::parse(vars["ledger"].as_str().unwrap()).unwrap();
    for props in &functions {
        let settings = Settings::from_vars(variables(props, &vars)).unwrap();
        assert_eq!(settings.ledger, expected);
        assert_eq!(props["vpcConfig"]["vpcId"], "vpc-1");
    }
    let options = &functions[0]["triggers"][0]["triggerConfig"]["runOptions"];
    assert_eq!(options["batchWindow"]["CountBasedWindow"], 10);
}

/// An event that failed for good goes to the handler, and what that cannot report to the queue with the alarm; so does what
/// could not be handed to the function.
#[tokio::test]
async fn failed_events_reach_handler_then_alarm() {
    let File { vars, functions: [worker, dead_letters] } = file().await;
    let text = |name: &str| vars[name].as_str().unwrap();
    let destination = |props: &Value| {
        filled(&props["asyncInvokeConfig"]["destinationConfig"]["onFailure"]["destination"], &vars)
    };
    let (region, account) = (text("region"), text("account"));
    let handler = dead_letters["functionName"].as_str().unwrap();
    assert_eq!(destination(&worker), format!("acs:fc:{region}:{account}:functions/{handler}"));
    let queue = format!("acs:mns:{region}:{account}:/queues/{}-failed", text("queue"));
    assert_eq!(destination(&dead_letters), format!("{queue}/messages"));
    let options = &worker["triggers"][0]["triggerConfig"]["runOptions"];
    assert_eq!(filled(&options["deadLetterQueue"]["Arn"], &vars), queue);
    let alarm: Value = serde_json::from_str(vars["alarm"]["Resources"].as_str().unwrap()).unwrap();
    let name = format!("{}-failed", text("queue"));
    assert_eq!(alarm, json!([{"userId": account, "region": region, "queue": name}]));
    assert_eq!(vars["alarm"]["Escalations.Critical.Threshold"], 0);
    // A task may be held by the lease of a worker that was killed.
    assert!(dead_letters["asyncInvokeConfig"]["maxAsyncRetryAttempts"].as_u64().unwrap() >= 8);
}

#[tokio::test]
async fn roles_have_least_privilege() {
    let File { vars, functions } = file().await;
    let (region, account) = (vars["region"].as_str().unwrap(), vars["account"].as_str().unwrap());
    let policy = |role: &str| -> Vec<(Vec<String>, Vec<String>)> {
        let policy: Value = serde_json::from_str(vars["policies"][role].as_str().unwrap()).unwrap();
        assert_eq!(policy["Version"], "1");
        let texts = |list: &Value| serde_json::from_value::<Vec<String>>(list.clone()).unwrap();
        let statements = policy["Statement"].as_array().unwrap().iter().map(|statement| {
            assert_eq!(statement["Effect"], "Allow");
            (texts(&statement["Action"]), texts(&statement["Resource"]))
        });
        statements.collect()
    };
    let allowed = |actions: &[&str], resource: String| {
        (actions.iter().map(|&action| action.to_owned()).collect::<Vec<_>>(), vec![resource])
    };
    let send = |queue: &str| {
        allowed(&["mns:SendMessage"], format!("acs:mns:{region}:{account}:/queues/{queue}/messages"))
    };
    let reports = allowed(
        &["fnf:ReportTaskSucceeded", "fnf:ReportTaskFailed"],
        format!("acs:fnf:{region}:{account}:*"),
    );
    let logs = allowed(&["log:PostLogStoreLogs"], format!("acs:log:{region}:{account}:project/*/logstore/*"));
    let invoke =
        allowed(&["fc:InvokeFunction"], format!("acs:fc:{region}:{account}:functions/taskback-dead-letters"));
    for (props, destination) in functions.iter().zip([invoke, send("taskback-tasks-failed")]) {
        let role = filled(&props["role"], &vars);
        let role = role.strip_prefix(&format!("acs:ram::{account}:role/")).unwrap();
        assert_eq!(policy(role), [reports.clone(), destination, logs.clone()]);
    }
    assert_eq!(policy("taskback-flows"), [send(vars["queue"].as_str().unwrap())]);
}

/// Without it no log line is retained, and alerts are impossible.
#[tokio::test]
async fn logs_of_both_functions_are_retained() {
    for props in file().await.functions {
        // By the component's schema: "auto", or an object with a project and a logstore.
        assert_eq!(props["logConfig"], "auto");
    }
}
