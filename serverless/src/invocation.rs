//! What starts a worker and when it must be gone: a process, or an event of a Lambda function.

use crate::{
    deadline::{Deadline, work_time},
    environment::Environment,
    error::Error,
    report::whole_millis,
    signals::Signals,
    tuning::Timing,
    variables,
};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::{runtime::Handle, time::Instant};

/// The longest that an invocation may last: a year. A longer one is no different, and a time
/// that far away overflows no clock.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// One invocation.
pub(crate) struct Invocation {
    /// When it began.
    pub(crate) started: Instant,
    /// When it must be over, if there is a limit.
    pub(crate) deadline: Option<Instant>,
    /// What may end it early.
    pub(crate) signals: Signals,
    /// The runtime in whose context the program's own code runs.
    pub(crate) home: Handle,
}

impl Invocation {
    /// The process as an invocation: its deadline is in the environment.
    pub(crate) fn of_process(environment: &Environment) -> Result<Self, Error> {
        let started = Instant::now();
        let signals = Signals::of_process()?;
        let deadline = environment
            .text(variables::DEADLINE_MS)
            .map(|value| Deadline::read(value, now_ms()))
            .transpose()?;
        let home = Handle::current();
        let deadline = deadline.map(|deadline| at(started, deadline, variables::DEADLINE_MS));
        Ok(Self { started, deadline, signals, home })
    }

    /// An event of a Lambda function with the number in its header `lambda-runtime-deadline-ms`.
    #[cfg(feature = "lambda")]
    pub(crate) fn of_lambda(deadline_ms: u64, signals: Signals, home: Handle) -> Self {
        let started = Instant::now();
        let deadline = Deadline::of(deadline_ms, now_ms());
        let deadline = Some(at(started, deadline, "lambda-runtime-deadline-ms"));
        Self { started, deadline, signals, home }
    }

    /// Brings the deadline nearer: a signal came, and after `grace` the process is killed.
    pub(crate) fn end_within(&mut self, grace: Duration) {
        let end = Instant::now() + grace.min(LONGEST);
        self.deadline = Some(self.deadline.map_or(end, |deadline| deadline.min(end)));
    }

    /// Time left until the deadline, if there is one.
    pub(crate) fn left(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// How long connecting may take. Refused at once if the deadline has no time for more.
    pub(crate) fn connect_within(&self, timing: &Timing) -> Result<Duration, Error> {
        let most = timing.connect_timeout;
        self.left().map_or(Ok(most), |left| {
            let work = work_time(left, timing.deadline_buffer)?;
            Ok(most.min(work.time))
        })
    }

    /// When the shutdown must begin. To be asked after connecting: only then is it known how
    /// much the start has cost.
    pub(crate) fn work_until(&self, timing: &Timing) -> Result<Option<Instant>, Error> {
        let Some(left) = self.left() else {
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

fn at(started: Instant, deadline: Deadline, name: &'static str) -> Instant {
    if let Deadline::Span(span) = deadline {
        tracing::info!(
            deadline_in_ms = whole_millis(span),
            "{name} is no plausible time and is taken as a duration from now"
        );
    }
    started + deadline.left().min(LONGEST)
}

fn now_ms() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}
