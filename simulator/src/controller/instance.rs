//! The real instance with one group: [`InstanceState`] decides what happens, the site takes the
//! place of activities and timers.

use std::collections::{BTreeMap, VecDeque};

use serde_json::json;
use wci_contract::{
    ConfigPayload, LaunchStrategy, TaskType,
    activities::{DecideInput, DecideOutput, InvokeInput, WatchEnd, WatchInput, WatchOutput},
    decision::{Action, Decision, DecisionResult, Event as ScalingEvent},
    messages::StartInput,
    names::SUBPROCESS_POOL,
    payload::config_map,
    state::Timestamp,
};
use wci_instance::{
    Effect, Event, InstanceState, RunStatus,
    backlog_watch::{BacklogWatch, Sample},
};
use wci_scaling::{Algorithm, decide_batch, decide_with_worker_count, needs_worker_count};

use super::algorithm_runner::{epoch_ms, moment, outcome, signal};
use crate::{
    Contender, Micros, ParseError,
    agenda::{Answer, Control},
    site::Site,
};

/// The only scaling group.
const GROUP: &str = "simulated";
/// The longest time from one sample of an idle queue to the next.
const IDLE_INTERVAL: Micros = Micros::from_ms(2_000);
/// From the beginning of a watch to its first sample.
const WATCH_BEGINS: Micros = Micros::from_ms(10);
/// How long a decision waits for its own launch, as the activity does.
const SPECULATIVE_WAIT: Micros = Micros::from_ms(100);
/// How long before the simulation the instance began to watch an empty queue.
const IDLE_BEFORE_MS: i64 = 60_000;

/// An instance, and what is under way for it.
#[derive(Debug)]
pub(crate) struct Instance {
    state: InstanceState,
    algorithm: Algorithm,
    /// The decision that is under way: its output is there as soon as it is made.
    decision: Option<(DecideInput, Option<DecideOutput>)>,
    /// Events that the site will report by their numbers.
    pending: BTreeMap<u32, Event>,
    /// When speculative launches end that the instance has not asked for yet, by launch ID.
    speculative: BTreeMap<String, (Micros, Answer)>,
    watch: Option<(WatchInput, BacklogWatch)>,
    last_launch: Option<Micros>,
    /// Numbers the launches, and everything that can be replaced: watches, timers, events.
    numbers: u32,
    watch_number: u32,
    timer_number: u32,
}

impl Instance {
    pub(super) fn new(contender: &Contender) -> Result<Self, ParseError> {
        let provider_type = match contender.algorithm.strategy() {
            LaunchStrategy::Invoke => "simulated",
            LaunchStrategy::WorkerSet => SUBPROCESS_POOL,
        };
        let group = json!({"task_types": [TaskType::Workflow.to_wire()],
            "compute": {"provider_type": provider_type},
            "scaling": {"scaling_algorithm": contender.algorithm.name(),
                "config": ConfigPayload::from_map(&contender.config)}});
        // Its validation and its registration are long over.
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
            speculative: BTreeMap::new(),
            watch: None,
            last_launch: None,
            numbers: 0,
            watch_number: 0,
            timer_number: 0,
        })
    }

    /// The instance has watched an empty queue for a while, and is between two samples.
    pub(super) fn begin(&mut self, site: &mut Site<'_>) {
        let before_ms = epoch_ms(site.now) - IDLE_BEFORE_MS;
        self.state.handle(before_ms, Event::RunStarted);
        let mut effects = self.state.handle(before_ms, Event::WatchEnded(WatchOutput::default()));
        effects.retain(|effect| *effect != Effect::Watch);
        self.begin_watch(site, None);
        effects.push(Effect::Advance);
        self.carry_out(effects, site);
    }

    pub(super) fn go_on(&mut self, control: Control, site: &mut Site<'_>) {
        match control {
            Control::Signal(announced) => {
                self.report(Event::TasksAnnounced(signal(announced)), site);
            }
            Control::Decided => self.decided(site),
            Control::Reported(number) => {
                if let Some(event) = self.pending.remove(&number) {
                    self.report(event, site);
                }
            }
            Control::Wake(number) if number == self.timer_number => {
                self.report(Event::TimerFired, site);
            }
            Control::Sample(number) if number == self.watch_number => self.sample(site),
            Control::Wake(_) | Control::Sample(_) | Control::Answered(_) => {}
        }
    }

    fn report(&mut self, event: Event, site: &mut Site<'_>) {
        let effects = self.state.handle(epoch_ms(site.now), event);
        self.carry_out(effects, site);
    }

    /// Has `event` reported after `wait`.
    fn report_after(&mut self, wait: Micros, event: Event, site: &mut Site<'_>) {
        let number = self.next_number();
        self.pending.insert(number, event);
        site.after(wait, Control::Reported(number));
    }

    fn next_number(&mut self) -> u32 {
        self.numbers = self.numbers.wrapping_add(1);
        self.numbers
    }

    fn carry_out(&mut self, effects: Vec<Effect>, site: &mut Site<'_>) {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Advance => effects.extend(self.advance(site)),
                Effect::Decide(input) => {
                    self.decision = Some((input, None));
                    site.after(site.scenario.controller.decision_latency, Control::Decided);
                }
                Effect::SetTimer { at_ms } => {
                    self.timer_number = self.next_number();
                    site.after(moment(at_ms).less(site.now), Control::Wake(self.timer_number));
                }
                Effect::CancelTimer => self.timer_number = self.next_number(),
                Effect::Launch(input) => self.launch(*input, site),
                Effect::Resize { group } => self.resize(&group, site),
                Effect::Watch => self.begin_watch(site, Some(WATCH_BEGINS)),
                Effect::StopWatch => self.watch = None,
                // The task queues are registered, the spec is valid, and the run does not end.
                Effect::Register
                | Effect::RevalidateAt { .. }
                | Effect::CancelRevalidation
                | Effect::NotifyVersion
                | Effect::ContinueAsNew
                | Effect::End(_) => {}
            }
        }
    }

    fn advance(&mut self, site: &Site<'_>) -> Vec<Effect> {
        let mut number = self.next_number();
        let new_id = || {
            number = number.wrapping_add(1);
            number.to_string()
        };
        let effects = self.state.advance(epoch_ms(site.now), RunStatus::default(), new_id);
        self.numbers = number;
        effects
    }

    /// The decision's activity: decides, begins a speculative launch and waits for it for a while.
    fn decided(&mut self, site: &mut Site<'_>) {
        let Some((input, output)) = self.decision.take() else { return };
        if let Some(output) = output {
            self.report(Event::DecisionMade { input, output }, site);
            return;
        }
        let mut output = DecideOutput::default();
        let mut wait = Micros::ZERO;
        for (name, group) in &input.groups {
            let decision = self.decide(&input, name, site);
            let speculative = group.speculative_launch.as_ref().filter(|_| {
                matches!(decision.actions.as_slice(), [Action::InvokeWorker { count: 1 }])
            });
            output.groups.insert(name.clone(), DecisionResult::from(decision));
            let Some(launch) = speculative else { continue };
            self.last_launch = Some(site.now);
            let answer = site.ask(1);
            let latency = site.latency();
            if group.report_outcome && latency <= SPECULATIVE_WAIT {
                output.launched.insert(name.clone(), outcome(answer));
                wait = wait.max(latency);
            } else {
                self.speculative.insert(launch.launch_id.clone(), (site.now + latency, answer));
                wait = if group.report_outcome { SPECULATIVE_WAIT } else { wait };
            }
        }
        if wait == Micros::ZERO {
            self.report(Event::DecisionMade { input, output }, site);
        } else {
            self.decision = Some((input, Some(output)));
            site.after(wait, Control::Decided);
        }
    }

    /// Before the maximum number of workers defers a task, the workers that poll are counted.
    fn decide(&self, input: &DecideInput, name: &str, site: &mut Site<'_>) -> Decision {
        let Some(group) = input.groups.get(name) else { return Decision::default() };
        let config = config_map(group.scaling.config.as_ref()).unwrap_or_default();
        let (now_ms, events) = (input.now_ms, &group.events);
        let mut decision = decide_batch(now_ms, self.algorithm, &config, &group.state, events);
        if needs_worker_count(&decision)
            && events.iter().any(is_announced)
            && let Some(workers) = site.workers()
        {
            let (algorithm, state) = (self.algorithm, &group.state);
            decision = decide_with_worker_count(now_ms, algorithm, &config, state, events, workers);
        }
        site.tally.decided(&decision);
        decision
    }

    /// The activity of a launch finds one that began with its decision.
    fn launch(&mut self, input: InvokeInput, site: &mut Site<'_>) {
        let InvokeInput { launch_id, count, .. } = input;
        let (ends, answer) = self.speculative.remove(&launch_id).unwrap_or_else(|| {
            let answer = site.ask(count);
            (site.now + site.latency(), answer)
        });
        self.last_launch = Some(site.now);
        let event = Event::LaunchEnded { launch_id, outcome: outcome(answer) };
        self.report_after(ends.less(site.now), event, site);
    }

    fn resize(&mut self, group: &str, site: &mut Site<'_>) {
        let Some(input) = self.state.begin_resize(group) else { return };
        self.last_launch = Some(site.now);
        let outcome = outcome(site.resize(input.count));
        let latency = site.latency();
        self.report_after(latency, Event::SetResized { input, outcome }, site);
    }

    /// Begins a watch, whose first sample is taken after `wait`; without that it is between two
    /// samples.
    fn begin_watch(&mut self, site: &mut Site<'_>, wait: Option<Micros>) {
        self.watch_number = self.next_number();
        let request = self.state.begin_watch(epoch_ms(site.now));
        self.watch = request.map(|request| (request.input, BacklogWatch::default()));
        let wait = wait.unwrap_or_else(|| site.phase(IDLE_INTERVAL));
        site.after(wait, Control::Sample(self.watch_number));
    }

    fn sample(&mut self, site: &mut Site<'_>) {
        let Some((input, watch)) = &mut self.watch else { return };
        let poll = site.look();
        let since_launch = self.last_launch.map(|at| site.now.less(at).whole_ms());
        let sample = Sample {
            now_ms: epoch_ms(site.now),
            since_launch_ms: since_launch.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX)),
            stats: poll.stats,
        };
        let Some(end) = watch.judge(input, &sample) else {
            let interval = watch.interval(&sample).as_millis();
            let interval = Micros::from_ms(u64::try_from(interval).unwrap_or(u64::MAX));
            site.after(interval, Control::Sample(self.watch_number));
            return;
        };
        self.watch = None;
        // Workers are counted when a backlog is reported, and not when the time is up.
        let workers = poll.workers.filter(|_| end == WatchEnd::Backlog);
        let workers = workers.map(|workers| [(TaskType::Workflow, workers)].into());
        let output = WatchOutput { end, stats: sample.stats, workers };
        self.report(Event::WatchEnded(output), site);
    }
}

/// Whether the server announced a task.
fn is_announced(event: &ScalingEvent) -> bool {
    matches!(event, ScalingEvent::TaskAdd(signal) if !signal.task_queue_name.is_empty())
}
