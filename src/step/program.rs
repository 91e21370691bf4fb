//! The check at the start that a command's program can be run.

use std::env;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use rustix::fs::{Access, access};

/// Returns why `program` cannot be run. It is looked for as the operating system does: a name with a
/// slash is a path from the working folder, another one is searched in the folders of PATH.
pub(super) fn problem(program: &str) -> Option<String> {
    problem_in(program, &env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into()))
}

/// The C libraries' own where there is none: glibc's and musl's.
const DEFAULT_PATH: &str = "/usr/local/bin:/bin:/usr/bin";

const MISSING: &str = "there is no such file";

fn problem_in(program: &str, folders: &OsStr) -> Option<String> {
    if program.contains('/') {
        let path = Path::new(program);
        return problem_at(path).map(str::to_owned).or_else(|| problem_of_script(path, folders));
    }
    let mut reason = "it is in no folder of PATH";
    for folder in env::split_paths(folders) {
        let path = folder.join(program);
        match problem_at(&path) {
            None => return problem_of_script(&path, folders),
            Some(MISSING) => {}
            Some(other) => reason = other,
        }
    }
    Some(reason.to_owned())
}

fn problem_at(path: &Path) -> Option<&'static str> {
    match path.metadata() {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Some(MISSING),
        Err(_) => Some("it cannot be accessed"),
        Ok(about) if about.is_dir() => Some("it is a directory"),
        Ok(_) => access(path, Access::EXEC_OK).is_err().then_some("it is not executable"),
    }
}

/// The problem of the interpreter in a script's first line, also of the one that `env` is to find. A line
/// end of Windows belongs to its name.
fn problem_of_script(path: &Path, folders: &OsStr) -> Option<String> {
    let mut start = Vec::new();
    // As much as Linux reads.
    File::open(path).ok()?.take(256).read_to_end(&mut start).ok()?;
    let line = start.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = String::from_utf8_lossy(line);
    let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
    let interpreter = Path::new(words.next()?);
    let (name, problem) = match problem_at(interpreter) {
        Some(problem) => (interpreter.to_str()?, problem.to_owned()),
        None if interpreter.ends_with("env") => {
            let name = words.find(|word| *word != "-S")?;
            // Another option or a variable comes first: what runs is not known here.
            if name.starts_with('-') || name.contains(['=', '/']) {
                return None;
            }
            (name, problem_in(name, folders)?)
        }
        None => return None,
    };
    Some(format!("its interpreter {name:?}: {problem}"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::*;

    /// A folder of its own, gone with this.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            // Beside the test itself, where files may be executed.
            let path =
                env::current_exe().unwrap().with_file_name(format!("program-{}-{name}", std::process::id()));
            fs::create_dir_all(path.join("folder")).unwrap();
            Self(path)
        }

        fn file(&self, name: &str, mode: u32, text: &str) -> String {
            let path = self.0.join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            path.to_str().unwrap().to_owned()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    #[test]
    fn every_folder_of_path_is_searched() {
        let (first, second) = (Folder::new("first"), Folder::new("second"));
        first.file("both", 0o644, "");
        second.file("both", 0o755, "");
        first.file("plain", 0o644, "");
        let folders = env::join_paths([Path::new("/no/such"), &first.0, &second.0]).unwrap();
        assert_eq!(problem_in("both", &folders), None);
        assert_eq!(problem_in("plain", &folders).as_deref(), Some("it is not executable"));
        assert_eq!(problem_in("folder", &folders).as_deref(), Some("it is a directory"));
        assert_eq!(problem_in("absent", &folders).as_deref(), Some("it is in no folder of PATH"));
        // An empty folder is the working one, where `src` is.
        assert_eq!(problem_in("src", OsStr::new("")).as_deref(), Some("it is a directory"));
    }

    #[test]
    fn missing_interpreter_is_named() {
        let folder = Folder::new("scripts");
        let at = |name, text| problem_in(&folder.file(name, 0o755, text), OsStr::new("/bin:/usr/bin"));
        for (name, text) in [
            ("shell", "#!/bin/sh\nexit 0\n"),
            ("option", "#! /bin/sh -e\n"),
            ("env", "#!/usr/bin/env sh\n"),
            ("split", "#!/usr/bin/env -S sh -e\n"),
            ("variable", "#!/usr/bin/env A=1 absent\n"),
            ("binary", "\u{7f}ELF"),
            ("empty", ""),
            ("bare", "#!\n"),
        ] {
            assert_eq!(at(name, text), None, "{text:?}");
        }
        for (name, text, interpreter) in [
            ("gone", "#!/no/such/python\n", "\"/no/such/python\": there is no such file"),
            ("windows", "#!/bin/sh\r\nexit 0\r\n", "\"/bin/sh\\r\": there is no such file"),
            ("env-gone", "#!/usr/bin/env no-such-python", "\"no-such-python\": it is in no folder of PATH"),
        ] {
            let expected = format!("its interpreter {interpreter}");
            assert_eq!(at(name, text), Some(expected), "{text:?}");
        }
    }
}
