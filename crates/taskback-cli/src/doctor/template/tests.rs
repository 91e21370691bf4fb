//! Parameters, conditions and intrinsics of a template, resolved and bounded.

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

fn properties<'t>(template: &'t Template, name: &str) -> &'t Value {
    &template.resources[name].properties
}

fn reason_of(value: &Value) -> &str {
    crate::doctor::value::reason(value).unwrap_or_else(|| panic!("{value} is known"))
}

#[test]
fn intrinsics_are_resolved() {
    let text = TEMPLATE.replace("IsFree: !E", "IsB: !Not [!Condition IsA]\n  IsFree: !E");
    let template = Template::read(&text, &[]).unwrap();
    assert_eq!(template.resources.keys().collect::<Vec<_>>(), ["F", "Nested", "Q"]);
    let function = &template.resources["F"];
    assert_eq!((&*function.build_method, &*function.binary), ("rust-cargolambda", "worker"));
    let env = json!({"Variables": {"A": "1", "B": "t:${Q}:a"}});
    assert_eq!(function.properties, json!({"Timeout": 30, "MemorySize": 1, "Environment": env}));
    let queue = properties(&template, "Q");
    assert_eq!((&queue["VisibilityTimeout"], &queue["A"]), (&json!(180), &json!("x:${F.Arn}")));
    let free = "the parameter Free has no default: --parameter Free=…";
    assert_eq!(reason_of(&queue["B"]), free);
    assert_eq!(reason_of(&queue["C"]), format!("the condition IsFree is unknown: {free}"));
    assert_eq!(reason_of(&queue["D"]), "Fn::ImportValue of z");
    let listed: Vec<_> = template.unknown.list().into_iter().collect();
    assert_eq!(listed, ["Nested: its resources are those of another template or of a loop"]);

    let given = [("Kind", "b"), ("Free", "a")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let template = Template::read(&text, &given).unwrap();
    let queue = properties(&template, "Q");
    assert_eq!((&queue["VisibilityTimeout"], &queue["B"], &queue["C"]), (&json!(5), &json!("a"), &json!(1)));
    assert_eq!(properties(&template, "F")["Gone"], "here");
    assert!(template.resources.contains_key("Absent"));
}

#[test]
fn text_functions_are_resolved() {
    for (value, expected) in [
        ("!GetAtt [Q, Arn]", json!("${Q.Arn}")),
        ("{'Fn::GetAtt': Q.Arn}", json!("${Q.Arn}")),
        ("!Select [1, [a, b]]", json!("b")),
        ("!Select ['0', !Split ['-', 'x-y']]", json!("x")),
        ("!Join ['', !Split ['-', 'x-y']]", json!("xy")),
        ("!Join [',', !Ref Listed]", json!("a,b")),
        ("!Sub ['${x}-${ Kind }', {x: !Ref Kind}]", json!("a-a")),
        ("!Sub '${!Kind}'", json!("${!Kind}")),
        ("'${Kind}'", json!("${!Kind}")),
        ("!FindInMap [M, none, Seconds, {DefaultValue: 7}]", json!(7)),
        ("!If [IsFree, 1, 1]", json!(1)),
        ("!Ref AWS::Region", json!("${AWS::Region}")),
    ] {
        let text = TEMPLATE.replace("D: !ImportValue z", &format!("D: {value}"));
        let text = text
            .replace("Parameters: {", "Parameters: {Listed: {Type: CommaDelimitedList, Default: 'a, b'}, ");
        let template = Template::read(&text, &[]).unwrap_or_else(|error| panic!("{value}: {error}"));
        assert_eq!(properties(&template, "Q")["D"], expected, "{value}");
    }
    for (value, expected) in [
        ("!Sub 'x-${Free}'", "the parameter Free has no default: --parameter Free=…"),
        ("!Join ['', [a, !Ref Free]]", "the parameter Free has no default: --parameter Free=…"),
        ("!Ref Stored", "the parameter Stored is stored in SSM: --parameter Stored=…"),
        ("!Select [9, [a]]", "the value of Fn::Select"),
        ("!FindInMap [M, none, Seconds]", "an entry of the mapping M"),
        ("!Split ['-', !Ref AWS::StackName]", "Fn::Split of ${AWS::StackName)"),
        ("!Cidr [a, b]", "the value of Fn::Cidr"),
        ("'{{resolve:ssm:x}}'", "a dynamic reference, which is resolved at deployment"),
    ] {
        let text = TEMPLATE.replace("D: !ImportValue z", &format!("D: {value}"));
        let text = text.replace(
            "Parameters: {",
            "Parameters: {Stored: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /x}, ",
        );
        let template = Template::read(&text, &[]).unwrap();
        assert_eq!(reason_of(&properties(&template, "Q")["D"]), expected, "{value}");
    }
}

#[test]
fn circular_and_regional_conditions_are_unknown() {
    let text = "Conditions: {A: !Condition B, B: !Not [!Condition A], C: !Equals [!Ref AWS::Region, x]}\n\
                Resources: {Alarm: {Condition: A}, R: {Type: AWS::SQS::Queue, Condition: A, Properties: {P: !If [A, 1, 2], Q: !If [C, 1, 2]}}}";
    let template = Template::read(text, &[]).unwrap();
    let properties = properties(&template, "R");
    assert_eq!(reason_of(&properties["P"]), "the condition A is unknown");
    assert_eq!(reason_of(&properties["Q"]), "the condition C is unknown: it compares ${AWS::Region) with x");
    let listed: Vec<_> = template.unknown.list().into_iter().collect();
    assert_eq!(listed, ["R: checked as if it existed, but the condition A is unknown"]);
    let given = [("AWS::Region".to_owned(), "x".to_owned())];
    let template = Template::read(text, &given).unwrap();
    assert_eq!(template.resources["R"].properties["Q"], 1);
}

/// One side that decides is enough.
#[test]
fn known_member_decides_a_condition() {
    let text = "Parameters: {Free: {Type: String}}\nConditions:\n  Free: !Equals [!Ref Free, a]\n  \
                Never: !And [!Condition Free, !Equals [1, 2]]\n  Always: !Or [!Condition Free, !Equals [1, 1]]\n\
                Resources: {R: {Properties: {P: !If [Never, 1, 2], Q: !If [Always, 1, 2]}}}";
    let template = Template::read(text, &[]).unwrap();
    assert_eq!(template.resources["R"].properties, json!({"P": 2, "Q": 1}));
}

#[test]
fn unknown_parameter_is_an_error() {
    let error = Template::read(TEMPLATE, &[("Sort".to_owned(), "x".to_owned())]).err().unwrap();
    assert_eq!(error, "--parameter Sort: unknown, expected a parameter of the template");
}

#[test]
fn files_of_other_tools_are_named() {
    for (text, expected) in [
        ("edition: 3.0.0\nresources: {w: {component: fc3}}", "a file of Serverless Devs (s.yaml)"),
        ("ROSTemplateFormatVersion: '2015-09-01'\nResources: {}", "a template of Alibaba Cloud's ROS"),
        ("service: x\nprovider: {name: aws}", "a file of the Serverless Framework"),
    ] {
        let error = Template::read(text, &[]).err().unwrap();
        assert!(error.starts_with(expected) && error.ends_with("SAM or CloudFormation template"), "{error}");
    }
}

#[test]
fn macros_and_repeated_keys_are_unknown() {
    let text = "Transform: [AWS::Serverless-2016-10-31, Mine]\nResources:\n  A: {Type: x}\n  A: {Type: y}\n  \
                Fn::ForEach::Queues: [N, [a], {}]";
    let template = Template::read(text, &[]).unwrap();
    assert_eq!(template.resources["A"].kind, "y");
    let listed: Vec<_> = template.unknown.list().into_iter().collect();
    assert_eq!(
        listed,
        [
            "Fn::ForEach::Queues: its resources are those of another template or of a loop",
            "Transform: the macro Mine may change the template",
            "line 4: the key A is repeated, and its last value counts",
        ]
    );
}

/// A few hundred bytes that expand to more text than fits into memory, for each way a value can grow.
#[test]
fn growing_values_are_bounded() {
    let nested = |one: &dyn Fn(String) -> String| (0..14).fold("'x'".to_owned(), |inner, _| one(inner));
    let four = "${a}${a}${a}${a}";
    for value in [
        nested(&|inner| format!("!Sub ['{four}', {{a: {inner}}}]")),
        nested(&|inner| format!("!Sub ['{four}', {{a: !Join ['-', [{inner}]]}}]")),
        nested(&|inner| format!("!Sub ['{four}', {{a: !If [Is, {inner}, 1]}}]")),
    ] {
        let text = format!(
            "Conditions: {{Is: !Equals [1, 1]}}\nResources: {{R: {{Properties: {{P: {value}, Q: 1}}}}}}"
        );
        let template = Template::read(&text, &[]).unwrap();
        let bound = "the template: the values beyond the first 16777216 bytes";
        assert_eq!(template.unknown.list().into_iter().collect::<Vec<_>>(), [bound]);
    }
    let reference = format!("[{}]", "!Ref Large,".repeat(60_000));
    let large = "x".repeat(200_000);
    let text = format!(
        "Parameters: {{Large: {{Default: {large}}}}}\nResources: {{R: {{Properties: {{P: {reference}}}}}}}"
    );
    assert!(!Template::read(&text, &[]).unwrap().unknown.list().is_empty());
    let references = "${Large}".repeat(80_000);
    let text = text.replace(&reference, &format!("!Sub '{references}'"));
    assert!(!Template::read(&text, &[]).unwrap().unknown.list().is_empty());
    let text = "Mappings: {M: {a: {b: {Default: LARGE}}}}\nResources: {R: {Properties: {P: ALL}}}";
    let text = text
        .replace("LARGE", &large)
        .replace("ALL", &format!("[{}]", "!FindInMap [M, a, b],".repeat(30_000)));
    assert!(!Template::read(&text, &[]).unwrap().unknown.list().is_empty());
    let globals = format!("Globals: {{Function: {{Environment: {large}}}}}\nResources:\n");
    let functions =
        (0..400).map(|n| format!("  F{n}: {{Type: AWS::Serverless::Function}}\n")).collect::<String>();
    assert!(!Template::read(&(globals + &functions), &[]).unwrap().unknown.list().is_empty());
}

#[test]
fn template_beyond_quotas_is_an_error() {
    let many = (0..501).map(|n| format!("  R{n}: {{}}\n")).collect::<String>();
    let error = Template::read(&format!("Resources:\n{many}"), &[]).err().unwrap();
    assert_eq!(error, "501 resources, expected at most 500 (CloudFormation quota)");
    let error = Template::read(&" ".repeat(1024 * 1024 + 1), &[]).err().unwrap();
    assert_eq!(error, "1048577 bytes, expected at most 1048576 (CloudFormation quota)");
}
