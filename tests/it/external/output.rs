//! Warnings about outputs that are probably not what the step's author intended.

use serde_json::Value;
use taskback::testing::Message;
use taskback::{IntoStep, Outcome, Service};

use super::command::shell;
use super::{TASK, json, output};
use crate::secrets::Log;
use crate::support::{Rig, envelope, kept, token};

/// The log lines with that event.
async fn logged<T>(event: &str, running: impl Future<Output = T>) -> (T, Vec<Value>) {
    let log = Log::default();
    let writer = log.clone();
    let _guard = tracing::subscriber::set_default(taskback::log::subscriber("warn", move || writer.clone()));
    let ended = running.await;
    let lines = log.text();
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    (ended, lines.filter(|line| line["event"] == event).collect())
}

#[tokio::test]
async fn output_resembling_json_causes_warning() {
    for (stdout, warned) in [
        (r"\357\273\277{\042id\042:7}", true),
        (r"{\042score\042: NaN}", true),
        ("NaN", true),
        ("-Infinity", true),
        (r"INFO starting\n{\042a\042:1}", true),
        (r"INFO {\042a\042:1}", true),
        (r"{\042a\042:1}\nINFO done", true),
        (r"{\042a\042:1}\n{\042a\042:2}", true),
        (r"{\047a\047: 1}", true),
        (r"\042half", true),
        ("True", true),
        ("None", true),
        (r"{\042a\042:1}", false),
        ("verified", false),
        ("order [7] is {open}, well", false),
        ("12 of 13", false),
        (r"two\nlines\n", false),
        ("", false),
    ] {
        let script = format!("printf -- '{stdout}'");
        let (output, lines) = logged("step.output_not_json", output(shell(&script), "{}")).await;
        assert_eq!(lines.len(), usize::from(warned), "{stdout}: {lines:?}");
        for line in lines {
            assert_eq!(line["level"], "WARN");
            assert_eq!(line["task"], token(Service::Swf, TASK).fingerprint().short());
            // The output is the user's and goes only to the workflow.
            assert!(output.starts_with('"') && !line.to_string().contains("INFO"), "{line}");
        }
    }
}

/// Reports one output to FnF and returns it as the service received it.
async fn reported<Shape>(step: impl IntoStep<Shape>, service: Service) -> String {
    let rig = Rig::new();
    let taskback = rig.builder().step(step).build().unwrap();
    let message = Message::new(TASK, envelope(service, TASK, "{}"));
    assert!(kept(&taskback, &[message]).await.is_empty());
    let [outcome] = &rig.of(service).accepted(&token(service, TASK))[..] else { panic!("one outcome") };
    assert!(matches!(outcome, Outcome::Succeeded(_)));
    json(outcome)
}

#[tokio::test]
async fn non_object_fnf_output_causes_warning() {
    for (stdout, expected, warned) in [
        (r"{\042a\042:1}", r#"{"a":1}"#, false),
        ("verified", r#""verified""#, true),
        ("[1]", "[1]", true),
        ("7", "7", true),
        ("", "null", true),
    ] {
        for (service, warned) in [(Service::Fnf, warned), (Service::Swf, false)] {
            let step = shell(&format!("printf '{stdout}'"));
            let (output, lines) = logged("step.output_not_object", reported(step, service)).await;
            assert_eq!((&*output, lines.len()), (expected, usize::from(warned)), "{service} {lines:?}");
            for line in lines {
                assert_eq!(line["level"], "WARN");
                assert_eq!(line["task"], token(service, TASK).fingerprint().short());
            }
        }
    }
}
