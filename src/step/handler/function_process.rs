//! A function's own executable, which handles one event with no host around it.

use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout};

use super::answer::Answer;
use super::child::{Child, Start, Unusable};
use super::invocation::Invocation;
use crate::error::{Error, ErrorKind};
use crate::step::command::CommandLine;

/// A function's executable that runs here: its Runtime API is this process. It handles one event after another, and ends
/// when this is dropped.
///
/// ```no_run
/// # async fn example(event: &serde_json::value::RawValue) -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// use taskback::{CommandLine, FunctionProcess};
///
/// let line = CommandLine::parse("target/debug/approve")?;
/// let mut function = FunctionProcess::start(&line, [("TASKBACK_SERVICE".into(), "swf".into())])?;
/// println!("{:?}", function.invoke(event, Duration::from_secs(30)).await?);
/// # Ok(()) }
/// ```
pub struct FunctionProcess {
    /// `None` = it cannot be used any more.
    child: Option<Child>,
    /// True once it has answered.
    has_answered: bool,
}

/// The time from an answer to the request for the next event.
const AGAIN: Duration = Duration::from_secs(10);

/// The answer of a function to an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FunctionAnswer {
    /// Its response.
    Responded(String),
    /// The invocation failed, with the error as JSON: `{"errorType":…,"errorMessage":…}`.
    Failed(String),
}

/// What every function's environment has, and runtimes require.
const FUNCTION: [(&str, &str); 4] = [
    ("AWS_LAMBDA_FUNCTION_NAME", "function"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
    ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
];

impl FunctionProcess {
    /// Starts the command with these variables added to this process's own; an empty value removes one. What it prints
    /// goes to stderr.
    pub fn start(
        line: &CommandLine,
        vars: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Error> {
        let function = FUNCTION.map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let vars = function.into_iter().chain(vars).collect();
        let start = Start { line: line.clone(), vars, outer: None, is_stage2: false };
        Child::start(&start, true)
            .map(|child| Self { child: Some(child), has_answered: false })
            .map_err(|error| failed(format!("{:?} did not start: {error}", line.program)))
    }

    /// Hands it the event and returns the answer. An error if it ends, or does not answer in time: then it is over, and
    /// another one must be started for the next event.
    pub async fn invoke(&mut self, event: &RawValue, time: Duration) -> Result<FunctionAnswer, Error> {
        let mut child = self.child.take().ok_or_else(|| failed("has ended before".to_owned()))?;
        let ready = match self.has_answered {
            true => child.ready_before(Instant::now() + AGAIN).await,
            false => child.ready().await,
        };
        match ready {
            Ok(()) => {}
            Err(Unusable::Init(failure)) => return Err(failed(format!("did not start: {}", failure.line()))),
            Err(Unusable::Ended) => {
                let how = child.end().await;
                return Err(failed(format!(
                    "{how} before it asked for an event, as a function of Lambda does"
                )));
            }
            Err(Unusable::Silent) => return Err(failed("does not ask for an event".to_owned())),
        }
        let event = Bytes::copy_from_slice(event.get().as_bytes());
        let answer = match timeout(time, child.invoke(Invocation::new(event, time))).await {
            Ok(Some(Answer::Output(body))) => {
                FunctionAnswer::Responded(String::from_utf8_lossy(&body).into_owned())
            }
            Ok(Some(Answer::Failed(failure))) => {
                let error = json!({ "errorType": failure.error, "errorMessage": failure.message });
                FunctionAnswer::Failed(error.to_string())
            }
            Ok(None) => return Err(failed(format!("{} before it answered", child.end().await))),
            Err(_) => return Err(failed(format!("did not answer within {} s", time.as_secs()))),
        };
        self.has_answered = true;
        self.child = Some(child);
        Ok(answer)
    }
}

fn failed(reason: String) -> Error {
    Error::new(ErrorKind::Host, format!("the function {reason}"))
}

/// Opaque: its environment holds secrets.
impl fmt::Debug for FunctionProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionProcess").finish_non_exhaustive()
    }
}
