//! `/metrics` of both processes, for one task of SWF.

use taskback::Service;
use taskback_local::{Config, OpenTask, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::setup::{GOOD, MINUTE, Setup, stop};
use crate::process::Process;

const HEALTH: [&str; 2] = ["--health", "127.0.0.1:0"];

/// The page of a process, once it has that line.
async fn page(process: &mut Process, line: &str) -> String {
    let listening = process.line("\"event\":\"health.listening\"").await;
    let at = listening.split("\"at\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let asked = async {
        loop {
            let mut stream = TcpStream::connect(&at).await.unwrap();
            stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            if answer.contains(&format!("\n{line}\n")) {
                return answer;
            }
        }
    };
    timeout(MINUTE, asked).await.unwrap_or_else(|_| panic!("{line}: {}", process.printed()))
}

#[tokio::test]
async fn poller_and_worker_count_a_task() {
    let setup = Setup::new(&[GOOD], "tasks").await;
    // Unlike moto, the local services hold a poll, like SWF.
    let local = Server::bind(Config::default()).await.unwrap();
    let token = local.state().open(OpenTask::new(Service::Swf)).unwrap().token;
    let list = ["poll", "--domain", "taskback", "--task-list", "taskback", "--pollers", "1"];
    let mut poller = setup.command(&[&list[..], &HEALTH].concat());
    let mut poller = Process::start(poller.env("AWS_ENDPOINT_URL_SWF", local.url()));
    let polled = page(&mut poller, r#"taskback_polled_tasks_total{service="swf",result="queued"} 1"#).await;
    assert!(polled.contains("taskback_polled_tasks_total{service=\"swf\",result=\"lost\"} 0\n"), "{polled}");
    assert!(!polled.contains("taskback_step_"), "{polled}");

    let mut worker = setup.work();
    worker.args(HEALTH).env("AWS_ENDPOINT_URL_SWF", local.url()).env("TASKBACK_METRICS", "emf");
    let mut worker = Process::start(&mut worker);
    // The input is null, which the example step refuses for good.
    let reported = r#"taskback_reports_total{service="swf",outcome="failed"} 1"#;
    let worked = page(&mut worker, reported).await;
    assert!(!worked.contains("taskback_polled_"), "{worked}");
    let printed = stop(worker).await + &stop(poller).await;
    assert!(printed.contains("settings.metrics_unused") && !printed.contains("_aws"), "{printed}");
    for part in token.expose().as_bytes().chunks(16).map(String::from_utf8_lossy) {
        assert!(part.len() < 16 || !(polled.clone() + &worked + &printed).contains(&*part), "{part}");
    }
}
