//! Lines of invocations that run at once have their request ids.

use serde_json::Value;

use super::*;

/// The lines of the log that are JSON.
fn lines(printed: &str) -> Vec<Value> {
    printed.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn request_id(line: &Value) -> Option<&str> {
    line["spans"].as_array()?.iter().find_map(|span| span["requestId"].as_str())
}

/// Also the line of the step, which runs on another thread, and with a filter that leaves nothing but errors.
#[tokio::test]
async fn line_of_invocation_has_its_request_id() {
    for (filter, step_lines) in [("taskback=debug", 4), ("error", 0)] {
        let server = local().await;
        let mut command = worker(&server.url());
        command.env("RUST_LOG", filter).env("TASKBACK_STEP", "command:/bin/echo None");
        let mut host = Host::start(&mut command).await;
        let tokens: [TaskToken; 4] = std::array::from_fn(|_| open(&server, Service::Fnf));
        let calls = tokens.iter().enumerate().map(|(place, token)| {
            let (caller, event) = (host.caller.clone(), card(token, CARD));
            // Without keys the report fails, so that the last line of each is an error.
            tokio::spawn(async move { caller.invoke(&format!("r-{place}"), String::new(), &event).await })
        });
        for call in calls.collect::<Vec<_>>() {
            assert_eq!(call.await.unwrap().body["errorType"], "ReportFailed");
        }
        for place in 0..tokens.len() {
            host.process.line(&format!("FC Invoke End RequestId: r-{place}")).await;
        }
        let printed = host.process.printed();
        let lines = lines(&printed);
        let of_tasks: Vec<_> = lines.iter().filter(|line| line["task"].is_string()).collect();
        let count = |event: &str| of_tasks.iter().filter(|line| line["event"] == event).count();
        assert_eq!(count("step.output_not_json"), step_lines, "{printed}");
        assert!(count("report.failed") >= tokens.len(), "{printed}");
        for line in of_tasks {
            let place = tokens.iter().position(|token| line["task"] == token.fingerprint().short());
            assert_eq!(request_id(line), place.map(|place| format!("r-{place}")).as_deref(), "{line}");
        }
    }
}
