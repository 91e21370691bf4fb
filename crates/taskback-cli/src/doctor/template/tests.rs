use serde_json::json;

use super::*;

const TEMPLATE: &str = r#"
Parameters: {Kind: {Default: a}, Free: {Type: String}}
Conditions:
  IsA: !Equals [!Ref Kind, a]
  IsFree: !Equals [!Ref Free, a]
Mappings: {M: {a: {Seconds: 180}, b: {Seconds: 5}}}
Globals: {Function: {Timeout: 5, MemorySize: 1, Environment: {Variables: {A: "1"}}}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: rust-cargolambda, BuildProperties: {Binary: worker}}
    Properties:
      Timeout: 30
      Environment: {Variables: {B: !If [IsA, !Sub "t:${Q}:${Kind}", none]}}
      Gone: !If [IsA, !Ref AWS::NoValue, here]
  Q:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: !FindInMap [M, !Ref Kind, Seconds]
      A: !Join [":", [x, !GetAtt F.Arn]]
      B: !Ref Free
      C: !If [IsFree, 1, 2]
      D: !ImportValue z
  Absent: {Type: T, Condition: IsB}
  Nested: {Type: AWS::CloudFormation::Stack}
"#;

#[test]
fn functions_are_worked_out_and_what_is_not_known_is_said() {
    let text = TEMPLATE.replace("IsFree: !E", "IsB: !Not [!Condition IsA]\n  IsFree: !E");
    let template = Template::read(&text, &[]).unwrap();
    assert_eq!(template.resources.keys().collect::<Vec<_>>(), ["F", "Nested", "Q"]);
    let function = &template.resources["F"];
    assert_eq!((&*function.build_method, &*function.binary), ("rust-cargolambda", "worker"));
    let env = json!({"Variables": {"A": "1", "B": "t:${Q}:a"}});
    assert_eq!(function.properties, json!({"Timeout": 30, "MemorySize": 1, "Environment": env}));
    let queue = &template.resources["Q"].properties;
    let wanted = json!({"VisibilityTimeout": 180, "A": "x:${F.Arn}", "B": null, "C": null, "D": null});
    assert_eq!(queue, &wanted);
    let unknown: Vec<_> = template.unknown.iter().map(String::as_str).collect();
    let free = "the parameter Free, which has no default: --parameter Free=…";
    assert_eq!(
        unknown,
        ["the condition IsFree", free, "the resources that Nested makes", "the value of Fn::ImportValue"]
    );

    let given = [("Kind", "b"), ("Free", "a")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let template = Template::read(&text, &given).unwrap();
    let queue = &template.resources["Q"].properties;
    assert_eq!((&queue["VisibilityTimeout"], &queue["B"], &queue["C"]), (&json!(5), &json!("a"), &json!(1)));
    assert_eq!(template.resources["F"].properties["Gone"], "here");
    assert!(template.resources.contains_key("Absent"));
}

#[test]
fn conditions_in_a_circle_or_by_the_region_are_not_known() {
    let text = "Conditions: {A: !Condition B, B: !Not [!Condition A], C: !Equals [!Ref AWS::Region, x]}\n\
                Resources: {R: {Condition: A, Properties: {P: !If [A, 1, 2], Q: !If [C, 1, 2]}}}";
    let template = Template::read(text, &[]).unwrap();
    let properties = &template.resources["R"].properties;
    assert!(properties["P"].is_null() && properties["Q"].is_null());
    assert_eq!(template.unknown.iter().collect::<Vec<_>>(), ["the condition A", "the condition C"]);
}

#[test]
fn a_parameter_that_it_does_not_have_is_an_error() {
    let error = Template::read(TEMPLATE, &[("Sort".to_owned(), "x".to_owned())]).err().unwrap();
    assert_eq!(error, "it has no parameter Sort");
}
