//! The real instance with one scaling group: [`InstanceState`] decides what happens. This module
//! and its submodules take the place of the workflow's drivers and of the activities.

mod decision;
mod provider_calls;
mod under_faults;
mod watch;

use std::collections::BTreeMap;

use serde_json::json;
use wci_contract::{
    ConfigPayload, LaunchStrategy, TaskType,
    activities::{InvokeInput, WatchOutput},
    messages::StartInput,
    names::SUBPROCESS_POOL,
    state::Timestamp,
};
use wci_instance::{Effect, Event, InstanceState, RunStatus};
use wci_scaling::Algorithm;

use super::algorithm_runner::{epoch_ms, signal, simulated_time};
use crate::{Contender, Micros, ParseError, event_queue::ControllerEvent, world::World};
use decision::PendingDecision;
use provider_calls::SpeculativeLaunch;
use watch::RunningWatch;

/// The only scaling group.
const GROUP: &str = "simulated";
/// From the end of a decision until the workflow has requested an activity because of it: two
/// round trips to the server, as measured on two cores (docs/adr/0024-speculative-launch.md).
const REQUEST_LATENCY: Micros = Micros::from_ms(8);
/// How long before the simulation the instance found its queue empty, milliseconds: longer than
/// any watch lasts.
const IDLE_BEFORE_MS: i64 = 7_200_000;

/// An instance, and everything in progress for it.
#[derive(Debug)]
pub(crate) struct Instance {
    state: InstanceState,
    algorithm: Algorithm,
    decision: Option<PendingDecision>,
    /// Steps that the event queue brings back by their numbers.
    pending: BTreeMap<u32, Step>,
    /// Whether the main loop's next step is among them.
    is_advance_pending: bool,
    /// Launches that started with their decision and that the instance has not requested yet, by
    /// launch ID.
    speculative: BTreeMap<String, SpeculativeLaunch>,
    watch: Option<RunningWatch>,
    last_launch: Option<Micros>,
    /// When a watch last found something to do, or was requested for that: not since the simulation
    /// began, if `None`.
    active_at: Option<Micros>,
    /// When a watch that skips samples of an empty queue took its last one. Only under faults: a day
    /// has many samples.
    parked: Option<Micros>,
    /// The latest number of a launch, watch, timer or step.
    numbers: u32,
    watch_number: u32,
    timer_number: u32,
}

/// Something that the instance or its drivers do later.
#[derive(Debug)]
enum Step {
    Advance,
    Report(Event),
    Launch(InvokeInput),
    Resize(String),
    /// The next run takes over.
    NextRun,
    /// The loss of the watch with this number is noticed.
    WatchLost(u32),
}

impl Instance {
    pub(crate) fn new(contender: &Contender) -> Result<Self, ParseError> {
        let provider_type = match contender.algorithm.strategy() {
            LaunchStrategy::Invoke => "simulated",
            LaunchStrategy::WorkerSet => SUBPROCESS_POOL,
        };
        let group = json!({"task_types": [TaskType::Workflow.to_wire()],
            "compute": {"provider_type": provider_type},
            "scaling": {"scaling_algorithm": contender.algorithm.name(),
                "config": ConfigPayload::from_map(&contender.config)}});
        // Its spec was validated and its task queues were registered long ago.
        let wci = json!({"check": {"due_ms": i64::MAX}, "register": false});
        let input = json!({"deployment_name": "simulated", "build_id": "1",
            "state": {"spec": {"scaling_group_specs": {GROUP: group}}, "wci": wci}});
        let input: StartInput = serde_json::from_value(input)
            .map_err(|error| ParseError::unfit(format!("the simulated instance: {error}")))?;
        let state = InstanceState::new(input, Timestamp::default())
            .map_err(|refusal| ParseError::unfit(refusal.message))?;
        Ok(Self {
            state,
            algorithm: contender.algorithm,
            decision: None,
            pending: BTreeMap::new(),
            is_advance_pending: false,
            speculative: BTreeMap::new(),
            watch: None,
            last_launch: None,
            active_at: None,
            parked: None,
            numbers: 0,
            watch_number: 0,
            timer_number: 0,
        })
    }

    /// Starts in the middle of a watch of an empty queue.
    pub(crate) fn start(&mut self, world: &mut World<'_>) {
        let before_ms = epoch_ms(world.now) - IDLE_BEFORE_MS;
        self.state.handle(before_ms, Event::RunStarted);
        let mut effects = self.state.handle(before_ms, Event::WatchEnded(WatchOutput::default()));
        effects.retain(|effect| *effect != Effect::Watch);
        self.resume_watch(world);
        effects.push(Effect::Advance);
        self.carry_out(effects, world);
    }

    pub(crate) fn handle(&mut self, event: ControllerEvent, world: &mut World<'_>) {
        match event {
            ControllerEvent::Signal(announcement) => {
                self.report(Event::TasksAnnounced(signal(announcement)), world);
            }
            ControllerEvent::Decided => self.end_decision(world),
            ControllerEvent::Due(number) => match self.pending.remove(&number) {
                Some(Step::Advance) => self.advance(world),
                Some(Step::Report(event)) => self.report(event, world),
                Some(Step::Launch(input)) => self.launch(input, world),
                Some(Step::Resize(group)) => self.resize(&group, world),
                Some(Step::NextRun) => self.next_run(world),
                Some(Step::WatchLost(number)) if number == self.watch_number => {
                    self.report(Event::WatchFailed, world);
                }
                Some(Step::WatchLost(_)) => {}
                None => {}
            },
            ControllerEvent::Wake(number) if number == self.timer_number => {
                self.report(Event::TimerFired, world);
            }
            ControllerEvent::Sample(number) if number == self.watch_number => self.sample(world),
            ControllerEvent::Wake(_)
            | ControllerEvent::Sample(_)
            | ControllerEvent::Answered(_) => {}
        }
    }

    fn report(&mut self, event: Event, world: &mut World<'_>) {
        let effects = self.state.handle(epoch_ms(world.now), event);
        self.carry_out(effects, world);
    }

    fn carry_out(&mut self, effects: Vec<Effect>, world: &mut World<'_>) {
        for effect in effects {
            match effect {
                Effect::Advance => self.request_advance(world),
                Effect::Decide(input) => self.begin_decision(input, world),
                Effect::SetTimer { at_ms } => {
                    self.timer_number = self.next_number();
                    let wait = simulated_time(at_ms).saturating_sub(world.now);
                    world.schedule(wait, ControllerEvent::Wake(self.timer_number));
                }
                Effect::CancelTimer => self.timer_number = self.next_number(),
                Effect::Launch(input) => {
                    self.do_after(REQUEST_LATENCY, Step::Launch(*input), world)
                }
                Effect::Resize { group } => {
                    self.do_after(REQUEST_LATENCY, Step::Resize(group), world);
                }
                Effect::Watch => self.begin_watch(world),
                Effect::StopWatch => self.watch = None,
                // Only faults end a run.
                Effect::ContinueAsNew => self.request_next_run(world),
                // The task queues are registered, and the spec is valid.
                Effect::Register
                | Effect::RevalidateAt { .. }
                | Effect::CancelRevalidation
                | Effect::NotifyVersion
                | Effect::End(_) => {}
            }
        }
    }

    /// The main loop takes one step after all events of this instant, as it does after all events
    /// of a workflow task.
    fn request_advance(&mut self, world: &mut World<'_>) {
        if !self.is_advance_pending {
            self.is_advance_pending = true;
            self.do_after(Micros::ZERO, Step::Advance, world);
        }
    }

    fn advance(&mut self, world: &mut World<'_>) {
        self.is_advance_pending = false;
        let mut number = self.next_number();
        let new_id = || {
            number = number.wrapping_add(1);
            number.to_string()
        };
        let now = world.now;
        let history_is_long = world.faults.as_mut().is_some_and(|faults| faults.ends_run(now));
        let run = RunStatus { history_is_long, ..RunStatus::default() };
        let effects = self.state.advance(epoch_ms(now), run, new_id);
        self.numbers = number;
        self.carry_out(effects, world);
    }

    fn do_after(&mut self, wait: Micros, step: Step, world: &mut World<'_>) {
        let number = self.next_number();
        self.pending.insert(number, step);
        world.schedule(wait, ControllerEvent::Due(number));
    }

    fn next_number(&mut self) -> u32 {
        self.numbers = self.numbers.wrapping_add(1);
        self.numbers
    }
}
