//! Templates that would take all memory or time.

use serde_json::{Value, json};

use super::{doctor_within, written};

/// The maximum processor time of one template, also of a build without optimizations.
const MAX_SECONDS: u32 = 20;

fn in_time(name: &str, text: &str) -> (i32, String) {
    let ran = doctor_within(MAX_SECONDS, &written(name, text));
    (ran.code, ran.stdout + &ran.stderr)
}

#[test]
fn expanding_values_end() {
    let nested = (0..60)
        .fold("'x'".to_owned(), |inner, _| format!("!Sub ['${{a}}${{a}}${{a}}${{a}}', {{a: {inner}}}]"));
    let text = format!(
        "Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: provided.al2023\n      \
         Environment: {{Variables: {{TASKBACK_STEP: {nested}}}}}"
    );
    let (code, _) = in_time("nested-sub", &text);
    assert!(code == 1 || code == 2, "{code}");
    let aliases: String = (1..60).fold("A0: &a0 [x, x, x, x, x, x, x, x]\n".to_owned(), |text, n| {
        text + &format!("A{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "))
    });
    let (code, said) = in_time("alias-bomb", &(aliases + "Resources: {}"));
    assert!(code == 2 && said.contains("YAML aliases stand for more than"), "{said}");
    for (index, open) in
        ["[", "{a: ", "- ", "{\"a\":", "[{", "!a [", "a: [\n", "a:\n", "\"\\\n"].iter().enumerate()
    {
        let (code, said) = in_time(&format!("megabyte-{index}"), &open.repeat(1024 * 1024 / open.len()));
        assert!(code == 2 && said.starts_with("taskback: "), "{open}: {said}");
    }
}

#[test]
fn circles_end() {
    let text = "Conditions: {A: !Condition B, B: !Condition A}\nResources:\n  \
        One: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Two}}\n  \
        Two: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref One}}\n  \
        Key: {Type: AWS::KMS::Alias, Properties: {TargetKeyId: !Ref Key}}\n  \
        Dead: {Type: AWS::SQS::Queue, Properties: {KmsMasterKeyId: !Ref Key, RedrivePolicy: {deadLetterTargetArn: !GetAtt Tasks.Arn, maxReceiveCount: 5}}}\n  \
        Tasks: {Type: AWS::SQS::Queue, Properties: {KmsMasterKeyId: !Ref Key, RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5}}}\n  \
        Mapping: {Type: AWS::Lambda::EventSourceMapping, Properties: {FunctionName: !Ref One, EventSourceArn: !GetAtt Tasks.Arn}}\n  \
        Role: {Type: AWS::IAM::Role, Condition: A, Properties: {ManagedPolicyArns: [!Ref Role]}}\n  \
        F:\n    Type: AWS::Serverless::Function\n    Properties:\n      Timeout: !If [A, 1, 2]\n      Role: !GetAtt Role.Arn\n      \
        Environment: {Variables: {TASKBACK_LEDGER: !Sub 'dynamodb:${F}'}}\n      Events: {T: {Type: SQS, Properties: {Queue: !GetAtt Tasks.Arn}}}\n";
    let (code, said) = in_time("circles", text);
    let report: Value = serde_json::from_str(&said).unwrap();
    assert!(code == 1 && report["unknown"].as_array().unwrap().len() > 3, "{said}");
}

/// Work grows with the product of what a template lists, so each is as many as its quota allows.
#[test]
fn large_templates_end() {
    let function = |more: Value| {
        let mut properties = json!({"Runtime": "provided.al2023", "Timeout": 30,
            "Environment": {"Variables": {"TASKBACK_SERVICE": "swf"}}});
        properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"Type": "AWS::Lambda::Function", "Properties": properties})
    };
    let mut names = serde_json::Map::new();
    for n in 0..166 {
        let arn = |service: &str, name: String| format!("arn:aws:{service}:us-east-1:1:{name}");
        names.insert(
            format!("F{n}"),
            function(json!({"FunctionName": format!("f{n}"), "Role": "arn:aws:iam::1:role/r"})),
        );
        names.insert(format!("Q{n}"), json!({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": format!("q{n}"),
            "RedrivePolicy": {"deadLetterTargetArn": arn("sqs", format!("q{}", (n + 1) % 166)), "maxReceiveCount": 5}}}));
        names.insert(format!("M{n}"), json!({"Type": "AWS::Lambda::EventSourceMapping", "Properties": {
            "FunctionName": arn("lambda", format!("function:f{n}:live")), "EventSourceArn": arn("sqs", format!("q{n}"))}}));
    }
    assert_eq!(in_time("many-names", &json!({"Resources": names}).to_string()).0, 1);

    let statement =
        |effect: &str| json!({"Effect": effect, "Principal": "*", "Action": "sqs:a*b*c", "Resource": "*"});
    let mut policies = serde_json::Map::new();
    policies.insert("Q".to_owned(), json!({"Type": "AWS::SQS::Queue", "Properties": {}}));
    policies.insert(
        "P".to_owned(),
        json!({"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Q"}],
        "PolicyDocument": {"Statement": vec![statement("Deny"); 6000]}}}),
    );
    policies.insert(
        "Role".to_owned(),
        json!({"Type": "AWS::IAM::Role", "Properties": {"Policies": [
        {"PolicyName": "x", "PolicyDocument": {"Statement": vec![statement("Allow"); 5000]}}]}}),
    );
    for n in 0..150 {
        policies.insert(format!("F{n}"), function(json!({"Role": {"Fn::GetAtt": ["Role", "Arn"]}})));
        policies.insert(
            format!("M{n}"),
            json!({"Type": "AWS::Lambda::EventSourceMapping", "Properties": {
            "FunctionName": {"Ref": format!("F{n}")}, "EventSourceArn": {"Fn::GetAtt": ["Q", "Arn"]}}}),
        );
    }
    assert_eq!(in_time("many-statements", &json!({"Resources": policies}).to_string()).0, 1);
}
