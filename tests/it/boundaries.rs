//! Who may depend on whom: asked of cargo, and of the lock file.

use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn the_shared_crate_depends_on_no_runtime_network_clock_or_chance() {
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
fn a_function_compiles_neither_the_command_nor_the_local_services() {
    let crates = tree(&["-p", "taskback", "--edges", "normal,build"]);
    assert!(crates.contains("lambda_runtime") && crates.contains("aws-sdk-swf"), "{crates:?}");
    for name in ["clap", "clap_builder", "taskback-cli", "taskback-local", "proptest"] {
        assert!(!crates.contains(name), "{name}");
    }
}

/// Of the lock file, which knows every feature and every platform.
#[test]
fn there_is_one_http_and_one_tls_stack() {
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
