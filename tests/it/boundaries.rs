//! The allowed dependencies between crates, read from cargo and the lock file, and the files that may name a
//! service.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use taskback::Service;

/// No runtime, network, clock or randomness.
#[test]
fn core_has_no_impure_dependencies() {
    let crates = tree(&["-p", "taskback-core", "--edges", "normal"]);
    assert!(crates.contains("taskback-core") && crates.contains("serde_json"), "{crates:?}");
    let names = [
        "tokio",
        "mio",
        "socket2",
        "reqwest",
        "http",
        "rustls",
        "ring",
        "lambda_runtime",
        "getrandom",
        "fastrand",
        "rand",
        "jiff",
        "chrono",
        "time",
        "tracing",
        "taskback",
    ];
    let families = ["aws", "aliyun", "reqsign", "hyper", "tokio-"];
    for name in &crates {
        let forbidden = names.contains(&&**name) || families.iter().any(|start| name.starts_with(start));
        assert!(!forbidden, "{name}");
    }
}

#[test]
fn function_excludes_cli_and_local_services() {
    let crates = tree(&["-p", "taskback", "--edges", "normal,build"]);
    assert!(crates.contains("lambda_runtime") && crates.contains("aws-sdk-swf"), "{crates:?}");
    for name in ["clap", "clap_builder", "taskback-cli", "taskback-local", "proptest"] {
        assert!(!crates.contains(name), "{name}");
    }
}

/// Read from the lock file, which covers every feature and platform.
#[test]
fn one_http_and_tls_stack_is_compiled() {
    let lock = include_str!("../../Cargo.lock");
    let packages: Vec<_> =
        lock.split("[[package]]").skip(1).map(|package| (field(package, "name"), package)).collect();
    let versions = |name: &str| {
        let of = packages.iter().filter(|(known, _)| *known == name);
        of.map(|(_, package)| field(package, "version")).collect::<Vec<_>>()
    };
    let stack = [
        ("hyper", "1."),
        ("hyper-util", ""),
        ("hyper-rustls", ""),
        ("http", "1."),
        ("http-body", "1."),
        ("rustls", "0.23."),
        ("tokio-rustls", ""),
        ("rustls-webpki", ""),
        ("ring", "0.17."),
    ];
    for (name, start) in stack {
        assert!(
            matches!(versions(name)[..], [version] if version.starts_with(start)),
            "{name} {:?}",
            versions(name)
        );
    }
    for (name, _) in &packages {
        let others = ["reqwest", "ureq", "isahc", "curl", "native-tls", "openssl", "openssl-sys", "s2n-tls"];
        assert!(!others.contains(name) && !name.starts_with("aws-lc"), "{name}");
    }
}

/// The names of the crates in a tree.
fn tree(arguments: &[&str]) -> BTreeSet<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo.args(["tree", "--offline", "--locked", "--prefix", "none", "--format", "{p}"]).args(arguments);
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

fn field<'a>(package: &'a str, name: &str) -> &'a str {
    let line = package.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""));
    line.and_then(|value| value.strip_suffix('"')).unwrap()
}

/// The files that may name a service: those of the service itself, the tables, and the code that serves one service
/// only. All other code reads the services' table.
const NAME_A_SERVICE: [&str; 26] = [
    "crates/taskback-cli/src/doctor/services.rs",
    "crates/taskback-core/src/durable.rs",
    "crates/taskback-core/src/fnf.rs",
    "crates/taskback-core/src/sfn.rs",
    "crates/taskback-core/src/swf.rs",
    "crates/taskback-local/src/durable/api.rs",
    "crates/taskback-local/src/emulators.rs",
    "crates/taskback-local/src/fnf/api.rs",
    "crates/taskback-local/src/fnf/executions.rs",
    "crates/taskback-local/src/fnf/reports.rs",
    "crates/taskback-local/src/fnf/runner.rs",
    "crates/taskback-local/src/sfn/api.rs",
    "crates/taskback-local/src/sfn/reports.rs",
    "crates/taskback-local/src/swf/activities.rs",
    "crates/taskback-local/src/swf/api.rs",
    "src/fnf_flow/request.rs",
    "src/fnf_flow/start_flow.rs",
    "src/host/launch.rs",
    "src/host/poller.rs",
    "src/poller/sfn.rs",
    "src/poller/swf.rs",
    "src/service/durable.rs",
    "src/service/fnf.rs",
    "src/service/sfn.rs",
    "src/service/swf.rs",
    "src/settings/fnf.rs",
];

#[test]
fn only_listed_files_name_a_service() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![root.join("crates/taskback-cli/src/doctor.rs")];
    for folder in
        ["src", "crates/taskback-core/src", "crates/taskback-local/src", "crates/taskback-cli/src/doctor"]
    {
        rust_files(&root.join(folder), &mut files);
    }
    let named: BTreeSet<String> = files
        .iter()
        .filter(|file| names_a_service(&fs::read_to_string(file).unwrap()))
        .map(|file| file.strip_prefix(root).unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(named, NAME_A_SERVICE.map(str::to_owned).into());
}

/// The source files of a folder, without test files.
fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
}

/// Whether code beside tests, comments and features names a service.
fn names_a_service(source: &str) -> bool {
    let code = source.split("#[cfg(test)]\nmod ").next().unwrap();
    code.lines().filter(|line| !line.trim_start().starts_with("//") && !line.contains("feature = ")).any(
        |line| {
            Service::ALL.iter().any(|service| {
                line.contains(&format!("Service::{service:?}")) || line.contains(&format!("\"{service}\""))
            })
        },
    )
}
