//! One simulation: advances traffic, world and controller until all tasks are done.

use std::iter::Peekable;

use crate::{
    Contender, Ideal, Micros, ParseError, Run, Scenario, controller::Controller,
    event_queue::SimulationEvent, timeline::Timeline, traffic::Workload, world::World,
};

/// The number of steps between two progress reports.
const REPORT_EVERY: u64 = 1 << 16;
/// A simulation stops after this many steps.
const MAX_STEPS: u64 = 10_000_000_000;

/// The progress of a simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The simulated time.
    pub now: Micros,
    /// Tasks that have arrived.
    pub arrived: u64,
    /// Tasks that are done.
    pub done: u64,
}

/// Simulates `scenario` with `contender`, and calls `report` with the progress from time to time.
///
/// The same input has the same result on every machine.
///
/// # Errors
/// Those of [`Scenario::check`] and [`Contender::check`].
pub fn simulate(
    scenario: &Scenario,
    contender: &Contender,
    report: &mut dyn FnMut(Progress),
) -> Result<Run, ParseError> {
    scenario.check()?;
    contender.check()?;
    let mut simulation = Simulation::new(scenario, contender)?;
    for step in 0..MAX_STEPS {
        if !simulation.step() {
            break;
        }
        if step % REPORT_EVERY == 0 {
            report(simulation.progress());
        }
    }
    Ok(simulation.finish(contender))
}

struct Simulation<'a> {
    arrivals: Peekable<Workload>,
    world: World<'a>,
    controller: Controller,
    timeline: Timeline,
}

impl<'a> Simulation<'a> {
    fn new(scenario: &'a Scenario, contender: &Contender) -> Result<Self, ParseError> {
        let workload = Workload::new(scenario.seed, &scenario.traffic, scenario.service);
        let mut world = World::new(scenario);
        if contender.is_worker_set() {
            world.resize(0);
        }
        let mut controller = Controller::new(contender)?;
        controller.start(&mut world);
        let (arrivals, timeline) = (workload.peekable(), Timeline::default());
        Ok(Self { arrivals, world, controller, timeline })
    }

    /// Takes the next arrival or event; `false` at the end.
    fn step(&mut self) -> bool {
        let arrival = self.arrivals.peek().map(|arrival| arrival.at);
        let event = self.world.event_queue.next_at();
        let Some(at) = [arrival, event].into_iter().flatten().min() else { return false };
        if arrival.is_none() {
            let end = self.world.counters.last_progress() + self.world.scenario.patience;
            if self.world.is_quiet() || at > end {
                self.world.now = self.world.now.max(at.min(end));
                return false;
            }
        }
        self.timeline.advance(at, &self.world);
        self.world.now = at;
        if arrival == Some(at) {
            if let Some(arrival) = self.arrivals.next() {
                self.world.arrive(arrival);
            }
        } else if let Some((_, event)) = self.world.event_queue.take() {
            match event {
                SimulationEvent::Controller(event) => {
                    self.controller.handle(event, &mut self.world)
                }
                event => self.world.handle(event),
            }
        }
        true
    }

    fn progress(&self) -> Progress {
        let (counters, now) = (&self.world.counters, self.world.now);
        Progress { now, arrived: counters.arrived, done: counters.done }
    }

    fn finish(mut self, contender: &Contender) -> Run {
        self.timeline.end(&self.world);
        let ideal = Ideal::of(self.world.scenario);
        Run::of(contender, self.world, self.timeline, ideal.worker_seconds)
    }
}
