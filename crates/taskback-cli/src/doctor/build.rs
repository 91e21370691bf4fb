//! The build of the functions: a panic must unwind.

use std::path::Path;

use toml::{Table, Value};

use super::finding::Finding;
use super::template::Template;

/// Checks the panic strategy of release builds in the `Cargo.toml` beside the template.
pub(super) fn check(path: &Path, template: &Template) -> Result<Option<Finding>, String> {
    let path = path.with_file_name("Cargo.toml");
    // Without one there is nothing to check.
    let Ok(text) = std::fs::read_to_string(&path) else { return Ok(None) };
    let manifest: Table = text.parse().map_err(|_| format!("{}: not valid TOML", path.display()))?;
    let by_cargo_lambda =
        template.resources.values().any(|resource| resource.build_method == "rust-cargolambda");
    let reason = match panic_of(&manifest) {
        Some("abort") => "panic = \"abort\" in [profile.release]",
        // The profiles of a workspace member are in the workspace root.
        None if by_cargo_lambda && is_root(&manifest, &path) => {
            "[profile.release] has no panic setting, and cargo lambda then sets abort"
        }
        _ => return Ok(None),
    };
    Ok(Some(Finding::new(
        "TB015",
        "Cargo.toml",
        format!("{reason}: a step that panics ends the process, and the whole batch is redelivered"),
        "set panic = \"unwind\" in [profile.release]",
    )))
}

fn panic_of(manifest: &Table) -> Option<&str> {
    manifest.get("profile")?.get("release")?.get("panic").and_then(Value::as_str)
}

fn is_root(manifest: &Table, path: &Path) -> bool {
    let package = manifest.get("package");
    let inherits = package.is_some_and(|package| package.get("workspace").is_some());
    let is_workspace = |folder: &Path| {
        let text = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        text.parse::<Table>().is_ok_and(|manifest| manifest.contains_key("workspace"))
    };
    let above = || path.canonicalize().is_ok_and(|path| path.ancestors().skip(2).any(is_workspace));
    manifest.contains_key("workspace") || !(inherits || above())
}
