use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::run::{Local, run, taskback};

#[test]
fn local_says_where_it_listens_and_how_to_point_a_handler_at_it() {
    let mut command =
        taskback(&["local", "--listen", "127.0.0.1:0", "--access-key-secret", "chosen-by-somebody"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut printed = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        printed += &(line.clone() + "\n");
        if line.starts_with("Ctrl-C") {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let first = printed.lines().next().unwrap();
    let url = first.strip_prefix("taskback local listens on ").expect(first);
    for variable in ["FNF_ENDPOINT", "AWS_ENDPOINT_URL_SWF"] {
        assert!(printed.contains(&format!("  {variable}={url}\n")), "{printed}");
    }
    assert!(!printed.contains("chosen-by-somebody"), "{printed}");
}

#[cfg(unix)]
#[test]
fn local_ends_well_when_it_is_asked_to() {
    for signal in ["INT", "TERM"] {
        let mut local = Local::start();
        let kill = format!("kill -{signal} {}", local.child.id());
        assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        assert_eq!(local.child.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[test]
fn a_port_that_is_taken_is_an_error_of_one_line() {
    let local = Local::start();
    let listen = local.url.strip_prefix("http://").unwrap();
    let ran = run(&mut taskback(&["local", "--listen", listen]));
    assert_eq!((ran.code, ran.stderr.lines().count()), (2, 1), "{}", ran.stderr);
    assert!(ran.stderr.starts_with(&format!("taskback: --listen {listen}: ")), "{}", ran.stderr);
}

#[test]
fn off_loopback_a_warning_is_given() {
    let mut command = taskback(&["local", "--listen", "0.0.0.0:0"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    stderr.read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.contains("not on loopback"), "{line}");
}
