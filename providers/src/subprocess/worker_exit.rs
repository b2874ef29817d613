//! How a worker process exited.

/// How a worker process exited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WorkerExit {
    /// With code 0.
    Well,
    /// Otherwise.
    Failed(FailedExit),
    /// Nobody recorded how.
    Unknown,
}

/// The exit of a worker process that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FailedExit {
    /// Its exit code, unless a signal ended it.
    pub(super) code: Option<i32>,
    /// The signal that ended it.
    pub(super) signal: Option<i32>,
    /// Whether it had been told to stop.
    pub(super) was_stopped: bool,
    /// The last line of its output, without secrets, cut; may be empty.
    pub(super) last_line: String,
}

impl FailedExit {
    /// How it exited, as the predicate of a sentence about several workers.
    pub(super) fn predicate(&self) -> String {
        match (self.code, self.signal) {
            (Some(code), _) => format!("exited with {code}"),
            (None, Some(signal)) => format!("ended by signal {signal}"),
            (None, None) => "failed".to_owned(),
        }
    }

    /// A sentence about it.
    pub(super) fn sentence(&self) -> String {
        let how = match (self.code, self.signal) {
            (Some(code), _) => format!("the worker exited with code {code}"),
            (None, Some(signal)) => format!("signal {signal} ended the worker"),
            (None, None) => "the worker failed".to_owned(),
        };
        if self.last_line.is_empty() { how } else { format!("{how}: {}", self.last_line) }
    }
}
