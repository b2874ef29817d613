//! The queue of future events.

use std::{cmp::Reverse, collections::BinaryHeap};

use wci_contract::FailureClass;

use crate::{Micros, fleet::WorkerId};

/// Something that happens at a simulated time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SimulationEvent {
    /// A worker polls for the first time.
    WorkerReady(WorkerId),
    /// A slot completes its task.
    TaskDone(WorkerId, u32),
    /// A worker may have reached its idle timeout.
    IdleCheck(WorkerId),
    /// A worker sends a heartbeat.
    WorkerReports(WorkerId),
    /// A worker may look at the list of workers.
    WorkerLooks(WorkerId),
    /// A worker stops taking tasks.
    WorkerDrains(WorkerId),
    /// A worker reaches its lifetime.
    WorkerKilled(WorkerId),
    /// A task whose worker was killed returns to the queue. It takes a worker this long.
    TaskReturns(Micros),
    /// The rate limit of the queue lets through another task.
    LimitOpens,
    /// The provider of a worker set replaces workers that exited.
    SetRefills,
    /// A fault strikes.
    Fault,
    /// An event for the controller.
    Controller(ControllerEvent),
}

/// An event for the controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ControllerEvent {
    /// A signal with announced tasks arrives.
    Signal(Announcement),
    /// A decision is made.
    Decided,
    /// The provider answers the built-in controller.
    Answered(Answer),
    /// The instance's step with this number is due.
    Due(u32),
    /// The timer with this number fires.
    Wake(u32),
    /// The watch with this number reads the queue's stats.
    Sample(u32),
}

/// The tasks that one signal announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Announcement {
    pub(crate) is_sync_match: bool,
    pub(crate) tasks: u32,
}

/// A provider's answer to a request for workers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Answer {
    pub(crate) started: u32,
    pub(crate) throttled: u32,
    pub(crate) refused: u32,
    pub(crate) class: Option<FailureClass>,
}

/// All future events, in the order of their time. Events of one time come in the order in which
/// they were added.
#[derive(Debug, Default)]
pub(crate) struct EventQueue {
    heap: BinaryHeap<Reverse<(Micros, u64, SimulationEvent)>>,
    added: u64,
}

impl EventQueue {
    pub(crate) fn add(&mut self, at: Micros, event: SimulationEvent) {
        self.added += 1;
        self.heap.push(Reverse((at, self.added, event)));
    }

    /// The time of the next event.
    pub(crate) fn next_at(&self) -> Option<Micros> {
        self.heap.peek().map(|Reverse((at, _, _))| *at)
    }

    pub(crate) fn take(&mut self) -> Option<(Micros, SimulationEvent)> {
        self.heap.pop().map(|Reverse((at, _, event))| (at, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(ms: u64, number: u32) -> (Micros, SimulationEvent) {
        let event = ControllerEvent::Sample(number);
        (Micros::from_ms(ms), SimulationEvent::Controller(event))
    }

    #[test]
    fn events_come_in_the_order_of_time_and_then_of_being_added() {
        let mut queue = EventQueue::default();
        for (at, event) in [(5, 0), (1, 9), (5, 1), (1, 3)].map(|(ms, n)| sample(ms, n)) {
            queue.add(at, event);
        }
        let order: Vec<_> = std::iter::from_fn(|| queue.take()).collect();
        assert_eq!(order, [(1, 9), (1, 3), (5, 0), (5, 1)].map(|(ms, n)| sample(ms, n)));
    }
}
