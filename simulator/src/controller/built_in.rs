//! The loop of the controller built into Temporal Server 1.32, as far as it was measured. It takes
//! one signal after another, and waits for the provider after each one that calls for a worker. It
//! reads the queue's stats after five minutes, and then as often as the algorithm requests, within
//! bounds.
//!
//! It forgets tasks that the algorithm defers, and reports no outcomes to the algorithm, which
//! therefore never backs off.

use std::collections::VecDeque;

use wci_contract::decision::Event;

use super::algorithm_runner::{self, AlgorithmRunner, Request};
use crate::{
    Micros,
    event_queue::{Answer, ControllerEvent},
    world::World,
};

const FIRST_POLL: Micros = Micros::from_ms(300_000);
const SHORTEST_POLL: Micros = Micros::from_ms(30_000);
const LONGEST_POLL: Micros = Micros::from_ms(300_000);
/// The number of calls for one decision if the provider refuses, and the time between two.
const CALLS: u32 = 6;
const BETWEEN_CALLS: Micros = Micros::from_ms(1_500);

/// The built-in controller.
#[derive(Debug)]
pub(crate) struct BuiltIn {
    algorithm: AlgorithmRunner,
    inbox: VecDeque<Event>,
    /// Why it does not take the next event from the inbox.
    busy: Option<Busy>,
}

/// What the controller waits for.
#[derive(Debug, Clone, Copy)]
enum Busy {
    /// Its next workflow task.
    Waking,
    /// The provider, which was called `calls` times.
    Calling { count: u32, calls: u32 },
}

impl BuiltIn {
    pub(super) fn new(algorithm: AlgorithmRunner) -> Self {
        Self { algorithm, inbox: VecDeque::new(), busy: None }
    }

    pub(super) fn start(&mut self, world: &mut World<'_>) {
        world.schedule(FIRST_POLL, ControllerEvent::Sample(0));
    }

    pub(super) fn handle(&mut self, event: ControllerEvent, world: &mut World<'_>) {
        match event {
            ControllerEvent::Signal(announcement) => {
                self.inbox.push_back(Event::TaskAdd(algorithm_runner::signal(announcement)));
                self.wake(world);
            }
            ControllerEvent::Sample(_) => {
                let poll = world.read_stats();
                self.inbox.push_back(Event::Poll(poll));
                self.wake(world);
            }
            ControllerEvent::Decided => {
                self.busy = None;
                self.take_next(world);
            }
            ControllerEvent::Answered(answer) => self.answered(world, answer),
            ControllerEvent::Wake(_) => self.call_again(world),
            ControllerEvent::Due(_) => {}
        }
    }

    fn wake(&mut self, world: &mut World<'_>) {
        if self.busy.is_none() {
            self.busy = Some(Busy::Waking);
            world.schedule(world.scenario.controller.decision_latency, ControllerEvent::Decided);
        }
    }

    /// Takes one event after another until one calls for a worker.
    fn take_next(&mut self, world: &mut World<'_>) {
        while self.busy.is_none()
            && let Some(event) = self.inbox.pop_front()
        {
            let is_poll = matches!(event, Event::Poll(_));
            let decision = self.algorithm.decide(world.now, event, &mut world.counters);
            if is_poll {
                let next = Micros::from_ms(decision.next_poll_ms);
                world.schedule(next.clamp(SHORTEST_POLL, LONGEST_POLL), ControllerEvent::Sample(0));
            }
            match algorithm_runner::request(&decision.actions) {
                Request::Nothing => {}
                Request::Start(count) => self.call(world, count, 1),
                Request::Resize(count) => {
                    world.resize(count);
                }
            }
        }
    }

    fn call(&mut self, world: &mut World<'_>, count: u32, calls: u32) {
        self.busy = Some(Busy::Calling { count, calls });
        let answer = world.request_workers(count);
        let latency = world.latency();
        world.schedule(latency, ControllerEvent::Answered(answer));
    }

    fn answered(&mut self, world: &mut World<'_>, answer: Answer) {
        let missing = answer.throttled + answer.refused;
        match self.busy {
            Some(Busy::Calling { calls, .. }) if missing > 0 && calls < CALLS => {
                self.busy = Some(Busy::Calling { count: missing, calls });
                world.schedule(BETWEEN_CALLS, ControllerEvent::Wake(0));
            }
            _ => {
                self.busy = None;
                self.take_next(world);
            }
        }
    }

    fn call_again(&mut self, world: &mut World<'_>) {
        if let Some(Busy::Calling { count, calls }) = self.busy {
            self.call(world, count, calls + 1);
        }
    }
}
