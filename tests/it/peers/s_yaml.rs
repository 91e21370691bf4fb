//! `s.yaml` matches the binaries, the settings and the events.

use serde_json::{Value, json};
use taskback::Settings;

use super::python;

async fn worker() -> (Value, Value) {
    let mut printed = python::run("yaml_json.py", &[], include_str!("../../../s.yaml")).await;
    let file = printed.remove(0);
    (file["vars"].clone(), file["resources"]["worker"]["props"].clone())
}

/// The value with each `${vars.…}` replaced.
fn filled(text: &Value, vars: &Value) -> String {
    let mut text = text.as_str().unwrap_or_else(|| panic!("{text} is no text")).to_owned();
    for name in ["region", "account", "queue", "step"] {
        text = text.replace(&format!("${{vars.{name}}}"), vars[name].as_str().unwrap());
    }
    assert!(!text.contains("${"), "{text}");
    text
}

#[tokio::test]
async fn s_yaml_runs_the_built_binary() {
    let (_, props) = worker().await;
    assert_eq!(props["customRuntimeConfig"], json!({"command": ["./worker"], "port": 9000}));
    let cargo = include_str!("../../../Cargo.toml");
    assert!(cargo.contains("[[bin]]\nname = \"worker\"") && cargo.contains("\nfc = ["));
    let head = include_str!("../../../s.yaml");
    assert!(head.contains("cargo build --release --locked -p taskback --bin worker --features allocator,fc"));
    let code = props["code"].as_str().unwrap().trim_start_matches("./");
    assert!(head.contains(&format!("cp target/release/worker {code}/worker")), "{code}");
}

#[tokio::test]
async fn s_yaml_variables_are_valid_settings() {
    let (vars, props) = worker().await;
    let variables = props["environmentVariables"].as_object().unwrap();
    let page = concat!(
        include_str!("../../../docs/reference/settings.md"),
        include_str!("../../../docs/deploy/function-compute.md")
    );
    let values = variables.iter().map(|(name, value)| {
        assert!(page.contains(&format!("`{name}")), "{name} is not documented");
        (name.clone(), filled(value, &vars))
    });
    let values: Vec<_> = values.collect();
    let settings = Settings::from_vars(values.clone()).unwrap();
    assert!(settings.unknown_names().is_empty(), "{:?}", settings.unknown_names());
    // TASKBACK_STEP must be set: with the file as it is, the worker does not start.
    let given = |value: &str| {
        let step = ("TASKBACK_STEP".to_owned(), value.to_owned());
        let vars = values.iter().cloned().chain([step]);
        Settings::worker_from_os_vars(vars.map(|(name, value)| (name.into(), value.into())))
    };
    assert!(given("").unwrap_err().0[0].starts_with("TASKBACK_STEP: not set"));
    assert!(given("verify-card").is_ok());
    assert_eq!(settings.fc.timeout.unwrap().as_secs(), props["timeout"].as_u64().unwrap());
    assert_eq!(settings.fnf.region.as_deref(), vars["region"].as_str());
    assert_eq!(u64::from(settings.fc.port), props["customRuntimeConfig"]["port"].as_u64().unwrap());
    // Pre-stop allows every invocation its whole timeout.
    assert_eq!(props["instanceLifecycleConfig"]["preStop"]["timeout"], props["timeout"]);
    assert!((1..=200).contains(&props["instanceConcurrency"].as_u64().unwrap()));
}

#[tokio::test]
async fn trigger_delivers_one_message_and_retries() {
    let (vars, props) = worker().await;
    let [trigger] = &props["triggers"].as_array().unwrap()[..] else { panic!("{props}") };
    let config = &trigger["triggerConfig"];
    assert_eq!(trigger["triggerType"], "eventbridge");
    assert_eq!(
        config["runOptions"]["batchWindow"]["CountBasedWindow"], 1,
        "the worker's ledger is not shared"
    );
    // A failed direct invocation is retried as well, as the worker's settings say.
    assert_eq!(config["asyncInvocationType"], true);
    assert_eq!(props["environmentVariables"]["TASKBACK_FC_INVOCATION"], "async");
    assert!(props["environmentVariables"].get("TASKBACK_LEDGER").is_none());
    assert!(props["asyncInvokeConfig"]["maxAsyncRetryAttempts"].as_u64().unwrap() > 0);
    let source = &config["eventSourceConfig"];
    assert_eq!(source["eventSourceType"], "MNS");
    let queue = &source["eventSourceParameters"]["sourceMNSParameters"];
    assert_eq!(filled(&queue["QueueName"], &vars), vars["queue"].as_str().unwrap());
}

#[tokio::test]
async fn roles_have_least_privilege() {
    let (vars, props) = worker().await;
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
    let (region, account) = (vars["region"].as_str().unwrap(), vars["account"].as_str().unwrap());
    let queue = |name: &str| format!("acs:mns:{region}:{account}:/queues/{name}/messages");
    let send = |name: &str| (vec!["mns:SendMessage".to_owned()], vec![queue(name)]);

    let role = filled(&props["role"], &vars);
    let role = role.strip_prefix(&format!("acs:ram::{account}:role/")).unwrap();
    let reports = ["fnf:ReportTaskSucceeded", "fnf:ReportTaskFailed"].map(str::to_owned).to_vec();
    let flows = vec![format!("acs:fnf:{region}:{account}:*")];
    let logs = (
        vec!["log:PostLogStoreLogs".to_owned()],
        vec![format!("acs:log:{region}:{account}:project/*/logstore/*")],
    );
    assert_eq!(policy(role), [(reports, flows), send("taskback-tasks-failed"), logs]);
    assert_eq!(policy("taskback-flows"), [send(vars["queue"].as_str().unwrap())]);
    let failed = &props["asyncInvokeConfig"]["destinationConfig"]["onFailure"]["destination"];
    assert_eq!(filled(failed, &vars), queue("taskback-tasks-failed"));
}

/// Without it no log line is retained, and alerts are impossible.
#[tokio::test]
async fn log_and_failed_events_are_retained() {
    let (_, props) = worker().await;
    // By the component's schema: "auto", or an object with a project and a logstore.
    assert_eq!(props["logConfig"], "auto");
    let failed = &props["asyncInvokeConfig"]["destinationConfig"]["onFailure"]["destination"];
    assert!(failed.as_str().is_some_and(|queue| queue.contains("-failed/messages")), "{failed}");
    let page = include_str!("../../../docs/deploy/function-compute.md");
    assert!(page.contains("alarm on the number of messages in the queue of failed events"));
}
