use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

/// The output and exit code of a command.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Returns the command with an empty environment.
pub(crate) fn taskback(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_taskback"));
    command.args(args).env_clear().stdin(Stdio::null());
    command
}

/// Returns the command with all AWS services at that URL.
pub(crate) fn at_aws(args: &[&str], url: &str) -> Command {
    let mut command = taskback(args);
    command.envs([
        ("AWS_ENDPOINT_URL", url),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "taskback-local"),
        ("AWS_SECRET_ACCESS_KEY", "taskback-local-secret"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]);
    command
}

pub(crate) fn run(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code().unwrap_or_else(|| panic!("{}: {command:?}", output.status)),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the command, which is killed after so many seconds of the processor's time. On a busy machine it takes longer, and
/// no more of that.
pub(crate) fn run_within(seconds: u32, command: &Command) -> Ran {
    let limit = format!("ulimit -t {seconds} && exec \"$0\" \"$@\"");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &limit]).arg(command.get_program()).args(command.get_args());
    run(shell.env_clear().stdin(Stdio::null()))
}

pub(crate) fn run_with_stdin(command: &mut Command, text: &str) -> Ran {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().expect("an exit code, not a signal"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// `taskback local` on a free port, until this is dropped.
pub(crate) struct Local {
    pub(crate) child: Child,
    pub(crate) url: String,
    /// Held open, so that the child can continue to print.
    _stdout: BufReader<ChildStdout>,
}

impl Local {
    pub(crate) fn start() -> Self {
        let mut command = taskback(&["local", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("taskback local listens on ").expect("the first line");
        Self { url: url.to_owned(), child, _stdout: stdout }
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the path of an event.
pub(crate) fn event(name: &str) -> String {
    let path = root().join("events").join(name).with_extension("json");
    path.into_os_string().into_string().unwrap()
}

/// Returns the expected response to an event.
pub(crate) fn answer(name: &str) -> serde_json::Value {
    let path = root().join("tests/events").join(name).join("answer.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn root() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", ".."].iter().collect()
}
