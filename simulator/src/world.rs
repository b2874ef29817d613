//! The simulated world: task queue, server, provider and workers.

mod consolidation;
mod under_faults;
mod worker_lifecycle;

use wci_contract::{
    TaskType,
    decision::Poll,
    stats::{StatsByType, WorkersSeen},
};

use crate::{
    Micros, Scenario,
    announcer::Announcer,
    counters::Counters,
    event_queue::{Announcement, Answer, ControllerEvent, EventQueue, SimulationEvent},
    faults::Faults,
    fleet::{Fleet, WorkerId},
    provider::Provider,
    queue::{Queue, Task},
    rng_stream::{Purpose, RngStream},
    server_stats::ServerStats,
    traffic::Arrival,
};

/// The simulated world without its controller.
#[derive(Debug)]
pub(crate) struct World<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) now: Micros,
    pub(crate) event_queue: EventQueue,
    pub(crate) queue: Queue,
    pub(crate) fleet: Fleet,
    pub(crate) counters: Counters,
    announcers: Vec<Announcer>,
    stats: ServerStats,
    /// The phases of what repeats since before the simulation.
    phases: RngStream,
    provider: Provider,
    /// When workers look at the list of workers.
    looks: RngStream,
    /// The size of the worker set; `None` if workers exit on their own.
    set_size: Option<u32>,
    /// Whether the dispatch of a task that the rate limit holds back is scheduled.
    is_limit_awaited: bool,
    /// The faults of this simulation, if it has any.
    pub(crate) faults: Option<Box<Faults>>,
}

impl<'a> World<'a> {
    pub(crate) fn new(scenario: &'a Scenario) -> Self {
        let (seed, partitions) = (scenario.seed, scenario.queue.partitions);
        let mut phases = RngStream::new(seed, Purpose::Phases);
        Self {
            scenario,
            now: Micros::ZERO,
            event_queue: EventQueue::default(),
            queue: Queue::new(seed, partitions, scenario.queue.rate_limit),
            fleet: Fleet::new(seed, &scenario.workers),
            counters: Counters::default(),
            announcers: (0..partitions.max(1)).map(|_| Announcer::default()).collect(),
            stats: ServerStats::new(phases.within(scenario.queue.stats_age)),
            phases,
            provider: Provider::new(seed, &scenario.provider),
            looks: RngStream::new(seed, Purpose::Looks),
            set_size: None,
            is_limit_awaited: false,
            faults: None,
        }
    }

    /// Whether no task waits or runs, and no worker is alive.
    pub(crate) fn is_quiet(&self) -> bool {
        let tasks = self.queue.waiting() + self.fleet.running() + self.counters.away;
        tasks == 0 && self.fleet.counts().alive() == 0
    }

    /// A task arrives.
    pub(crate) fn arrive(&mut self, arrival: Arrival) {
        self.counters.arrived += 1;
        self.counters.work += arrival.service;
        self.counters.last_arrival = self.now;
        self.add_task(arrival.service);
    }

    /// Adds a task to the queue. A slot that polls takes it at once; otherwise it waits.
    fn add_task(&mut self, service: Micros) {
        let task = Task { since: self.now, service };
        let partition = self.queue.partition();
        self.stats.added(self.now);
        let is_let_through = self.queue.lets_through(partition, self.now);
        let poller = is_let_through.then(|| self.fleet.take_poller()).flatten();
        match poller {
            Some(slot) => {
                self.queue.count(partition, self.now);
                self.assign(slot, task);
            }
            None => {
                self.queue.add(partition, task);
                self.await_limit();
            }
        }
        let Some(announcer) = self.announcers.get_mut(partition) else { return };
        if let Some(announcement) =
            announcer.record(self.now, poller.is_some(), &self.scenario.queue)
        {
            self.announce(announcement);
        }
    }

    /// Schedules the dispatch of a waiting task to a slot that polls, for when the rate limit lets one
    /// through.
    fn await_limit(&mut self) {
        if self.is_limit_awaited || self.fleet.free_slots() == 0 {
            return;
        }
        if let Some(at) = self.queue.opens_at() {
            self.is_limit_awaited = true;
            self.event_queue.add(at.max(self.now), SimulationEvent::LimitOpens);
        }
    }

    /// The rate limit lets tasks through: slots that poll take them.
    fn dispatch_within_limit(&mut self) {
        self.is_limit_awaited = false;
        while let Some((id, slot)) = self.fleet.take_poller() {
            let Some(task) = self.queue.take(self.now) else {
                self.fleet.poll(id, slot);
                break;
            };
            self.assign((id, slot), task);
        }
        self.await_limit();
    }

    fn announce(&mut self, announcement: Announcement) {
        for wait in self.arrivals_of_signal() {
            self.counters.signals += 1;
            self.schedule(wait, ControllerEvent::Signal(announcement));
        }
    }

    /// Schedules `event` for the controller after `wait`.
    pub(crate) fn schedule(&mut self, wait: Micros, event: ControllerEvent) {
        self.event_queue.add(self.now + wait, SimulationEvent::Controller(event));
    }

    fn assign(&mut self, slot: (WorkerId, u32), task: Task) {
        self.stats.dispatched(self.now);
        self.counters.waits.push(self.now.saturating_sub(task.since));
        self.fleet.assign(slot, self.now, task);
        self.event_queue.add(self.now + task.service, SimulationEvent::TaskDone(slot.0, slot.1));
    }

    /// Handles an event of a worker or task.
    pub(crate) fn handle(&mut self, event: SimulationEvent) {
        match event {
            SimulationEvent::WorkerReady(id) => self.ready(id),
            SimulationEvent::TaskDone(id, slot) => self.done(id, slot),
            SimulationEvent::IdleCheck(id) => self.idle(id),
            SimulationEvent::WorkerReports(id) => self.report(id),
            SimulationEvent::WorkerLooks(id) => self.look(id),
            SimulationEvent::WorkerDrains(id) => self.drain(id),
            SimulationEvent::WorkerKilled(id) => self.remove_worker(id),
            SimulationEvent::TaskReturns(service) => {
                self.counters.away -= 1;
                self.add_task(service);
            }
            SimulationEvent::LimitOpens => self.dispatch_within_limit(),
            SimulationEvent::SetRefills => {
                self.reconcile_set();
            }
            SimulationEvent::Fault | SimulationEvent::Controller(_) => {}
        }
    }

    /// Requests `count` workers from the provider, and starts those that it grants. Returns its answer
    /// and the workers.
    fn request_from_provider(&mut self, count: u32) -> (Answer, Vec<WorkerId>) {
        let answer = self.provider.request_workers(self.now, count, self.fleet.counts().alive());
        self.counters.answered(count, &answer);
        let started = (0..answer.started).map(|_| self.start_worker()).collect();
        (answer, started)
    }

    /// A random phase of something that repeats with this period.
    pub(crate) fn random_phase(&mut self, period: Micros) -> Micros {
        self.phases.within(period)
    }

    /// Reads what the server reports about the queue.
    pub(crate) fn read_stats(&mut self) -> Poll {
        self.counters.stats_reads += 1;
        let stats = self.stats.read(self.now, &self.queue, self.scenario.queue.stats_age);
        let workers = self.workers();
        Poll { stats: [(TaskType::Workflow, stats)].into(), workers }
    }

    /// Reads stats that are newer than what the server repeats, as a description of the version.
    pub(crate) fn read_fresh_stats(&mut self) -> StatsByType {
        self.counters.stats_reads += 1;
        let stats = self.stats.describe(self.now, &self.queue, self.scenario.queue.stats_age);
        [(TaskType::Workflow, stats)].into()
    }

    /// The workers that poll, if the server reports them.
    pub(crate) fn workers(&self) -> Option<WorkersSeen> {
        self.scenario.controller.sees_workers.then(|| WorkersSeen {
            seen: u64::from(self.fleet.counts().polling),
            slots_free: u64::from(self.fleet.free_slots()),
        })
    }
}
