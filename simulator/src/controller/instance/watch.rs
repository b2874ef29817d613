//! The activity `WatchTaskQueues`: reads the queue's stats until the core's [`BacklogWatch`] ends
//! the watch.

use std::time::Duration;

use wci_contract::{
    TaskType,
    activities::{WatchEnd, WatchInput, WatchOutput},
};
use wci_instance::{
    Event,
    backlog_watch::{BacklogWatch, Idleness, Sample},
};

use super::{IDLE_BEFORE_MS, Instance};
use crate::{
    Micros,
    controller::algorithm_runner::{epoch_ms, simulated_time},
    event_queue::ControllerEvent,
    world::World,
};

/// From the request for a watch to its first sample.
const FIRST_SAMPLE: Micros = Micros::from_ms(10);
/// From a launch that ends a long wait to the sample: the server repeats its answer for 5 s, so it is
/// asked when the worker should be there.
const SETTLE: Micros = Micros::from_ms(3_000);
/// A wait for a sample that is not worth ending.
const SHORT: Duration = Duration::from_secs(2);
/// A watch that may last no longer than this was requested because something happened.
const REQUESTED: Micros = Micros::from_ms(60_000);

/// A watch, and what it looks for.
#[derive(Debug)]
pub(super) struct RunningWatch {
    pub(super) input: WatchInput,
    backlog: BacklogWatch,
}

impl Instance {
    pub(super) fn begin_watch(&mut self, world: &mut World<'_>) {
        self.watch_since(epoch_ms(world.now), FIRST_SAMPLE, world);
    }

    /// Continues a watch that began at a random time before the simulation, between two samples.
    pub(super) fn resume_watch(&mut self, world: &mut World<'_>) {
        let until_sample = world.random_phase(micros(self.idleness(world).interval()));
        let now_ms = epoch_ms(world.now);
        let request = self.state.begin_watch(now_ms - IDLE_BEFORE_MS);
        let lasting = Micros::from_ms(request.map_or(0, |request| request.lasting_ms));
        let age_ms = i64::try_from(world.random_phase(lasting).whole_ms()).unwrap_or_default();
        self.watch_since(now_ms - age_ms, until_sample, world);
    }

    fn watch_since(&mut self, began_ms: i64, until_sample: Micros, world: &mut World<'_>) {
        self.watch_number = self.next_number();
        let request = self.state.begin_watch(began_ms);
        if request.as_ref().is_some_and(|it| Micros::from_ms(it.lasting_ms) <= REQUESTED) {
            self.active_at = Some(world.now);
        }
        self.watch = request.map(|request| {
            let (input, backlog) = (request.input, BacklogWatch::default());
            RunningWatch { input, backlog }
        });
        world.schedule(until_sample, ControllerEvent::Sample(self.watch_number));
    }

    /// A launch ends a long wait for the next sample.
    pub(super) fn end_idleness(&mut self, world: &mut World<'_>) {
        let interval = self.idleness(world).interval();
        self.active_at = Some(world.now);
        if self.watch.is_some() && self.parked.is_none() && interval > SHORT {
            self.watch_number = self.next_number();
            world.schedule(SETTLE, ControllerEvent::Sample(self.watch_number));
        }
    }

    /// For how long nothing has happened. The simulated server announces tasks.
    pub(super) fn idleness(&self, world: &World<'_>) -> Idleness {
        let before = u64::try_from(IDLE_BEFORE_MS).unwrap_or(0);
        let lasting = match self.active_at {
            Some(at) => world.now.saturating_sub(at),
            None => world.now + Micros::from_ms(before),
        };
        Idleness { lasting: lasting.into(), is_announced: true }
    }

    pub(super) fn sample(&mut self, world: &mut World<'_>) {
        if self.watch.is_none() {
            return;
        }
        let Some(poll) = world.try_read_stats() else {
            return self.sample_again(world);
        };
        let since_launch = self.last_launch.map(|at| world.now.saturating_sub(at).whole_ms());
        let idleness = self.idleness(world);
        let Some(RunningWatch { input, backlog }) = &mut self.watch else { return };
        let mut sample = Sample {
            now_ms: epoch_ms(world.now),
            since_launch_ms: since_launch.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX)),
            stats: poll.stats,
        };
        // The activity waits until workers poll, because nothing is new before.
        if backlog.wants_fresh_stats(&sample) && world.workers().is_some_and(|it| it.seen > 0) {
            sample.stats = world.read_fresh_stats();
        }
        let Some(end) = backlog.judge(input, &sample) else {
            let (number, until_ms) = (self.watch_number, input.until_ms);
            if backlog.is_active(&sample) {
                self.active_at = Some(world.now);
            }
            let interval = micros(backlog.interval(&sample, idleness));
            let is_empty = world.faults.is_some() && world.queue.waiting() == 0;
            self.parked = is_empty.then_some(world.now);
            let wait = if is_empty { wait_until(until_ms, world).max(interval) } else { interval };
            world.schedule(wait, ControllerEvent::Sample(number));
            return;
        };
        self.watch = None;
        // The activity counts workers when it reports a backlog, and not when its time is up.
        let workers = poll.workers.filter(|_| end == WatchEnd::Backlog);
        if workers.is_some() {
            // The server names the limit when it lists the workers.
            let limit = world.scenario.queue.rate_limit;
            sample.stats.values_mut().for_each(|stats| stats.rate_limit = limit);
        }
        let workers = workers.map(|workers| [(TaskType::Workflow, workers)].into());
        let output = WatchOutput {
            end,
            stats: sample.stats,
            workers,
            is_announced: true,
            ..WatchOutput::default()
        };
        self.report(Event::WatchEnded(output), world);
    }
}

/// The time until `epoch_ms`.
pub(super) fn wait_until(epoch_ms: i64, world: &World<'_>) -> Micros {
    simulated_time(epoch_ms).saturating_sub(world.now)
}

pub(super) fn micros(time: Duration) -> Micros {
    Micros::from_ms(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}
