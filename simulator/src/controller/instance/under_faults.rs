//! What faults do to an instance: activities fail, watches are lost, and runs end at any point.

use std::time::Duration;

use wci_contract::{
    activities::{DecideInput, WatchEnd, WatchOutput},
    state::Timestamp,
};
use wci_instance::{Event, InstanceState};

use super::{
    GROUP, Instance, Step,
    watch::{micros, wait_until},
};
use crate::{
    Micros,
    controller::algorithm_runner::epoch_ms,
    event_queue::ControllerEvent,
    faults::{DecisionFate, Strike},
    world::World,
};

/// How long the end of a run waits for launches and resizes.
const LAST_RESULTS: Micros = Micros::from_ms(2_000);
/// Between two samples of a watch.
const INTERVAL: Micros = Micros::from_ms(1_000);
/// Until a decision that was lost with its process has failed for good, at most.
const DECISION_FAILS: Micros = Micros::from_ms(6_500);
/// Until a lost watch is noticed, at most: its heartbeat timeout and the wait after it.
const LOSS_NOTICED: Micros = Micros::from_ms(40_000);
/// The same for a watch that finds only what was not announced.
const IDLE_LOSS_NOTICED: Micros = Micros::from_ms(310_000);

impl Instance {
    /// Fails the decision about `input`, if a fault says so; otherwise returns it.
    pub(super) fn decide_under_faults(
        &mut self,
        input: DecideInput,
        world: &mut World<'_>,
    ) -> Option<DecideInput> {
        let now = world.now;
        let Some(faults) = &mut world.faults else { return Some(input) };
        let fate = faults.decision(now);
        if fate == DecisionFate::Made {
            return Some(input);
        }
        let noticed = faults.time_up_to(DECISION_FAILS);
        if fate == DecisionFate::LostWithLaunch {
            faults.loses_outcomes = true;
            let _ = self.decide_and_launch(&input, world);
            // The next attempt, if any, knows nothing of the launch.
            self.speculative.clear();
            if let Some(faults) = &mut world.faults {
                faults.loses_outcomes = false;
            }
        }
        self.do_after(noticed, Step::Report(Event::DecisionFailed { input }), world);
        None
    }

    /// The server did not answer: the watch tries again, unless its time is up.
    pub(super) fn sample_again(&mut self, world: &mut World<'_>) {
        let Some(watch) = &self.watch else { return };
        if epoch_ms(world.now) < watch.input.until_ms {
            world.schedule(INTERVAL, ControllerEvent::Sample(self.watch_number));
            return;
        }
        self.watch = None;
        let output = WatchOutput { end: WatchEnd::TimeUp, ..WatchOutput::default() };
        self.report(Event::WatchEnded(output), world);
    }

    /// A task arrived: a watch that skips samples of an empty queue takes its next one in time.
    pub(crate) fn unpark(&mut self, world: &mut World<'_>) {
        if self.parked.take().is_some() && self.watch.is_some() {
            self.watch_number = self.next_number();
            let interval = micros(self.idleness(world).interval());
            let wait = world.faults.as_mut().map_or(interval, |it| it.time_up_to(interval));
            world.schedule(wait, ControllerEvent::Sample(self.watch_number));
        }
    }

    /// A fault struck the world.
    pub(crate) fn bear(&mut self, strike: Strike, world: &mut World<'_>) {
        let is_watch_lost = matches!(strike, Strike::WatchLost | Strike::ServerRestarts);
        if is_watch_lost && self.watch.take().is_some() {
            let is_active = self.idleness(world).lasting < Duration::from_secs(60);
            let within = if is_active { LOSS_NOTICED } else { IDLE_LOSS_NOTICED };
            let noticed = world.faults.as_mut().map(|faults| faults.time_up_to(within));
            let lost = Step::WatchLost(self.watch_number);
            self.do_after(noticed.unwrap_or_default(), lost, world);
        }
    }

    /// The run ends once its launches and resizes have ended, or soon anyway.
    pub(super) fn request_next_run(&mut self, world: &mut World<'_>) {
        let wait = if self.state.is_idle() { Micros::ZERO } else { LAST_RESULTS };
        self.do_after(wait, Step::NextRun, world);
    }

    /// The next run, which knows nothing but the input that this one gives it. Activities go on, and
    /// nobody waits for them.
    pub(super) fn next_run(&mut self, world: &mut World<'_>) {
        let carried = serde_json::to_string(&self.state.carry_over());
        let input = carried.and_then(|carried| serde_json::from_str(&carried));
        let now_ms = epoch_ms(world.now);
        let started = Timestamp { seconds: now_ms.div_euclid(1_000), nanos: 0 };
        let next = input.ok().and_then(|input| InstanceState::new(input, started).ok());
        // A run whose input cannot be read would never start: the checks find it stuck.
        let Some(next) = next else { return };
        for step in std::mem::take(&mut self.pending).into_values() {
            match step {
                Step::Launch(input) if self.speculative.remove(&input.launch_id).is_none() => {
                    world.request_workers(input.count);
                }
                Step::Resize(group) => {
                    if let Some(input) = self.state.begin_resize(&group) {
                        world.resize(input.count);
                    }
                }
                _ => {}
            }
        }
        self.state = next;
        (self.decision, self.watch, self.parked) = (None, None, None);
        self.is_advance_pending = false;
        self.speculative.clear();
        self.timer_number = self.next_number();
        self.report(Event::RunStarted, world);
        self.request_advance(world);
    }

    /// The bytes of the state that the next run would get, and of the group's scaling state.
    pub(crate) fn state_bytes(&self) -> (usize, usize) {
        let state = self.state.dump();
        let scaling = state.scaling_state.get(GROUP).cloned().unwrap_or_default();
        let length = |json: Result<String, _>| json.map_or(usize::MAX, |json: String| json.len());
        let bytes: Result<String, serde_json::Error> = serde_json::to_string(&state);
        (length(bytes), length(serde_json::to_string(&scaling)))
    }

    /// Launches in progress, signals held, and steps that are due later.
    pub(crate) fn in_progress(&self) -> (usize, usize, usize) {
        let state = self.state.dump();
        let launches = state.wci.map_or(0, |wci| wci.launches.len());
        (launches, state.pending_task_add_signals.len(), self.pending.len())
    }

    /// The time until the watch ends, for those who ask why nothing happens.
    pub(crate) fn watch_ends_in(&self, world: &World<'_>) -> Option<Micros> {
        self.watch.as_ref().map(|watch| wait_until(watch.input.until_ms, world))
    }
}
