use std::io::Write;
use std::process::{Command, Stdio};

use crate::run::{run, taskback};

#[test]
fn completions_name_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = run(&mut taskback(&["completions", shell]));
        assert_eq!((ran.code, &*ran.stderr), (0, ""), "{shell}");
        for command in ["demo", "doctor", "flow", "invoke", "ledger", "local", "poll", "work"] {
            assert!(ran.stdout.contains(command), "{shell}: {command}");
        }
    }
}

#[cfg(unix)]
#[test]
fn bash_reads_its_completions() {
    let script = run(&mut taskback(&["completions", "bash"])).stdout;
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
    bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(bash.wait().unwrap().success());
}
