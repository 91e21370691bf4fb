//! The second stage of the Lambda layer: the process that becomes the function's runtime.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::environment;
use crate::step::command::CommandLine;

/// The variable of the Runtime API, which every client reads.
pub(super) const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// The variable of the layer's own Runtime API, for the second stage only.
pub(super) const OWN_API: &str = "TASKBACK_RUNTIME_API";

/// The word before the runtime's command line.
const STAGE2: &str = "--stage2";

/// The time for one report of a failed start.
const PATIENCE: Duration = Duration::from_secs(5);

/// The command line of the runtime, in the process that is to become it.
pub(crate) struct Stage2<'w> {
    /// `None` = other words come first.
    runtime: Option<&'w [String]>,
}

impl<'w> Stage2<'w> {
    /// Reads the words of this process; `None` = it is not the second stage. A process that the layer has started is
    /// one whatever its words are: as another layer it would start the wrapper between again, and so itself, without end.
    pub(crate) fn from_words(words: &'w [String]) -> Option<Self> {
        let runtime = words.split_first().filter(|(first, _)| *first == STAGE2).map(|(_, runtime)| runtime);
        (runtime.is_some() || environment::text(OWN_API).is_some()).then_some(Self { runtime })
    }

    /// The command that starts the runtime by the second stage of the program at `own`, behind another wrapper if there
    /// is one.
    pub(crate) fn command(own: String, wrapper: Option<String>, runtime: Vec<String>) -> CommandLine {
        let stage2 = [STAGE2.to_owned()].into_iter().chain(runtime);
        match wrapper {
            None => CommandLine { program: own, arguments: stage2.collect() },
            Some(program) => CommandLine { program, arguments: [own].into_iter().chain(stage2).collect() },
        }
    }

    /// Becomes the runtime, and returns only the reason for which it cannot.
    ///
    /// A wrapper between that set another Runtime API would take events past the layer, with their tokens, and its
    /// answers would acknowledge messages that no report stands behind: that is an error of the start.
    pub(crate) fn become_runtime(&self) -> String {
        let own = environment::text(OWN_API).unwrap_or_default();
        let reason = match self.runtime.map(<[String]>::split_first) {
            _ if own.is_empty() => {
                format!("{OWN_API} is not set: the second stage is started by the layer only")
            }
            None => format!(
                "the wrapper of TASKBACK_EXEC_WRAPPER put words before {STAGE2}: expected it to start its command line \
                 with the first two words as they are"
            ),
            Some(None) => "the second stage has no command line of a runtime".to_owned(),
            Some(_) if environment::text(RUNTIME_API).as_ref() != Some(&own) => {
                format!(
                    "{RUNTIME_API} was changed behind the layer, by the wrapper of TASKBACK_EXEC_WRAPPER: the runtime \
                     would take events past the layer"
                )
            }
            Some(Some((program, arguments))) => {
                die_with_parent();
                let error = Command::new(program).args(arguments).env_remove(OWN_API).exec();
                format!("the runtime {program:?} did not start: {error}")
            }
        };
        report(&own, &reason);
        reason
    }
}

/// Lambda kills the group of the layer, and the runtime has one of its own. Where the call is refused, a runtime without
/// its layer ends at its next request.
fn die_with_parent() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
}

/// Reports a failed start to the layer, as a runtime would. Without it the start still fails.
fn report(api: &str, reason: &str) {
    let body = json!({ "errorType": "Taskback.StartFailed", "errorMessage": reason }).to_string();
    let request = format!(
        "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nhost: {api}\r\ncontent-type: application/json\r\n\
         lambda-runtime-function-error-type: Taskback.StartFailed\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let _answered = (|| {
        let mut stream = TcpStream::connect_timeout(&api.parse().ok()?, PATIENCE).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream.write_all(request.as_bytes()).ok()?;
        stream.read(&mut [0; 1024]).ok()
    })();
}
