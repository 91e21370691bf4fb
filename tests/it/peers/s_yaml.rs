//! s.yaml against what is there: the binaries, the settings, the events and the tests' own fields of them.

use serde_json::{Value, json};
use taskback::Settings;

use super::python;

async fn worker() -> (Value, Value) {
    let mut printed = python::run("yaml_json.py", &[], include_str!("../../../s.yaml")).await;
    let file = printed.remove(0);
    (file["vars"].clone(), file["resources"]["worker"]["props"].clone())
}

/// The value with its `${vars.…}` put in.
fn filled(text: &Value, vars: &Value) -> String {
    let mut text = text.as_str().unwrap_or_else(|| panic!("{text} is no text")).to_owned();
    for name in ["region", "account", "queue"] {
        text = text.replace(&format!("${{vars.{name}}}"), vars[name].as_str().unwrap());
    }
    assert!(!text.contains("${"), "{text}");
    text
}

#[tokio::test]
async fn it_runs_a_binary_of_this_package_where_it_is_built_to() {
    let (_, props) = worker().await;
    assert_eq!(props["customRuntimeConfig"], json!({"command": ["./worker"], "port": 9000}));
    let cargo = include_str!("../../../Cargo.toml");
    assert!(cargo.contains("[[bin]]\nname = \"worker\"") && cargo.contains("\nfc = ["));
    let head = include_str!("../../../s.yaml");
    assert!(head.contains("cargo build --release --locked -p taskback --bin worker --features fc"));
    let code = props["code"].as_str().unwrap().trim_start_matches("./");
    assert!(head.contains(&format!("cp target/release/worker {code}/worker")), "{code}");
}

#[tokio::test]
async fn every_variable_is_a_setting_with_a_value_that_it_takes() {
    let (vars, props) = worker().await;
    let variables = props["environmentVariables"].as_object().unwrap();
    let table = include_str!("../../../README.md");
    let values = variables.iter().map(|(name, value)| {
        assert!(table.contains(&format!("`{name}")), "{name} is in no table of the README");
        (name.clone(), filled(value, &vars))
    });
    let settings = Settings::from_vars(values.collect::<Vec<_>>()).unwrap();
    assert_eq!(settings.fc.timeout.unwrap().as_secs(), props["timeout"].as_u64().unwrap());
    assert_eq!(settings.fnf.region.as_deref(), vars["region"].as_str());
    assert_eq!(u64::from(settings.fc.port), props["customRuntimeConfig"]["port"].as_u64().unwrap());
    // Between pre-stop and the end every invocation has its whole time.
    assert_eq!(props["instanceLifecycleConfig"]["preStop"]["timeout"], props["timeout"]);
    assert!((1..=200).contains(&props["instanceConcurrency"].as_u64().unwrap()));
}

#[tokio::test]
async fn the_trigger_brings_one_message_an_invocation_and_what_fails_comes_again() {
    let (vars, props) = worker().await;
    let [trigger] = &props["triggers"].as_array().unwrap()[..] else { panic!("{props}") };
    let config = &trigger["triggerConfig"];
    assert_eq!(trigger["triggerType"], "eventbridge");
    assert_eq!(
        config["runOptions"]["batchWindow"]["CountBasedWindow"], 1,
        "the worker's ledger is not shared"
    );
    // A direct invocation that fails is tried again as well, and the worker is told so.
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
async fn each_role_may_do_what_it_must_and_no_more() {
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
    assert_eq!(policy(role), [(reports, flows), send("taskback-tasks-failed")]);
    assert_eq!(policy("taskback-flows"), [send(vars["queue"].as_str().unwrap())]);
    let failed = &props["asyncInvokeConfig"]["destinationConfig"]["onFailure"]["destination"];
    assert_eq!(filled(failed, &vars), queue("taskback-tasks-failed"));
}
