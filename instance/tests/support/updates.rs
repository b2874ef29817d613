//! Updates: one after another, each validated first.

use std::collections::VecDeque;

use wci_contract::activities::ValidateOutput;
use wci_instance::{Event, Ticket};

use super::{
    driver::{Driver, Stage},
    step::Update,
};

/// How long the end of an instance waits for its worker sets to be released.
const RELEASE_MS: i64 = 30_000;

/// Updates that were accepted and not answered, in the order of their arrival.
#[derive(Debug, Clone, Default)]
pub(crate) struct Updates(VecDeque<Accepted>);

#[derive(Debug, Clone)]
struct Accepted {
    ticket: Ticket,
    update: Update,
    progress: Progress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Waiting,
    Validating,
    /// Releases worker sets until this time.
    Releasing(i64),
}

impl Updates {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the worker sets are being released, because the instance ends.
    pub(crate) fn release_sets(&self) -> bool {
        self.release_ends_ms().is_some()
    }

    /// When the update whose turn it is gives up to release worker sets.
    pub(crate) fn release_ends_ms(&self) -> Option<i64> {
        match self.0.front()?.progress {
            Progress::Releasing(until_ms) => Some(until_ms),
            Progress::Waiting | Progress::Validating => None,
        }
    }
}

impl Driver {
    /// A client sends `update`.
    pub(crate) fn accept(&mut self, update: Update) {
        if self.instance.admit_update().is_ok() && self.stage != Stage::Ended {
            let ticket = self.instance.enqueue_update();
            let progress = Progress::Waiting;
            self.updates.0.push_back(Accepted { ticket, update, progress });
        }
    }

    /// Goes on with the update whose turn it is; whether there was something to do.
    pub(crate) fn update(&mut self) -> bool {
        let Some(Accepted { ticket, update, progress }) = self.updates.0.front().cloned() else {
            return false;
        };
        assert!(self.instance.is_turn_of(ticket), "updates have their turns in order");
        let has_spec = self.instance.spec().is_some();
        match (progress, update) {
            (Progress::Validating, _) => return false,
            (Progress::Waiting, _) if self.instance.admit_update().is_err() => {
                self.finish_update(None);
            }
            (Progress::Waiting, Update::Change(_)) => self.go_on(Progress::Validating),
            (Progress::Waiting, Update::RemoveSpec) => {
                let identity = "client".to_owned();
                self.is_unregistered &= !has_spec;
                self.finish_update(has_spec.then_some(Event::SpecRemoved { identity }));
            }
            (Progress::Waiting, Update::Release) if !has_spec => self.finish_update(None),
            (Progress::Waiting, Update::Delete | Update::Release) => {
                self.handle(Event::SetsReleased);
                self.go_on(Progress::Releasing(self.now_ms + RELEASE_MS));
            }
            (Progress::Releasing(until_ms), update) => {
                if !self.instance.has_no_sets() && self.now_ms < until_ms {
                    return false;
                }
                let identity = "client".to_owned();
                self.finish_update(Some(match update {
                    Update::Release => Event::Released,
                    _ => Event::Deleted { identity },
                }));
            }
        }
        true
    }

    /// The validation of the update whose turn it is ends.
    pub(crate) fn end_update(&mut self, is_refused: bool) {
        let Some(Accepted { update: Update::Change(spec), progress: Progress::Validating, .. }) =
            self.updates.0.front().cloned()
        else {
            return;
        };
        let (identity, output) = ("client".to_owned(), ValidateOutput::default());
        self.is_unregistered |= !is_refused;
        let changed = Event::SpecChanged { spec, identity, output };
        self.finish_update((!is_refused).then_some(changed));
    }

    fn go_on(&mut self, progress: Progress) {
        if let Some(accepted) = self.updates.0.front_mut() {
            accepted.progress = progress;
        }
    }

    fn finish_update(&mut self, event: Option<Event>) {
        self.updates.0.pop_front();
        if let Some(event) = event {
            self.handle(event);
        }
        self.handle(Event::UpdateFinished);
    }
}
