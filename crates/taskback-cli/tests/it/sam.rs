//! The template and the configuration of `sam`: the step has no default for real tasks.

use std::fs;
use std::path::PathBuf;

fn read(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "..", name].iter().collect();
    fs::read_to_string(path).unwrap()
}

#[test]
fn step_parameter_has_no_default() {
    let template = read("template.yaml");
    let parameter = template.split("\n  Step:\n").nth(1).expect("the parameter Step");
    let parameter: Vec<_> = parameter.lines().take_while(|line| line.starts_with("    ")).collect();
    assert!(parameter.contains(&"    MinLength: 1"), "{parameter:?}");
    assert!(!parameter.iter().any(|line| line.trim_start().starts_with("Default:")), "{parameter:?}");
}

#[test]
fn only_local_sam_commands_use_the_example() {
    let config: toml::Table = read("samconfig.toml").parse().unwrap();
    let commands = config["default"].as_table().unwrap();
    assert!(
        ["local_invoke", "local_start_lambda"].iter().all(|name| commands.contains_key(*name)),
        "{commands:?}"
    );
    for (command, options) in commands {
        assert!(command.starts_with("local_"), "{command}");
        assert_eq!(
            options["parameters"]["parameter_overrides"].as_str(),
            Some("Step=verify-card"),
            "{command}"
        );
    }
}
