//! `taskback doctor`: what a template would lose or do twice.

mod build;
mod checks;
mod finding;
mod function;
mod grants;
mod intrinsics;
mod template;
mod yaml;

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::Ended;
use finding::{CHECKS, Finding};
use template::Template;

/// Says what a SAM or CloudFormation template would lose or do twice, and how to mend it.
///
/// Looked at are the functions on `provided` runtimes that have a setting of taskback's or are built by cargo
/// lambda, with their queues, ledger and permissions, and the Cargo.toml beside the template.
#[derive(clap::Args)]
#[command(after_help = "\
Exit codes:
  0  nothing was found; what could not be known is named
  1  there are findings
  2  the template could not be read")]
pub(crate) struct Args {
    /// The template, in YAML or JSON.
    #[arg(value_name = "TEMPLATE", required_unless_present = "checks")]
    template: Option<PathBuf>,
    /// A parameter's value in place of its default.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parameter)]
    parameter: Vec<(String, String)>,
    /// Prints JSON: {"findings":[{"id","resource","reason","mend"}],"unknown":[…]}.
    #[arg(long)]
    json: bool,
    /// Lists all checks instead.
    #[arg(long, exclusive = true)]
    checks: bool,
}

pub(crate) fn run(args: &Args) -> Ended {
    let Some(path) = &args.template else {
        let lines: String = CHECKS.iter().fold(String::new(), |mut lines, (id, what)| {
            let _ = writeln!(lines, "{id} {what}");
            lines
        });
        write!(io::stdout(), "{lines}")?;
        return Ok(ExitCode::SUCCESS);
    };
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))?;
    let template = Template::read(&text, &args.parameter).map_err(|why| format!("{shown}: {why}"))?;
    let mut examined = checks::examine(&template);
    examined.findings.extend(build::check(path, &template)?);
    examined.findings.sort();
    let told = if args.json { as_json(&examined) } else { as_text(&examined) };
    write!(io::stdout(), "{told}")?;
    Ok(ExitCode::from(u8::from(!examined.findings.is_empty())))
}

fn as_json(examined: &checks::Examined) -> String {
    let finding = |finding: &Finding| {
        let Finding { id, resource, reason, mend } = finding;
        json!({ "id": id, "resource": resource, "reason": reason, "mend": mend })
    };
    let findings: Vec<Value> = examined.findings.iter().map(finding).collect();
    format!("{}\n", json!({ "findings": findings, "unknown": examined.unknown }))
}

fn as_text(examined: &checks::Examined) -> String {
    let mut text = String::new();
    for Finding { id, resource, reason, mend } in &examined.findings {
        let _ = writeln!(text, "{id} {resource}: {reason}\n      mend: {mend}");
    }
    for what in &examined.unknown {
        let _ = writeln!(text, "not known: {what}");
    }
    let _ = match examined.findings.len() {
        0 => writeln!(text, "nothing found"),
        count => writeln!(text, "findings: {count}"),
    };
    text
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it is NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
