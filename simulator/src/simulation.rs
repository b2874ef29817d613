//! One simulation: traffic, site and controller until all is done.

use std::iter::Peekable;

use crate::{
    Contender, Ideal, Micros, ParseError, Run, Scenario, agenda::Happening, controller::Controller,
    site::Site, timeline::Timeline, traffic::Workload,
};

/// How many steps lie between two reports of progress.
const REPORT_EVERY: u64 = 1 << 16;
/// A simulation of more steps than this goes nowhere.
const MAX_STEPS: u64 = 10_000_000_000;

/// How far a simulation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The simulated time.
    pub now: Micros,
    /// Tasks that have arrived.
    pub arrived: u64,
    /// Tasks that are done.
    pub done: u64,
}

/// Simulates `scenario` with `contender`, and tells `report` of its progress now and then.
///
/// The same input has the same result on every machine.
///
/// # Errors
/// What [`Scenario::check`] and [`Contender::check`] refuse.
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
    site: Site<'a>,
    controller: Controller,
    timeline: Timeline,
}

impl<'a> Simulation<'a> {
    fn new(scenario: &'a Scenario, contender: &Contender) -> Result<Self, ParseError> {
        let workload = Workload::new(scenario.seed, &scenario.traffic, scenario.service);
        let mut site = Site::new(scenario);
        if contender.keeps_a_set() {
            site.resize(0);
        }
        let mut controller = Controller::new(contender)?;
        controller.begin(&mut site);
        let (arrivals, timeline) = (workload.peekable(), Timeline::default());
        Ok(Self { arrivals, site, controller, timeline })
    }

    /// Lets the next thing happen; `false` when there is no more to see.
    fn step(&mut self) -> bool {
        let arrival = self.arrivals.peek().map(|arrival| arrival.at);
        let event = self.site.agenda.next_at();
        let Some(at) = [arrival, event].into_iter().flatten().min() else { return false };
        if arrival.is_none() {
            let end = self.site.tally.last_progress() + self.site.scenario.patience;
            if self.site.is_quiet() || at > end {
                self.site.now = self.site.now.max(at.min(end));
                return false;
            }
        }
        self.timeline.advance(at, &self.site);
        self.site.now = at;
        if arrival == Some(at) {
            if let Some(arrival) = self.arrivals.next() {
                self.site.arrive(arrival);
            }
        } else if let Some((_, happening)) = self.site.agenda.take() {
            match happening {
                Happening::Control(control) => self.controller.go_on(control, &mut self.site),
                physical => self.site.go_on(physical),
            }
        }
        true
    }

    fn progress(&self) -> Progress {
        let (tally, now) = (&self.site.tally, self.site.now);
        Progress { now, arrived: tally.arrived, done: tally.done }
    }

    fn finish(mut self, contender: &Contender) -> Run {
        self.timeline.end(&self.site);
        let ideal = Ideal::of(self.site.scenario);
        Run::of(contender, self.site, self.timeline, ideal.worker_seconds)
    }
}
