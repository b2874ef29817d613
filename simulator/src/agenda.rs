//! What happens next.

use std::{cmp::Reverse, collections::BinaryHeap};

use wci_contract::FailureClass;

use crate::{Micros, fleet::WorkerId};

/// Something that happens at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Happening {
    /// A worker polls for the first time.
    Ready(WorkerId),
    /// A slot is done with its task.
    Done(WorkerId, u32),
    /// A worker may have been idle for long enough.
    Idle(WorkerId),
    /// A worker takes no more tasks.
    Drain(WorkerId),
    /// A worker's time is over.
    Kill(WorkerId),
    /// A task whose worker was killed is offered again, and takes that long.
    Return(Micros),
    /// A set of workers is filled up again.
    Refill,
    /// What only a controller understands.
    Control(Control),
}

/// Something that a controller waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Control {
    /// An announcement arrives.
    Signal(Announced),
    /// A decision is made.
    Decided,
    /// The provider answered.
    Answered(Answer),
    /// The event with this number happened.
    Reported(u32),
    /// The timer with this number fires.
    Wake(u32),
    /// The queue's figures are read, for the watch with this number.
    Sample(u32),
}

/// What the matching hook tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Announced {
    pub(crate) is_sync_match: bool,
    pub(crate) tasks: u32,
}

/// What came of asking a provider for workers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Answer {
    pub(crate) started: u32,
    pub(crate) throttled: u32,
    pub(crate) refused: u32,
    pub(crate) class: Option<FailureClass>,
}

/// Everything that is to happen, the soonest first; what is to happen at one time in the order in
/// which that became known.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    heap: BinaryHeap<Reverse<(Micros, u64, Happening)>>,
    known: u64,
}

impl Agenda {
    pub(crate) fn add(&mut self, at: Micros, happening: Happening) {
        self.known += 1;
        self.heap.push(Reverse((at, self.known, happening)));
    }

    /// When the next thing happens.
    pub(crate) fn next_at(&self) -> Option<Micros> {
        self.heap.peek().map(|Reverse((at, _, _))| *at)
    }

    pub(crate) fn take(&mut self) -> Option<(Micros, Happening)> {
        self.heap.pop().map(|Reverse((at, _, happening))| (at, happening))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_happen_in_the_order_of_time_and_then_of_being_known() {
        let mut agenda = Agenda::default();
        for (ms, number) in [(5, 0), (1, 9), (5, 1), (1, 3)] {
            agenda.add(Micros::from_ms(ms), Happening::Control(Control::Sample(number)));
        }
        let order: Vec<_> = std::iter::from_fn(|| agenda.take()).collect();
        let looks = [(1, 9), (1, 3), (5, 0), (5, 1)];
        let expected = looks
            .map(|(ms, number)| (Micros::from_ms(ms), Happening::Control(Control::Sample(number))));
        assert_eq!(order, expected);
    }
}
