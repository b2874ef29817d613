//! Decisions: their input, and the effects of their output.

use wci_contract::{
    activities::{BacklogGrace, DecideInput, DecideOutput, GroupInput},
    decision::{Action, DecisionResult, Event as ScalingEvent, OwnState, Reason},
    launch::Outcome,
    limits::{MAX_ACTIONS, MAX_COUNT, MAX_REASONS},
    signal::TaskAdd,
    state::DecisionLogEntry,
};

use crate::{
    Effect, InstanceState, Rules, inbox::announced, state::Phase, worker_set::desired_size,
};

/// The time until a decision or launch that could not be made is retried.
const RETRY_MS: i64 = 1_000;
/// The shortest wait that is worth a timer.
const MIN_WAKE_UP_MS: i64 = 5;
/// The time until an orphaned launch is forgotten.
const ORPHAN_EXPIRES_MS: i64 = 60_000;

impl InstanceState {
    /// Whether something calls for a decision at `now_ms`.
    pub(crate) fn wants_decision(&self, now_ms: i64) -> bool {
        self.phase == Phase::Open
            && !self.releasing_sets
            && self.spec().is_some()
            && (self.inbox.is_urgent()
                || self.inbox.next_wake_ms().is_some_and(|at| at <= now_ms)
                || self.events.iter().any(|(group, events)| self.calls_for_one(group, events)))
    }

    /// A launch that succeeded calls for no decision, unless the group backs off.
    fn calls_for_one(&self, group: &str, events: &[ScalingEvent]) -> bool {
        let backs_off = self.state.scaling_state.get(group).is_some_and(OwnState::is_in);
        events.iter().any(|event| match event {
            ScalingEvent::Outcome(outcome) => backs_off || !outcome.is_success(),
            ScalingEvent::TaskAdd(_) | ScalingEvent::Poll(_) | ScalingEvent::Tick {} => true,
        })
    }

    /// Begins a decision if something calls for one. Returns whether it did. `new_id` generates
    /// launch IDs.
    pub(crate) fn begin_decision(&mut self, now_ms: i64, new_id: impl FnMut() -> String) -> bool {
        if !self.wants_decision(now_ms) {
            return false;
        }
        let input = self.decide_input(now_ms, new_id);
        self.deciding = !input.groups.is_empty();
        if self.deciding {
            let events = input.groups.values().flat_map(|group| group.events.iter().cloned());
            self.under_decision = announced(events);
            self.effects.push(Effect::Decide(input));
        }
        self.deciding
    }

    /// Takes everything that calls for a decision out of the state.
    fn decide_input(&mut self, now_ms: i64, mut new_id: impl FnMut() -> String) -> DecideInput {
        self.orphaned_launches.retain(|launch| now_ms - launch.since < ORPHAN_EXPIRES_MS);
        for (group, signals) in self.inbox.take_due(now_ms) {
            if signals.is_empty() {
                self.request_due_tick(&group);
                self.read_backlog_now();
            } else {
                let events = self.events.entry(group).or_default();
                events.extend(signals.into_iter().map(ScalingEvent::TaskAdd));
            }
        }
        for signal in self.inbox.take_fresh() {
            self.route(now_ms, signal);
        }
        let events = std::mem::take(&mut self.events);
        let with_input = |(name, events): (String, Vec<ScalingEvent>)| {
            let group = self.state.spec.as_ref()?.scaling_group_specs.get(&name)?;
            let input = GroupInput {
                provider_type: group.compute.provider_type.clone(),
                scaling: group.scaling.clone().unwrap_or_default(),
                state: self.state.scaling_state.get(&name).cloned().unwrap_or_default(),
                events,
                speculative_launch: (self.may_launch(&name) && !self.is_worker_set(&name))
                    .then(|| self.launch_input(&name, 1, new_id()))
                    .flatten(),
                // A decision does not wait while another launch of the group is in progress.
                report_outcome: self.launches_of(&name) == 0,
            };
            Some((name, input))
        };
        DecideInput { now_ms, groups: events.into_iter().filter_map(with_input).collect() }
    }

    /// Routes announced tasks to the group that serves them.
    fn route(&mut self, now_ms: i64, signal: TaskAdd) {
        let spec = self.state.spec.as_ref();
        let group = spec.zip(signal.kind()).and_then(|(spec, kind)| spec.group_for(kind));
        if let Some(group) = group {
            let group = group.to_owned();
            self.events.entry(group).or_default().push(ScalingEvent::TaskAdd(signal));
        } else if signal.is_eligible() {
            self.log_decision(DecisionLogEntry {
                at_ms: now_ms,
                event: "task-add".into(),
                // The server may omit the count of a single miss.
                reasons: vec![Reason::NobodyServes { tasks: signal.misses.max(1) }.to_string()],
                ..DecisionLogEntry::default()
            });
        }
    }

    /// Carries out a decision.
    pub(crate) fn apply_decision(&mut self, input: DecideInput, mut output: DecideOutput) {
        if self.decides_too_late() {
            return self.hand_back(input);
        }
        self.end_decision();
        let now_ms = input.now_ms;
        self.note_crashes(std::mem::take(&mut output.crashes));
        for (group, input) in input.groups {
            match output.groups.remove(&group) {
                Some(decision) if self.serves(&group) => {
                    let launched = output.launched.remove(&group);
                    self.apply_to_group(now_ms, &group, input, decision, launched);
                }
                _ => self.defer(now_ms, &group, input.events),
            }
        }
    }

    /// Whether another controller decides from now on, or nobody. A worker that was started with the
    /// decision counts for whoever takes the tasks over.
    fn decides_too_late(&self) -> bool {
        self.phase.is_over() || (self.releasing_sets && self.rules == Rules::Fifth)
    }

    /// The tasks of a decision that came too late are held again.
    fn hand_back(&mut self, input: DecideInput) {
        self.end_decision();
        for signal in announced(input.groups.into_values().flat_map(|group| group.events)) {
            self.inbox.add(None, signal);
        }
    }

    fn end_decision(&mut self) {
        self.deciding = false;
        self.under_decision.clear();
    }

    /// No decision could be made: retries everything soon.
    pub(crate) fn defer_decision(&mut self, input: DecideInput) {
        if self.decides_too_late() {
            return self.hand_back(input);
        }
        self.end_decision();
        for (group, group_input) in input.groups {
            self.defer(input.now_ms, &group, group_input.events);
        }
    }

    /// Tasks of a group that was removed meanwhile may belong to another one now.
    fn defer(&mut self, now_ms: i64, group: &str, events: Vec<ScalingEvent>) {
        let signals = announced(events);
        if self.serves(group) {
            self.inbox.defer(group, signals, now_ms + RETRY_MS);
        } else {
            signals.into_iter().for_each(|signal| self.inbox.add(None, signal));
        }
    }

    fn apply_to_group(
        &mut self,
        now_ms: i64,
        group: &str,
        input: GroupInput,
        mut decision: DecisionResult,
        launched: Option<Outcome>,
    ) {
        let GroupInput { events, speculative_launch, .. } = input;
        let requested = workers_requested(&decision.actions);
        let resized = desired_size(&decision.actions);
        match resized {
            Some(count) => self.set_size(now_ms, group, count),
            None => self.assert_size(now_ms, group),
        }
        let mut wake_ms = decision.wake_at_ms.map(|at| at.max(now_ms + MIN_WAKE_UP_MS));
        let event = kinds(&events);
        // Announced tasks are deferred all together or not at all: if a worker is starting, the
        // watch reads how many of them remain.
        let is_deferred = decision.throttled > 0 && requested == 0 && resized.is_none();
        let mut deferred = if is_deferred { announced(events) } else { Vec::new() };
        let mut invoked = 0;
        if requested > 0 {
            if let Some(launch) = speculative_launch {
                match launched {
                    Some(outcome) => self.record_launch(now_ms, group, outcome),
                    None => self.launch(now_ms, group, requested, launch.launch_id),
                }
                invoked = requested;
            } else {
                let launches = u64::try_from(self.launches_of(group)).unwrap_or(u64::MAX);
                decision.reasons.push(Reason::TooManyLaunches { launches }.to_string());
                deferred.push(self.synthetic_signal(group, requested));
                wake_ms = Some(now_ms + RETRY_MS);
            }
        }
        self.wake_up(now_ms, group, deferred, wake_ms);
        self.state.scaling_state.insert(group.to_owned(), decision.state);
        self.set_next_poll(group, decision.next_poll_ms);
        decision.reasons.truncate(MAX_REASONS);
        self.log_decision(DecisionLogEntry {
            at_ms: now_ms,
            group: group.to_owned(),
            event,
            invoked,
            resized,
            throttled: decision.throttled,
            reasons: decision.reasons,
        });
    }

    /// Wakes the group up at `wake_ms`, with the tasks that are `deferred` until then.
    fn wake_up(&mut self, now_ms: i64, group: &str, deferred: Vec<TaskAdd>, wake_ms: Option<i64>) {
        match wake_ms {
            // No task is known to wait, so no decision is needed, only a read of the backlog.
            Some(wake_ms) if deferred.is_empty() && wake_ms <= now_ms + MIN_WAKE_UP_MS => {
                self.read_backlog_now();
            }
            Some(wake_ms) => self.inbox.defer(group, deferred, wake_ms),
            None => {}
        }
    }

    fn set_next_poll(&mut self, group: &str, next_ms: u64) {
        let last_ms = self.next_poll_ms.insert(group.to_owned(), next_ms);
        if self.is_worker_set(group) && last_ms.is_none_or(|last_ms| next_ms < last_ms) {
            // The running watch would report too late.
            self.watch_anew();
        }
    }

    /// Has a new watch report a backlog at once, even if workers are starting.
    fn read_backlog_now(&mut self) {
        self.backlog_grace = BacklogGrace::None;
        self.watch_anew();
    }
}

fn workers_requested(actions: &[Action]) -> u32 {
    let counts = actions.iter().take(MAX_ACTIONS).map(|action| match action {
        Action::InvokeWorker { count } => *count,
        Action::UpdateWorkerSetSize { .. } => 0,
    });
    counts.fold(0, u32::saturating_add).min(MAX_COUNT)
}

/// The kinds of the events, as in the log of decisions.
fn kinds(events: &[ScalingEvent]) -> String {
    let mut names: Vec<&str> = events
        .iter()
        .map(|event| match event {
            ScalingEvent::TaskAdd(_) => "task-add",
            ScalingEvent::Poll(_) => "poll",
            ScalingEvent::Outcome(_) => "outcome",
            ScalingEvent::Tick {} => "tick",
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names.join("+")
}
