//! A day of faults: an instance with traffic, and with everything that can go wrong between any two
//! steps. Afterwards no task may be lost, no worker left over, and no limit may have been exceeded.

mod checks;
mod plan;

use std::{fmt, iter::Peekable};

use crate::{
    Micros, ParseError, controller::Instance, event_queue::SimulationEvent, faults::Faults,
    traffic::Workload, world::World,
};
use checks::Checks;
use plan::Plan;

/// How long faults strike and tasks arrive.
const DAY: Micros = Micros::from_ms(24 * 3_600_000);
/// How long the instance may take after that until everything is done.
const AFTERMATH: Micros = Micros::from_ms(3 * 3_600_000);

/// A day that was survived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Survived {
    /// Tasks done.
    pub tasks: u64,
    /// Faults that struck.
    pub faults: u64,
    /// Workers that the provider started.
    pub workers: u64,
    /// Decisions made.
    pub decisions: u64,
    /// Steps taken.
    pub steps: u64,
    /// The longest that a task waited.
    pub longest_wait: Micros,
}

/// What must never happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation(String);

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lets an instance live through a day of faults. Traffic, settings and faults follow from `seed`.
///
/// # Errors
/// What went wrong, and when.
pub fn endure(seed: u64) -> Result<Survived, ParseError> {
    let plan = Plan::of(seed)?;
    let mut endurance = Endurance::new(seed, &plan)?;
    loop {
        match endurance.step() {
            Ok(true) => {}
            Ok(false) => break,
            Err(violation) => return Err(endurance.failure(seed, &plan, &violation)),
        }
    }
    endurance.survived().map_err(|violation| endurance.failure(seed, &plan, &violation))
}

struct Endurance<'a> {
    arrivals: Peekable<Workload>,
    world: World<'a>,
    instance: Instance,
    checks: Checks,
}

impl<'a> Endurance<'a> {
    fn new(seed: u64, plan: &'a Plan) -> Result<Self, ParseError> {
        let scenario = &plan.scenario;
        let mut world = World::new(scenario);
        if plan.contender.is_worker_set() {
            world.resize(0);
        }
        world.faults = Some(Box::new(Faults::new(seed, DAY)));
        world.event_queue.add(Micros::from_ms(1_000), SimulationEvent::Fault);
        let mut instance = Instance::new(&plan.contender)?;
        instance.start(&mut world);
        let workload = Workload::new(seed, &scenario.traffic, scenario.service);
        let checks = Checks::new(&plan.contender);
        Ok(Self { arrivals: workload.peekable(), world, instance, checks })
    }

    /// Takes the next arrival or event, and checks the outcome; `false` at the end.
    fn step(&mut self) -> Result<bool, Violation> {
        let arrival = self.arrivals.peek().map(|arrival| arrival.at).filter(|at| *at < DAY);
        let event = self.world.event_queue.next_at();
        let Some(at) = [arrival, event].into_iter().flatten().min() else { return Ok(false) };
        if at > DAY + AFTERMATH {
            return Ok(false);
        }
        self.world.now = at;
        if arrival == Some(at) {
            if let Some(arrival) = self.arrivals.next() {
                self.world.arrive(arrival);
                self.instance.unpark(&mut self.world);
            }
        } else if let Some((_, event)) = self.world.event_queue.take() {
            self.handle(event);
        }
        self.checks.step(&self.world, &self.instance)?;
        Ok(true)
    }

    fn handle(&mut self, event: SimulationEvent) {
        let world = &mut self.world;
        let frozen_until = world.faults.as_ref().map_or(Micros::ZERO, |it| it.frozen_until);
        match event {
            SimulationEvent::Controller(_) if world.now < frozen_until => {
                world.event_queue.add(frozen_until, event);
            }
            SimulationEvent::Controller(event) => self.instance.handle(event, world),
            SimulationEvent::Fault => {
                if let Some(strike) = world.strike() {
                    self.instance.bear(strike, world);
                }
            }
            event => {
                world.handle(event);
                if world.queue.waiting() > 0 {
                    self.instance.unpark(world);
                }
            }
        }
    }

    fn survived(&self) -> Result<Survived, Violation> {
        self.checks.end(&self.world, &self.instance)?;
        let counters = &self.world.counters;
        Ok(Survived {
            tasks: counters.done,
            faults: self.world.faults.as_ref().map_or(0, |faults| faults.count),
            workers: counters.started,
            decisions: counters.decisions,
            steps: self.checks.steps(),
            longest_wait: counters.waits.iter().copied().max().unwrap_or_default(),
        })
    }

    fn failure(&self, seed: u64, plan: &Plan, violation: &Violation) -> ParseError {
        let at = self.world.now;
        ParseError::unfit(format!("seed {seed}, after {at}: {violation} ({plan})"))
    }
}
