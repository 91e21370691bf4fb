use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::{Error, fnf, swf};

/// Trouble to come: the next `times` calls that match meet it. Faults are used up in the order in
/// which they were given; a call meets at most one. A call without a valid signature meets none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The operation, such as `ReportTaskSucceeded`, or `*` for every operation.
    pub operation: String,
    /// What goes wrong.
    pub kind: FaultKind,
    /// How often, 1 to 1,000,000.
    pub times: u32,
    /// Only for the task with this fingerprint (64 lower-case hex digits).
    pub fingerprint: Option<String>,
}

/// What goes wrong with a call. On the wire: `throttle`, `error500`, `html502`, `lost-ack`,
/// `refuse`, `cut`, `delay:MILLISECONDS`, `skewed`, `conflict`, `stopping:MILLISECONDS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Not taken: FnF 429 ResourceThrottled, SWF 400 ThrottlingException.
    Throttle,
    /// Not taken: FnF 500 InternalServerError, SWF 500 InternalFailure.
    Error500,
    /// Not taken: 502 with a gateway's HTML page.
    Html502,
    /// Taken, and then the connection ends without a byte of answer.
    LostAck,
    /// Not taken: FnF 403 AccessDenied, SWF 400 AccessDeniedException.
    Refuse,
    /// Not taken, and the connection ends without a byte of answer.
    Cut,
    /// Taken at once, but the answer comes that much later (at most 600,000 ms).
    Delay(Duration),
    /// Not taken: FnF 403 RequestTimeTooSkewed, SWF 400 InvalidSignatureException.
    Skewed,
    /// Not taken: FnF 409, TaskInvalidState for a report and ConcurrentUpdateError for
    /// StopExecution, the only operations that may be given it.
    Conflict,
    /// StopExecution only: taken, and answered with status Running; the execution stops that much
    /// later (at most 600,000 ms), unless it ends before.
    Stopping(Duration),
}

impl Fault {
    /// The fault, once, for whatever task.
    pub fn new(operation: impl Into<String>, kind: FaultKind) -> Self {
        Self { operation: operation.into(), kind, times: 1, fingerprint: None }
    }

    /// The same fault for that many calls.
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// The same fault for that task only.
    pub fn only(mut self, fingerprint: impl Into<String>) -> Self {
        self.fingerprint = Some(fingerprint.into());
        self
    }

    fn check(&self) -> Result<(), Error> {
        let fnf = fnf::Operation::named(&self.operation);
        if self.operation != "*" && fnf.is_none() && !swf::OPERATIONS.contains(&self.operation.as_str()) {
            return Err(Error::invalid("operation: no such operation here; * means every operation"));
        }
        if !(1..=1_000_000).contains(&self.times) {
            return Err(Error::invalid("times: must be 1 to 1000000"));
        }
        let hex =
            |text: &String| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !self.fingerprint.as_ref().is_none_or(hex) {
            return Err(Error::invalid("fingerprint: must be 64 lower-case hex digits"));
        }
        match self.kind {
            FaultKind::Delay(time) | FaultKind::Stopping(time) if time > MOST_DELAY => {
                Err(Error::invalid(DELAY_LIMIT))
            }
            FaultKind::Stopping(_) if fnf != Some(fnf::Operation::StopExecution) => {
                Err(Error::invalid("operation: stopping is for StopExecution"))
            }
            FaultKind::Conflict if !fnf.is_some_and(fnf::Operation::has_conflict) => Err(Error::invalid(
                "operation: conflict is for ReportTaskSucceeded, ReportTaskFailed and StopExecution",
            )),
            _ => Ok(()),
        }
    }
}

impl FromStr for FaultKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(match text {
            "throttle" => Self::Throttle,
            "error500" => Self::Error500,
            "html502" => Self::Html502,
            "lost-ack" => Self::LostAck,
            "refuse" => Self::Refuse,
            "cut" => Self::Cut,
            "skewed" => Self::Skewed,
            "conflict" => Self::Conflict,
            _ => {
                let (kind, millis) = text.split_once(':').ok_or_else(|| Error::invalid(KINDS))?;
                let kind = match kind {
                    "delay" => Self::Delay,
                    "stopping" => Self::Stopping,
                    _ => return Err(Error::invalid(KINDS)),
                };
                kind(Duration::from_millis(millis.parse().map_err(|_| Error::invalid(DELAY_LIMIT))?))
            }
        })
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Throttle => "throttle",
            Self::Error500 => "error500",
            Self::Html502 => "html502",
            Self::LostAck => "lost-ack",
            Self::Refuse => "refuse",
            Self::Cut => "cut",
            Self::Skewed => "skewed",
            Self::Conflict => "conflict",
            Self::Stopping(after) => return write!(f, "stopping:{}", after.as_millis()),
            Self::Delay(delay) => return write!(f, "delay:{}", delay.as_millis()),
        })
    }
}

/// The faults still to come, in order.
#[derive(Default)]
pub(crate) struct Faults(VecDeque<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) -> Result<(), Error> {
        fault.check()?;
        if self.0.len() >= MOST_FAULTS {
            return Err(Error::invalid(format!("faults: at most {MOST_FAULTS} at a time")));
        }
        self.0.push_back(fault);
        Ok(())
    }

    /// The fault that this call meets; it is used up once.
    pub(crate) fn take(&mut self, operation: &str, fingerprint: Option<&str>) -> Option<FaultKind> {
        let matches = |fault: &Fault| {
            (fault.operation == "*" || fault.operation == operation)
                && fault.fingerprint.as_deref().is_none_or(|only| Some(only) == fingerprint)
        };
        let at = self.0.iter().position(matches)?;
        let fault = &mut self.0[at];
        let kind = fault.kind;
        fault.times -= 1;
        if fault.times == 0 {
            self.0.remove(at);
        }
        Some(kind)
    }

    pub(crate) fn list(&self) -> Vec<Fault> {
        self.0.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

const MOST_FAULTS: usize = 10_000;
const MOST_DELAY: Duration = Duration::from_secs(600);
const DELAY_LIMIT: &str = "kind: delay:MILLISECONDS and stopping:MILLISECONDS, at most 600000";
const KINDS: &str = "kind: must be throttle, error500, html502, lost-ack, refuse, cut, skewed, conflict, \
    delay:MILLISECONDS or stopping:MILLISECONDS";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_used_up_in_order_and_only_by_calls_that_match() {
        let mut faults = Faults::default();
        let task = "ab".repeat(32);
        faults.add(Fault::new("ReportTaskFailed", FaultKind::Throttle)).unwrap();
        faults.add(Fault::new("*", FaultKind::Cut).only(&task)).unwrap();
        faults.add(Fault::new("ReportTaskSucceeded", FaultKind::LostAck).times(2)).unwrap();
        assert_eq!(faults.take("ReportTaskSucceeded", Some("other")), Some(FaultKind::LostAck));
        assert_eq!(faults.take("ReportTaskSucceeded", Some(&task)), Some(FaultKind::Cut));
        assert_eq!(faults.take("ReportTaskSucceeded", Some(&task)), Some(FaultKind::LostAck));
        assert_eq!(faults.take("ReportTaskSucceeded", Some(&task)), None);
        assert_eq!(faults.list().len(), 1);
    }

    #[test]
    fn a_fault_that_can_never_happen_is_refused_by_field() {
        let refused = |fault: Fault| fault.check().unwrap_err().to_string();
        assert!(refused(Fault::new("Nonsense", FaultKind::Cut)).starts_with("operation:"));
        assert!(refused(Fault::new("*", FaultKind::Cut).times(0)).starts_with("times:"));
        assert!(refused(Fault::new("*", FaultKind::Cut).only("AB")).starts_with("fingerprint:"));
        let late = FaultKind::Delay(Duration::from_secs(601));
        assert!(refused(Fault::new("*", late)).starts_with("kind:"));
        let stopping = FaultKind::Stopping(Duration::ZERO);
        for (operation, kind) in [
            ("*", stopping),
            ("StartExecution", stopping),
            ("*", FaultKind::Conflict),
            ("RespondActivityTaskFailed", FaultKind::Conflict),
        ] {
            assert!(refused(Fault::new(operation, kind)).starts_with("operation:"), "{operation}");
        }
        assert!(Fault::new("StopExecution", stopping).check().is_ok());
        assert!(Fault::new("ReportTaskFailed", FaultKind::Conflict).check().is_ok());
    }

    #[test]
    fn every_kind_reads_back_as_it_is_written() {
        for text in
            "throttle error500 html502 lost-ack refuse cut skewed conflict delay:250 stopping:9".split(' ')
        {
            assert_eq!(text.parse::<FaultKind>().unwrap().to_string(), text);
        }
        for text in ["", "Throttle", "delay:", "delay:-1", "delay:x", "stopping", "slow:5"] {
            assert!(text.parse::<FaultKind>().is_err(), "{text}");
        }
    }
}
