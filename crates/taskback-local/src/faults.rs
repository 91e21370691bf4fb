use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::AdminError;
use crate::operation::Operation;

/// A failure to inject into the next `times` matching calls. Faults are used up in the order in
/// which they were injected, and a call gets at most one. A call without a valid signature gets none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The operation, such as `ReportTaskSucceeded`, or `*` for every operation.
    pub operation: String,
    /// The kind of failure.
    pub kind: FaultKind,
    /// The number of calls, 1 to 1,000,000.
    pub times: u32,
    /// The only task that the fault applies to (64 lower-case hex digits), or `None` for every task.
    pub fingerprint: Option<String>,
}

/// The kind of a [`Fault`]. On the wire: `throttle`, `error500`, `html502`, `lost-ack`,
/// `refuse`, `cut`, `delay:MILLISECONDS`, `skewed`, `conflict`, `stopping:MILLISECONDS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// Not accepted: FnF 429 ResourceThrottled, SWF 400 ThrottlingException.
    Throttle,
    /// Not accepted: FnF 500 InternalServerError, SWF 500 InternalFailure.
    Error500,
    /// Not accepted: 502 with a gateway's HTML page.
    Html502,
    /// Accepted, and then the connection ends without a response.
    LostAck,
    /// Not accepted: FnF 403 AccessDenied, SWF 400 AccessDeniedException.
    Refuse,
    /// Not accepted, and the connection ends without a response.
    Cut,
    /// Accepted at once, but the response is delayed by this time (at most 600,000 ms).
    Delay(Duration),
    /// Not accepted: FnF 403 RequestTimeTooSkewed, SWF 400 InvalidSignatureException.
    Skewed,
    /// Not accepted: FnF 409, TaskInvalidState for a report and ConcurrentUpdateError for
    /// StopExecution. No other operation can have this fault.
    Conflict,
    /// StopExecution only: accepted, and answered with status Running; the execution stops after
    /// this time (at most 600,000 ms), unless it ends before.
    Stopping(Duration),
}

impl Fault {
    /// A fault for one call, of any task.
    pub fn new(operation: impl Into<String>, kind: FaultKind) -> Self {
        Self { operation: operation.into(), kind, times: 1, fingerprint: None }
    }

    /// Sets the number of calls.
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Limits the fault to the task with this fingerprint.
    pub fn for_task(mut self, fingerprint: impl Into<String>) -> Self {
        self.fingerprint = Some(fingerprint.into());
        self
    }

    fn check(&self, operations: &[Operation]) -> Result<(), AdminError> {
        let operation = operations.iter().find(|operation| operation.name == self.operation);
        if self.operation != "*" && operation.is_none() {
            return Err(AdminError::invalid("operation: no such operation here; * means every operation"));
        }
        if !(1..=1_000_000).contains(&self.times) {
            return Err(AdminError::invalid("times: must be 1 to 1000000"));
        }
        let is_hex =
            |text: &String| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !self.fingerprint.as_ref().is_none_or(is_hex) {
            return Err(AdminError::invalid("fingerprint: must be 64 lower-case hex digits"));
        }
        let allowed = |is_allowed: fn(&Operation) -> bool| operation.is_some_and(is_allowed);
        match self.kind {
            FaultKind::Delay(time) | FaultKind::Stopping(time) if time > MAX_DELAY => {
                Err(AdminError::invalid(DELAY_LIMIT))
            }
            FaultKind::Stopping(_) if !allowed(|operation| operation.stops_slowly) => {
                Err(not_supported("stopping", operations, |operation| operation.stops_slowly))
            }
            FaultKind::Conflict if !allowed(|operation| operation.has_conflict) => {
                Err(not_supported("conflict", operations, |operation| operation.has_conflict))
            }
            _ => Ok(()),
        }
    }
}

/// The error of a kind that only some operations can have; it names them.
fn not_supported(kind: &str, operations: &[Operation], is_allowed: fn(&Operation) -> bool) -> AdminError {
    let allowed = operations.iter().filter(|operation| is_allowed(operation)).map(|operation| operation.name);
    let allowed: Vec<_> = allowed.collect();
    AdminError::invalid(format!("operation: {kind} is only for {}", allowed.join(", ")))
}

impl FromStr for FaultKind {
    type Err = AdminError;

    fn from_str(text: &str) -> Result<Self, AdminError> {
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
                let (kind, millis) = text.split_once(':').ok_or_else(|| AdminError::invalid(KINDS))?;
                let kind = match kind {
                    "delay" => Self::Delay,
                    "stopping" => Self::Stopping,
                    _ => return Err(AdminError::invalid(KINDS)),
                };
                kind(Duration::from_millis(millis.parse().map_err(|_| AdminError::invalid(DELAY_LIMIT))?))
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

/// The pending faults, in order.
pub(crate) struct Faults {
    pending: VecDeque<Fault>,
    /// The operations of all services.
    operations: Vec<Operation>,
}

impl Faults {
    pub(crate) fn new(operations: Vec<Operation>) -> Self {
        Self { pending: VecDeque::new(), operations }
    }

    pub(crate) fn add(&mut self, fault: Fault) -> Result<(), AdminError> {
        fault.check(&self.operations)?;
        if self.pending.len() >= MAX_FAULTS {
            return Err(AdminError::invalid(format!("faults: at most {MAX_FAULTS} at a time")));
        }
        self.pending.push_back(fault);
        Ok(())
    }

    /// Takes the fault for this call, which uses it up once.
    pub(crate) fn take(&mut self, operation: &str, fingerprint: Option<&str>) -> Option<FaultKind> {
        let matches = |fault: &Fault| {
            (fault.operation == "*" || fault.operation == operation)
                && fault.fingerprint.as_deref().is_none_or(|expected| Some(expected) == fingerprint)
        };
        let index = self.pending.iter().position(matches)?;
        let fault = &mut self.pending[index];
        let kind = fault.kind;
        fault.times -= 1;
        if fault.times == 0 {
            self.pending.remove(index);
        }
        Some(kind)
    }

    pub(crate) fn list(&self) -> Vec<Fault> {
        self.pending.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.pending.clear();
    }
}

const MAX_FAULTS: usize = 10_000;
const MAX_DELAY: Duration = Duration::from_secs(600);
const DELAY_LIMIT: &str = "kind: delay:MILLISECONDS and stopping:MILLISECONDS, at most 600000";
const KINDS: &str = "kind: must be throttle, error500, html502, lost-ack, refuse, cut, skewed, conflict, \
    delay:MILLISECONDS or stopping:MILLISECONDS";

#[cfg(test)]
mod tests {
    use super::*;

    const OPERATIONS: [Operation; 5] = [
        Operation::report("ReportTaskSucceeded"),
        Operation { has_conflict: true, ..Operation::report("ReportTaskFailed") },
        Operation { has_conflict: true, stops_slowly: true, ..Operation::new("StopExecution") },
        Operation::new("StartExecution"),
        Operation::report("RespondActivityTaskFailed"),
    ];

    #[test]
    fn matching_calls_use_faults_in_order() {
        let mut faults = Faults::new(OPERATIONS.to_vec());
        let task = "ab".repeat(32);
        faults.add(Fault::new("ReportTaskFailed", FaultKind::Throttle)).unwrap();
        faults.add(Fault::new("*", FaultKind::Cut).for_task(&task)).unwrap();
        faults.add(Fault::new("ReportTaskSucceeded", FaultKind::LostAck).times(2)).unwrap();
        assert_eq!(faults.take("ReportTaskSucceeded", Some("other")), Some(FaultKind::LostAck));
        assert_eq!(faults.take("ReportTaskSucceeded", Some(&task)), Some(FaultKind::Cut));
        assert_eq!(faults.take("ReportTaskSucceeded", Some(&task)), Some(FaultKind::LostAck));
        assert_eq!(faults.take("ReportTaskSucceeded", Some(&task)), None);
        assert_eq!(faults.list().len(), 1);
    }

    #[test]
    fn impossible_fault_is_refused_by_field() {
        let refused = |fault: Fault| fault.check(&OPERATIONS).unwrap_err().to_string();
        assert!(refused(Fault::new("Nonsense", FaultKind::Cut)).starts_with("operation:"));
        assert!(refused(Fault::new("*", FaultKind::Cut).times(0)).starts_with("times:"));
        assert!(refused(Fault::new("*", FaultKind::Cut).for_task("AB")).starts_with("fingerprint:"));
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
        assert!(Fault::new("StopExecution", stopping).check(&OPERATIONS).is_ok());
        assert!(Fault::new("ReportTaskFailed", FaultKind::Conflict).check(&OPERATIONS).is_ok());
    }

    #[test]
    fn every_kind_parses_from_its_text() {
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
