//! Counting up the outcome of a launch.

use wci_contract::{FailureClass, launch::Outcome};

use crate::{Progress, scrub::scrub};

/// The outcome of a launch so far.
pub(crate) struct Tally<'a> {
    outcome: Outcome,
    progress: &'a dyn Progress,
}

impl<'a> Tally<'a> {
    /// A launch of which earlier attempts started `already_started` workers.
    pub(crate) fn new(already_started: u32, progress: &'a dyn Progress) -> Self {
        Self { outcome: Outcome::started(already_started), progress }
    }

    /// One more worker is started.
    pub(crate) fn started(&mut self) {
        self.outcome.started += 1;
        self.progress.started(self.outcome.started);
    }

    /// `count` workers are not started. The first failure gives the outcome its class.
    pub(crate) fn failed(&mut self, count: u32, class: FailureClass, message: &str) {
        if class == FailureClass::Throttled {
            self.outcome.throttled += count;
        } else {
            self.outcome.refused += count;
        }
        if self.outcome.class.is_none() && count > 0 {
            self.outcome.class = Some(class);
            self.outcome.message = scrub(message);
        }
    }

    /// The outcome.
    pub(crate) fn finish(self) -> Outcome {
        self.outcome
    }
}
