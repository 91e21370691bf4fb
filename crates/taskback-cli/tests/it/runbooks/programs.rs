//! Scripts that stand before programs of the page.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::python;

/// Writes an executable script. The folder comes first on the shell's PATH.
pub(super) fn write(folder: &Path, name: &str, lines: &str) {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
}

/// The command of the Python peers. For SQS its version 1 obeys an endpoint in the arguments only.
pub(super) fn write_aws(folder: &Path) {
    let python = python::script("");
    let aws = Path::new(python.get_program()).with_file_name("aws");
    write(folder, "aws", &format!(r#"exec '{}' --endpoint-url "$AWS_ENDPOINT_URL" "$@""#, aws.display()));
}
