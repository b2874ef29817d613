//! Adding up the outcome of a launch, worker by worker.

use wci_contract::{FailureClass, launch::Outcome};

use crate::{Progress, scrub::scrub};

/// The outcome of a launch so far.
pub(crate) struct Tally<'a> {
    outcome: Outcome,
    progress: &'a dyn Progress,
}

impl<'a> Tally<'a> {
    /// The tally of a launch for which earlier attempts started `already_started` workers.
    pub(crate) fn new(already_started: u32, progress: &'a dyn Progress) -> Self {
        Self { outcome: Outcome::started(already_started), progress }
    }

    /// Counts and reports one more started worker.
    pub(crate) fn started(&mut self) {
        self.outcome.started += 1;
        self.progress.started(self.outcome.started);
    }

    /// Counts `count` workers that were not started. The first failure sets the outcome's class and
    /// message.
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

    /// The outcome of the launch.
    pub(crate) fn finish(self) -> Outcome {
        self.outcome
    }
}
