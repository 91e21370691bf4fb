use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::run::{Ran, run, taskback};

const SECRET: &str = "FnfSecretArn=arn:aws:secretsmanager:us-east-1:123456789012:secret:fnf-AbCdEf";

fn doctor(template: &Path, more: &[&str]) -> Ran {
    let arguments = [&["doctor", template.to_str().unwrap()], more].concat();
    run(&mut taskback(&arguments))
}

/// The broken templates: a folder each, named after the check.
fn broken() -> Vec<PathBuf> {
    let all = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/doctor")).unwrap();
    let mut all: Vec<_> = all.map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

fn check_of(folder: &Path) -> String {
    let name = folder.file_name().unwrap().to_str().unwrap();
    name.split('-').next().unwrap().to_owned()
}

fn own() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "template.yaml"].iter().collect()
}

/// A template of the test's own, alone in its folder.
fn written(name: &str, text: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("doctor").join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("template.yaml"), text).unwrap();
    folder.join("template.yaml")
}

#[test]
fn each_broken_template_yields_exactly_its_findings() {
    for folder in broken() {
        let ran = doctor(&folder.join("template.yaml"), &[]);
        let expected = fs::read_to_string(folder.join("findings.txt")).unwrap();
        assert_eq!((ran.code, ran.stdout), (1, expected), "{} {}", folder.display(), ran.stderr);
    }
}

#[test]
fn every_check_has_a_broken_template_and_is_what_is_found_there() {
    let listed = run(&mut taskback(&["doctor", "--checks"])).stdout;
    let listed: BTreeSet<_> = listed.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(broken().iter().map(|folder| check_of(folder)).collect::<BTreeSet<_>>(), listed);
    for folder in broken() {
        let told: Value =
            serde_json::from_str(&doctor(&folder.join("template.yaml"), &["--json"]).stdout).unwrap();
        let findings = told["findings"].as_array().unwrap();
        assert!(!findings.is_empty() && told["unknown"] == json!([]), "{told}");
        for finding in findings {
            assert_eq!(finding["id"], check_of(&folder), "{finding}");
            for part in ["resource", "reason", "mend"] {
                assert!(finding[part].as_str().is_some_and(|text| !text.is_empty()), "{finding}");
            }
        }
    }
}

#[test]
fn nothing_is_found_in_our_own_template_whatever_its_parameters_choose() {
    let fnf = ["Service=fnf", "FnfRegion=cn-hangzhou", SECRET];
    for parameters in [
        &[][..],
        &fnf,
        &["QueueType=fifo"],
        &["SwfTaskList=cards", "SwfHistory=on", "Tracing=on"],
        &["TimeoutSeconds=900", "MaxReceives=3", "Step=https://steps.example.com/"],
    ] {
        let given: Vec<_> = parameters.iter().flat_map(|parameter| ["--parameter", parameter]).collect();
        let ran = doctor(&own(), &given);
        assert_eq!((ran.code, &*ran.stdout, &*ran.stderr), (0, "nothing found\n", ""), "{parameters:?}");
    }
}

#[test]
fn our_own_template_without_one_of_its_safeguards_is_found_out() {
    let whole = fs::read_to_string(own()).unwrap();
    for (check, safeguard, without) in [
        ("TB001", "FunctionResponseTypes: [ReportBatchItemFailures]", "FunctionResponseTypes: []"),
        ("TB002", "{Seconds: 180}", "{Seconds: 179}"),
        ("TB004", "TASKBACK_MAX_RECEIVES: !Ref MaxReceives", "TASKBACK_MAX_RECEIVES: 4"),
        ("TB005", "RedrivePolicy:", "Redriven:"),
        ("TB006", "Queue: !GetAtt FailedInvocations.Arn", "Queue: !GetAtt Tasks.Arn"),
        ("TB007", "TASKBACK_LEDGER: !Sub \"dynamodb:${LedgerTable}\"", "TASKBACK_LEDGER: memory"),
        ("TB010", "AttributeName: expires", "AttributeName: leaseUntil"),
        ("TB011", "- swf:RecordActivityTaskHeartbeat", "- swf:DescribeDomain"),
        ("TB011", "Action: \"dynamodb:UpdateItem\"", "Action: \"dynamodb:GetItem\""),
        ("TB012", "Action: \"dynamodb:UpdateItem\"", "Action: \"dynamodb:*\""),
        ("TB013", "Timeout: !Ref TimeoutSeconds", "Timeout: 3"),
        ("TB017", "MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 345600"),
    ] {
        assert!(whole.contains(safeguard), "{safeguard}");
        let ran = doctor(&written(check, &whole.replace(safeguard, without)), &[]);
        assert!(ran.code == 1 && ran.stdout.starts_with(check), "{without}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn our_own_template_on_the_memory_ledger_has_nobody_to_tell_its_dead_letters() {
    let ran = doctor(&own(), &["--parameter", "Ledger=memory", "--json"]);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    let found = told["findings"].as_array().unwrap().iter();
    let found: Vec<_> = found.map(|finding| (&finding["id"], &finding["resource"])).collect();
    let dead = |queue: &str| (json!("TB006"), json!(queue));
    let wanted = [dead("DeadLetters"), dead("FailedInvocations")];
    assert_eq!((ran.code, found), (1, wanted.iter().map(|(id, queue)| (id, queue)).collect()));
}

#[test]
fn a_poller_without_time_for_a_poll_or_without_a_way_to_give_a_task_back_is_found_out() {
    let whole = fs::read_to_string(own()).unwrap();
    for (check, safeguard, without) in [
        // 95 s is what the poller itself asks for.
        ("TB013 SwfPoller", "Timeout: 390", "Timeout: 94"),
        ("TB011 SwfPoller", "Action: [swf:RespondActivityTaskFailed]", "Action: [swf:DescribeDomain]"),
    ] {
        assert!(whole.contains(safeguard), "{safeguard}");
        let template = written(&check.replace(' ', "-"), &whole.replace(safeguard, without));
        let ran = doctor(&template, &["--parameter", "SwfTaskList=cards"]);
        assert!(ran.code == 1 && ran.stdout.starts_with(check), "{without}: {}{}", ran.stdout, ran.stderr);
    }
    let shortest = written("shortest-poller", &whole.replace("Timeout: 390", "Timeout: 95"));
    assert_eq!(doctor(&shortest, &["--parameter", "SwfTaskList=cards"]).stdout, "nothing found\n");
}

#[test]
fn whatever_invokes_without_waiting_drops_what_failed() {
    let folder = broken().into_iter().find(|folder| check_of(folder) == "TB016").unwrap();
    let whole = fs::read_to_string(folder.join("template.yaml")).unwrap();
    let by_sam = "        Notifications:\n          Type: SNS\n          Properties: {Topic: !Ref Topic}\n";
    let topic = "  Topic: {Type: AWS::SNS::Topic}\n";
    assert!(whole.contains(by_sam) && whole.contains(topic));
    let alone = whole.replace(by_sam, "");
    assert_eq!(doctor(&written("no-topic", &alone), &[]).stdout, "nothing found\n");
    for (name, source) in [
        (
            "subscription",
            "  Of: {Type: AWS::SNS::Subscription, Properties: {Protocol: lambda, Endpoint: !GetAtt Worker.Arn}}\n",
        ),
        (
            "topic",
            "  Of: {Type: AWS::SNS::Topic, Properties: {Subscription: [{Protocol: lambda, Endpoint: !GetAtt Worker.Arn}]}}\n",
        ),
        (
            "rule",
            "  Of: {Type: AWS::Events::Rule, Properties: {Targets: [{Id: a, Arn: !GetAtt Worker.Arn}]}}\n",
        ),
    ] {
        let ran = doctor(&written(name, &alone.replace(topic, source)), &[]);
        assert!(ran.code == 1 && ran.stdout.starts_with("TB016 Worker:"), "{name}: {}", ran.stdout);
    }
}

#[test]
fn dead_letters_that_go_where_nobody_here_can_look_are_named() {
    let whole = fs::read_to_string(own()).unwrap();
    let elsewhere = whole.replace(
        "deadLetterTargetArn: !GetAtt DeadLetters.Arn",
        "deadLetterTargetArn: arn:aws:sqs:us-east-1:123456789012:dead",
    );
    assert_ne!(elsewhere, whole);
    let ran = doctor(&written("dead-elsewhere", &elsewhere), &[]);
    let told = "not known: the dead letters of Tasks, whose queue is not in the template\n";
    assert!(ran.stdout.contains(told), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_known_is_said_and_is_no_finding() {
    let template = written(
        "unknown",
        "Parameters: {Time: {Type: Number}}\n\
         Resources:\n  Worker:\n    Type: AWS::Serverless::Function\n    Properties:\n      \
         Runtime: provided.al2023\n      Timeout: !Ref Time\n      Role: !ImportValue role\n      \
         Environment: {Variables: {TASKBACK_SERVICE: swf}}\n      \
         Events: {Tasks: {Type: SQS, Properties: {Queue: 'arn:aws:sqs:us-east-1:123456789012:tasks', \
         FunctionResponseTypes: [ReportBatchItemFailures]}}}\n  \
         Other: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.13}}\n",
    );
    let ran = doctor(&template, &[]);
    let expected = "not known: a queue of Worker, which is not in the template\n\
                    not known: the function Other: its runtime is python3.13, and it has no setting of taskback's\n\
                    not known: the parameter Time, which has no default: --parameter Time=…\n\
                    not known: the permissions of Worker by the role, which is not in the template\n\
                    not known: the value of Fn::ImportValue\n\
                    nothing found\n";
    assert_eq!((ran.code, &*ran.stdout), (0, expected), "{}", ran.stderr);
    let ran = doctor(&template, &["--parameter", "Time=3"]);
    assert!(ran.code == 1 && ran.stdout.starts_with("TB013 Worker:"), "{}", ran.stdout);
}

#[test]
fn what_is_no_template_is_an_error_with_exit_code_2() {
    for (name, text, wanted) in [
        ("empty", "", "it is empty"),
        ("prose", "no template", "it has no Resources"),
        ("broken", "Resources: [", "it is not YAML"),
    ] {
        let ran = doctor(&written(name, text), &[]);
        assert_eq!((ran.code, &*ran.stdout), (2, ""), "{name}");
        assert!(ran.stderr.contains(wanted), "{name}: {}", ran.stderr);
    }
    let absent = doctor(Path::new("no/such/template.yaml"), &[]);
    assert!(absent.code == 2 && absent.stderr.contains("no/such/template.yaml"), "{}", absent.stderr);
    let parameter = doctor(&own(), &["--parameter", "Nothing=1"]);
    assert!(
        parameter.code == 2 && parameter.stderr.contains("it has no parameter Nothing"),
        "{}",
        parameter.stderr
    );
}
