//! The loop of the controller built into Temporal server 1.32, as far as it was measured: signals
//! are taken one after another, each that calls for a worker waits for the provider, and the queue
//! is looked at after five minutes and then as often as the algorithm asks, within bounds.
//!
//! What the algorithm says of held tasks is not heard: the built-in controller forgets them. Nor
//! does it hear of outcomes, so that nothing ever backs off.

use std::collections::VecDeque;

use wci_contract::decision::Event;

use super::algorithm_runner::{self, AlgorithmRunner, Request};
use crate::{
    Micros,
    agenda::{Answer, Control},
    site::Site,
};

const FIRST_POLL: Micros = Micros::from_ms(300_000);
const SHORTEST_POLL: Micros = Micros::from_ms(30_000);
const LONGEST_POLL: Micros = Micros::from_ms(300_000);
/// How often a call that was refused is made, all in all, and how far apart.
const CALLS: u32 = 6;
const BETWEEN_CALLS: Micros = Micros::from_ms(1_500);

/// The built-in controller.
#[derive(Debug)]
pub(crate) struct BuiltIn {
    algorithm: AlgorithmRunner,
    inbox: VecDeque<Event>,
    /// What keeps it from taking the next from the inbox.
    busy: Option<Busy>,
}

/// What it waits for.
#[derive(Debug, Clone, Copy)]
enum Busy {
    /// Its own next step.
    Waking,
    /// The provider, asked for so many workers so many times.
    Calling { count: u32, calls: u32 },
}

impl BuiltIn {
    pub(super) fn new(algorithm: AlgorithmRunner) -> Self {
        Self { algorithm, inbox: VecDeque::new(), busy: None }
    }

    pub(super) fn begin(&mut self, site: &mut Site<'_>) {
        site.after(FIRST_POLL, Control::Sample(0));
    }

    pub(super) fn go_on(&mut self, control: Control, site: &mut Site<'_>) {
        match control {
            Control::Signal(announced) => {
                self.inbox.push_back(Event::TaskAdd(algorithm_runner::signal(announced)));
                self.wake(site);
            }
            Control::Sample(_) => {
                let poll = site.look();
                self.inbox.push_back(Event::Poll(poll));
                self.wake(site);
            }
            Control::Decided => {
                self.busy = None;
                self.take_next(site);
            }
            Control::Answered(answer) => self.answered(site, answer),
            Control::Wake(_) => self.call_again(site),
            Control::Reported(_) => {}
        }
    }

    fn wake(&mut self, site: &mut Site<'_>) {
        if self.busy.is_none() {
            self.busy = Some(Busy::Waking);
            site.after(site.scenario.controller.decision_latency, Control::Decided);
        }
    }

    /// Takes one after another until one calls for a worker.
    fn take_next(&mut self, site: &mut Site<'_>) {
        while self.busy.is_none()
            && let Some(event) = self.inbox.pop_front()
        {
            let is_poll = matches!(event, Event::Poll(_));
            let decision = self.algorithm.decide(site.now, event, &mut site.tally);
            if is_poll {
                let next = Micros::from_ms(decision.next_poll_ms);
                site.after(next.clamp(SHORTEST_POLL, LONGEST_POLL), Control::Sample(0));
            }
            match algorithm_runner::request(&decision.actions) {
                Request::Nothing => {}
                Request::Start(count) => self.call(site, count, 1),
                Request::Resize(count) => {
                    site.resize(count);
                }
            }
        }
    }

    fn call(&mut self, site: &mut Site<'_>, count: u32, calls: u32) {
        self.busy = Some(Busy::Calling { count, calls });
        let answer = site.ask(count);
        let latency = site.latency();
        site.after(latency, Control::Answered(answer));
    }

    fn answered(&mut self, site: &mut Site<'_>, answer: Answer) {
        let missing = answer.throttled + answer.refused;
        match self.busy {
            Some(Busy::Calling { calls, .. }) if missing > 0 && calls < CALLS => {
                self.busy = Some(Busy::Calling { count: missing, calls });
                site.after(BETWEEN_CALLS, Control::Wake(0));
            }
            _ => {
                self.busy = None;
                self.take_next(site);
            }
        }
    }

    fn call_again(&mut self, site: &mut Site<'_>) {
        if let Some(Busy::Calling { count, calls }) = self.busy {
            self.call(site, count, calls + 1);
        }
    }
}
