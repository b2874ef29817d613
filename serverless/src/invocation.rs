//! An invocation: when it started, when it must end, and what may end it early.

use crate::{
    deadline::{Deadline, work_time},
    environment::Environment,
    error::Error,
    millis::whole_millis,
    signals::Signals,
    timing::Timing,
    variables,
};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::{runtime::Handle, time::Instant};

/// The longest duration of an invocation: a year. Deadlines further away are shortened to it, so
/// that no clock overflows.
const MAX_DURATION: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// One invocation.
pub(crate) struct Invocation {
    /// When it started.
    pub(crate) started: Instant,
    /// When it must end, if there is a limit.
    pub(crate) deadline: Option<Instant>,
    /// Signals that may end it early.
    pub(crate) signals: Signals,
    /// The runtime in whose context the program's own code runs.
    pub(crate) program_runtime: Handle,
}

impl Invocation {
    /// Creates the invocation of a process, whose deadline is in the environment.
    pub(crate) fn of_process(environment: &Environment) -> Result<Self, Error> {
        let started = Instant::now();
        let signals = Signals::of_process()?;
        let deadline = environment
            .text(variables::DEADLINE_MS)
            .map(|value| Deadline::parse(value, now_ms()))
            .transpose()?;
        let program_runtime = Handle::current();
        let deadline = deadline.map(|deadline| instant(started, deadline, variables::DEADLINE_MS));
        Ok(Self { started, deadline, signals, program_runtime })
    }

    /// Creates the invocation of a Lambda function from the event's header
    /// `lambda-runtime-deadline-ms`.
    #[cfg(feature = "lambda")]
    pub(crate) fn of_lambda(deadline_ms: u64, signals: Signals, program_runtime: Handle) -> Self {
        let started = Instant::now();
        let deadline = Deadline::from_millis(deadline_ms, now_ms());
        let deadline = Some(instant(started, deadline, "lambda-runtime-deadline-ms"));
        Self { started, deadline, signals, program_runtime }
    }

    /// Moves the deadline forward to `grace` from now, when the platform kills the process.
    pub(crate) fn end_within(&mut self, grace: Duration) {
        let end = Instant::now() + grace.min(MAX_DURATION);
        self.deadline = Some(self.deadline.map_or(end, |deadline| deadline.min(end)));
    }

    /// Returns the time left until the deadline, if there is one.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Returns how long connecting may take.
    ///
    /// # Errors
    /// [`Error::TooLittleTime`] if the deadline leaves no time to work even without connecting.
    pub(crate) fn connect_timeout(&self, timing: &Timing) -> Result<Duration, Error> {
        let timeout = timing.connect_timeout;
        self.time_left().map_or(Ok(timeout), |left| {
            let work = work_time(left, timing.deadline_buffer)?;
            Ok(timeout.min(work.time))
        })
    }

    /// Returns when the shutdown must begin, if there is a deadline. Call it after connecting, so
    /// that the cost of the start is accounted for.
    ///
    /// # Errors
    /// [`Error::TooLittleTime`] if the deadline leaves no time to work.
    pub(crate) fn work_until(&self, timing: &Timing) -> Result<Option<Instant>, Error> {
        let Some(left) = self.time_left() else {
            return Ok(None);
        };
        let work = work_time(left, timing.deadline_buffer)?;
        if work.short {
            tracing::warn!(
                work_ms = whole_millis(work.time),
                "the deadline leaves little time to work"
            );
        }
        if let Some(warning) = timing.check_deadline(left) {
            tracing::warn!("{warning}");
        }
        Ok(Some(Instant::now() + work.time))
    }
}

fn instant(started: Instant, deadline: Deadline, name: &'static str) -> Instant {
    if let Deadline::FromNow(duration) = deadline {
        tracing::info!(
            deadline_in_ms = whole_millis(duration),
            "{name} is not a plausible timestamp and is interpreted as a duration from now"
        );
    }
    started + deadline.left().min(MAX_DURATION)
}

fn now_ms() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}
