//! Everything that a controller looks at and acts on: queue, server, provider, workers.

mod life;

use wci_contract::{TaskType, decision::Poll, stats::WorkersSeen};

use crate::{
    Micros, Scenario,
    agenda::{Agenda, Announced, Answer, Control, Happening},
    dice::{Dice, Stream},
    figures::Figures,
    fleet::{Fleet, WorkerId},
    hook::Hook,
    provider::Provider,
    queue::{Queue, Task},
    tally::Tally,
    traffic::Arrival,
};

/// The simulated world without its controller.
#[derive(Debug)]
pub(crate) struct Site<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) now: Micros,
    pub(crate) agenda: Agenda,
    pub(crate) queue: Queue,
    pub(crate) fleet: Fleet,
    pub(crate) tally: Tally,
    hooks: Vec<Hook>,
    figures: Figures,
    /// Where in their rounds those are that have gone on since before the simulation.
    phases: Dice,
    provider: Provider,
    /// How many workers a set is to have; `None` where workers leave by themselves.
    set_size: Option<u32>,
}

impl<'a> Site<'a> {
    pub(crate) fn new(scenario: &'a Scenario) -> Self {
        let (seed, partitions) = (scenario.seed, scenario.queue.partitions);
        let mut phases = Dice::new(seed, Stream::Phases);
        Self {
            scenario,
            now: Micros::ZERO,
            agenda: Agenda::default(),
            queue: Queue::new(seed, partitions),
            fleet: Fleet::new(seed, &scenario.workers),
            tally: Tally::default(),
            hooks: (0..partitions.max(1)).map(|_| Hook::default()).collect(),
            figures: Figures::new(phases.within(scenario.queue.figures_age)),
            phases,
            provider: Provider::new(seed, &scenario.provider),
            set_size: None,
        }
    }

    /// Whether nothing waits, runs or lives.
    pub(crate) fn is_quiet(&self) -> bool {
        let tasks = self.queue.waiting() + self.fleet.running() + self.tally.away;
        tasks == 0 && self.fleet.census().alive() == 0
    }

    /// A task arrives.
    pub(crate) fn arrive(&mut self, arrival: Arrival) {
        self.tally.arrived += 1;
        self.tally.work += arrival.service;
        self.tally.last_arrival = self.now;
        self.offer(arrival.service);
    }

    /// A task comes to the queue: a slot that polls takes it at once, or it waits.
    fn offer(&mut self, service: Micros) {
        let task = Task { since: self.now, service };
        let partition = self.queue.partition();
        self.figures.added(self.now);
        let poller = self.fleet.take_poller();
        match poller {
            Some(slot) => self.assign(slot, task),
            None => self.queue.add(partition, task),
        }
        let Some(hook) = self.hooks.get_mut(partition) else { return };
        if let Some(announced) = hook.note(self.now, poller.is_some(), &self.scenario.queue) {
            self.announce(announced);
        }
    }

    fn announce(&mut self, announced: Announced) {
        self.tally.signals += 1;
        self.after(self.scenario.queue.signal_latency, Control::Signal(announced));
    }

    /// Has the controller hear of `control` after a time.
    pub(crate) fn after(&mut self, wait: Micros, control: Control) {
        self.agenda.add(self.now + wait, Happening::Control(control));
    }

    fn assign(&mut self, slot: (WorkerId, u32), task: Task) {
        self.figures.dispatched(self.now);
        self.tally.waits.push(self.now.less(task.since));
        self.fleet.give(slot, task);
        self.agenda.add(self.now + task.service, Happening::Done(slot.0, slot.1));
    }

    /// Something happens to a worker or to a task.
    pub(crate) fn go_on(&mut self, happening: Happening) {
        match happening {
            Happening::Ready(id) => self.ready(id),
            Happening::Done(id, slot) => self.done(id, slot),
            Happening::Idle(id) => self.idle(id),
            Happening::Drain(id) => self.drain(id),
            Happening::Kill(id) => self.leave(id),
            Happening::Return(service) => {
                self.tally.away -= 1;
                self.offer(service);
            }
            Happening::Refill => {
                self.keep_set();
            }
            Happening::Control(_) => {}
        }
    }

    /// Asks the provider for `count` workers, and starts those that it grants.
    pub(crate) fn ask(&mut self, count: u32) -> Answer {
        let answer = self.provider.ask(self.now, count, self.fleet.census().alive());
        self.tally.answered(count, &answer);
        for _ in 0..answer.started {
            self.start();
        }
        answer
    }

    /// How far the round of something is that repeats `every` so often.
    pub(crate) fn phase(&mut self, every: Micros) -> Micros {
        self.phases.within(every)
    }

    /// How long the provider takes to answer.
    pub(crate) fn latency(&mut self) -> Micros {
        self.provider.latency()
    }

    /// Has the provider keep `count` workers.
    pub(crate) fn resize(&mut self, count: u32) -> Answer {
        self.set_size = Some(count);
        self.keep_set()
    }

    /// What the server tells of the queue.
    pub(crate) fn look(&mut self) -> Poll {
        self.tally.looks += 1;
        let stats = self.figures.read(self.now, &self.queue, self.scenario.queue.figures_age);
        let workers = self.workers();
        Poll { stats: [(TaskType::Workflow, stats)].into(), workers }
    }

    /// The workers that poll, where the server tells of them.
    pub(crate) fn workers(&self) -> Option<WorkersSeen> {
        self.scenario.controller.sees_workers.then(|| WorkersSeen {
            seen: u64::from(self.fleet.census().polling),
            slots_free: u64::from(self.fleet.free_slots()),
        })
    }
}
