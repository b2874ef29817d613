//! Announced tasks: those that no decision has seen, and those that one put off. The rules are
//! those of the instance's inbox, for one group and one queue.

use wci_contract::signal::{TaskAdd, coalesce};

use crate::Micros;

/// Tasks that a decision put off until a time.
#[derive(Debug)]
struct Held {
    /// May be empty, when only a look was asked for.
    signals: Vec<TaskAdd>,
    wake: Micros,
}

/// Everything that was announced and not yet served.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    fresh: Vec<TaskAdd>,
    held: Option<Held>,
}

impl Inbox {
    /// Takes in what was announced; tasks join those that wait for a time already.
    pub(super) fn add(&mut self, signal: TaskAdd) {
        match &mut self.held {
            Some(held) if signal.is_eligible() && !held.signals.is_empty() => {
                coalesce(&mut held.signals, signal);
            }
            _ => coalesce(&mut self.fresh, signal),
        }
    }

    /// Puts tasks off until `wake`, or until what is put off already is due.
    pub(super) fn hold(&mut self, signals: Vec<TaskAdd>, wake: Micros) {
        let held = self.held.get_or_insert(Held { signals: Vec::new(), wake });
        held.wake = held.wake.min(wake);
        for signal in signals {
            coalesce(&mut held.signals, signal);
        }
    }

    /// Whether something is there that calls for a decision.
    pub(super) fn is_urgent(&self, now: Micros) -> bool {
        self.fresh.iter().any(TaskAdd::is_eligible) || self.wake().is_some_and(|wake| wake <= now)
    }

    /// When what was put off is due.
    pub(super) fn wake(&self) -> Option<Micros> {
        self.held.as_ref().map(|held| held.wake)
    }

    /// What was put off, if it is due: perhaps nothing but a look.
    pub(super) fn take_due(&mut self, now: Micros) -> Option<Vec<TaskAdd>> {
        self.held.take_if(|held| held.wake <= now).map(|held| held.signals)
    }

    /// What no decision has seen.
    pub(super) fn take_fresh(&mut self) -> Vec<TaskAdd> {
        std::mem::take(&mut self.fresh)
    }
}
