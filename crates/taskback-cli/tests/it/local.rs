#[cfg(unix)]
mod deliver;

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::run::{Local, run, taskback};

#[test]
fn local_prints_address_and_settings() {
    let mut command =
        taskback(&["local", "--listen", "127.0.0.1:0", "--access-key-secret", "chosen-by-the-user"]);
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
        assert!(printed.contains(&format!("  export {variable}={url}\n")), "{printed}");
    }
    assert!(!printed.contains("chosen-by-the-user"), "{printed}");
}

#[cfg(unix)]
#[test]
fn local_stops_on_signals() {
    for signal in ["INT", "TERM"] {
        let mut local = Local::start();
        let kill = format!("kill -{signal} {}", local.child.id());
        assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        assert_eq!(local.child.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[test]
fn occupied_port_is_a_one_line_error() {
    let local = Local::start();
    let listen = local.url.strip_prefix("http://").unwrap();
    let ran = run(&mut taskback(&["local", "--listen", listen]));
    assert_eq!((ran.code, ran.stderr.lines().count()), (2, 1), "{}", ran.stderr);
    assert!(ran.stderr.starts_with(&format!("taskback: --listen {listen}: ")), "{}", ran.stderr);
}

#[test]
fn non_loopback_address_warns() {
    let mut command = taskback(&["local", "--listen", "0.0.0.0:0"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    stderr.read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.contains("not a loopback address"), "{line}");
}

#[test]
fn unusable_allowed_host_is_an_error() {
    let ran = run(&mut taskback(&["local", "--listen", "127.0.0.1:0", "--allow-host", "host:9450"]));
    let expected =
        "taskback: --allow-host \"host:9450\": expected the name or address of a host, without a port\n";
    assert_eq!((ran.code, &*ran.stderr), (2, expected));
}

#[test]
fn rejected_host_is_logged() {
    use std::io::{Read, Write};
    let mut command = taskback(&["local", "--listen", "127.0.0.1:0", "--allow-host", "services.internal"]);
    let mut child =
        command.env("RUST_LOG", "warn").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("taskback local listens on http://").unwrap();
    for (host, status) in [("services.internal", "200"), ("other.internal", "403")] {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let request = format!("GET /_local/health HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{host}: {answer}");
    }
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("request.refused") && log.contains("other.internal"), "{log}");
    assert!(!log.contains("services.internal\\\" is not"), "{log}");
}
