//! `taskback doctor`: checks a template for lost or duplicated work.

mod arns;
mod build;
mod checks;
mod finding;
mod function;
mod grants;
mod intrinsics;
mod managed;
mod names;
mod parameters;
#[cfg(test)]
mod peers;
mod policies;
mod resource_policy;
mod role;
mod services;
mod source;
mod template;
mod triggers;
mod unknown;
mod value;
mod view;
mod yaml;

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::exit::CommandResult;
use finding::{CHECKS, Finding};
use template::Template;

/// Checks a SAM or CloudFormation template for lost or duplicated work and suggests fixes.
///
/// It checks the functions that have a taskback setting or are built by cargo lambda, with what invokes them, their
/// queues, ledger and permissions, and the Cargo.toml beside the template. Facts that it cannot determine are listed.
#[derive(clap::Args)]
#[command(after_help = "\
Exit codes:
  0  no findings; facts that could not be determined are listed
  1  findings
  2  the template could not be read
  3  with --strict: no findings, but facts that could not be determined")]
pub(crate) struct Args {
    /// The template, in YAML or JSON.
    #[arg(value_name = "TEMPLATE", required_unless_present = "checks")]
    template: Option<PathBuf>,
    /// Value of a parameter, instead of its default.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_parameter)]
    parameter: Vec<(String, String)>,
    /// Prints JSON: {"findings":[{"id","resource","reason","fix"}],"unknown":[…],"functions":[…],"resources":{NAME:TYPE}}.
    #[arg(long)]
    json: bool,
    /// Exits with 3 if there are no findings, but facts that could not be determined.
    #[arg(long)]
    strict: bool,
    /// Lists all checks and exits.
    #[arg(long, exclusive = true)]
    checks: bool,
}

pub(crate) fn run(args: &Args) -> CommandResult {
    let Some(path) = &args.template else {
        let lines: String = CHECKS.iter().fold(String::new(), |mut lines, (id, title)| {
            let _ = writeln!(lines, "{id} {title}"); // a String takes everything
            lines
        });
        write!(io::stdout(), "{lines}")?;
        return Ok(ExitCode::SUCCESS);
    };
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let report = report(&text, Some(path), &args.parameter, args.json);
    let report = report.map_err(|error| format!("{name}: {error}"))?;
    write!(io::stdout(), "{}", report.text)?;
    Ok(ExitCode::from(match (report.findings, report.unknown) {
        (0, 0) => 0,
        (0, _) if args.strict => 3,
        (0, _) => 0,
        _ => 1,
    }))
}

/// A report on a template.
pub(crate) struct Report {
    pub(crate) text: String,
    /// The number of findings.
    pub(crate) findings: usize,
    /// The number of facts that could not be determined.
    pub(crate) unknown: usize,
}

/// Returns the report on a template. With a path it includes the Cargo.toml beside the template. An error names the part
/// that cannot be read.
pub(crate) fn report(
    text: &str,
    path: Option<&Path>,
    parameters: &[(String, String)],
    json: bool,
) -> Result<Report, String> {
    let template = Template::read(text, parameters)?;
    let mut examined = checks::examine(&template);
    if let Some(path) = path {
        examined.findings.extend(build::check(path, &template)?);
        examined.findings.sort();
    }
    let text = if json { as_json(&template, &examined) } else { as_text(&examined) };
    Ok(Report { text, findings: examined.findings.len(), unknown: examined.unknown.len() })
}

fn as_json(template: &Template, examined: &checks::Examined) -> String {
    let finding = |finding: &Finding| {
        let Finding { id, resource, reason, fix } = finding;
        json!({ "id": id, "resource": resource, "reason": reason, "fix": fix })
    };
    let findings: Vec<Value> = examined.findings.iter().map(finding).collect();
    let resources = template.resources.values().map(|one| (one.name.clone(), json!(one.kind)));
    let report = json!({
        "findings": findings,
        "unknown": examined.unknown,
        "functions": examined.functions,
        "resources": resources.collect::<serde_json::Map<_, _>>(),
    });
    format!("{report}\n")
}

fn as_text(examined: &checks::Examined) -> String {
    let mut text = String::new();
    for Finding { id, resource, reason, fix } in &examined.findings {
        text += &format!("{id} {resource}: {reason}\n      fix: {fix}\n");
    }
    for fact in &examined.unknown {
        text += &format!("unknown: {fact}\n");
    }
    let found = match examined.findings.len() {
        0 => "no findings".to_owned(),
        count => format!("findings: {count}"),
    };
    match examined.unknown.len() {
        0 => text + &found + "\n",
        count => text + &format!("{found}; {count} unknown\n"),
    }
}

fn parse_parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::report;

    /// Inputs with which the fuzzer found an error: see `fuzz/`.
    #[test]
    fn fuzzer_regressions_pass() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/regressions/doctor");
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(!files.is_empty());
        for file in files {
            let bytes = std::fs::read(file).unwrap();
            let _ = report(&String::from_utf8_lossy(&bytes), None, &[], true); // accepted or rejected, without a panic
        }
    }
}
