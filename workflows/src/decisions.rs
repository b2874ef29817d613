//! From what happened to what is done: what a decision is asked, and what follows from it.

use wci_contract::{
    activities::{DecideInput, DecideOutput, GroupInput},
    decision::{Action, DecisionResult, Event, OwnState, Reason},
    launch::Outcome,
    limits::{MAX_ACTIONS, MAX_COUNT, MAX_REASONS},
    signal::TaskAdd,
    state::DecisionLogEntry,
};

use crate::{
    book::{Book, Phase},
    inbox::announced,
    worker_sets::size_wanted,
};

/// When to try again what could not be decided or launched, milliseconds.
const RETRY_MS: i64 = 1_000;
/// The soonest that a wake-up is worth its timer, milliseconds.
const SOONEST_MS: i64 = 5;
/// A launch whose outcome nobody reported is forgotten after this, milliseconds.
const UNKNOWN_EXPIRES_MS: i64 = 60_000;

impl Book {
    /// Whether something calls for a decision at `now_ms`.
    pub(crate) fn wants_decision(&self, now_ms: i64) -> bool {
        self.phase == Phase::Open
            && !self.letting_go
            && self.spec().is_some()
            && (self.inbox.is_urgent()
                || self.inbox.next_wake_ms().is_some_and(|at| at <= now_ms)
                || self.events.iter().any(|(group, events)| self.is_news(group, events)))
    }

    /// A launch that went well is no news, unless the group was in trouble.
    fn is_news(&self, group: &str, events: &[Event]) -> bool {
        let in_trouble = self.state.scaling_state.get(group).is_some_and(OwnState::is_in);
        events.iter().any(|event| match event {
            Event::Outcome(outcome) => in_trouble || !outcome.is_success(),
            Event::TaskAdd(_) | Event::Poll(_) | Event::Tick {} => true,
        })
    }

    /// Everything that there is to decide, taken out of the book. `new_id` names launches.
    pub(crate) fn question(
        &mut self,
        now_ms: i64,
        mut new_id: impl FnMut() -> String,
    ) -> DecideInput {
        self.unknown.retain(|launch| now_ms - launch.since < UNKNOWN_EXPIRES_MS);
        for (group, signals) in self.inbox.take_due(now_ms) {
            if signals.is_empty() {
                self.keep_warm(&group);
                self.look_again();
            } else {
                let events = self.events.entry(group).or_default();
                events.extend(signals.into_iter().map(Event::TaskAdd));
            }
        }
        for signal in self.inbox.take_fresh() {
            self.route(now_ms, signal);
        }
        let events = std::mem::take(&mut self.events);
        let ask = |(name, events): (String, Vec<Event>)| {
            let group = self.state.spec.as_ref()?.scaling_group_specs.get(&name)?;
            let question = GroupInput {
                provider_type: group.compute.provider_type.clone(),
                scaling: group.scaling.clone().unwrap_or_default(),
                state: self.state.scaling_state.get(&name).cloned().unwrap_or_default(),
                events,
                speculative_launch: (self.has_room(&name) && !self.is_set(&name))
                    .then(|| self.invocation(&name, 1, new_id()))
                    .flatten(),
                // A provider that keeps this group waiting is not waited for.
                report_outcome: self.launches_of(&name) == 0,
            };
            Some((name, question))
        };
        DecideInput { now_ms, groups: events.into_iter().filter_map(ask).collect() }
    }

    fn route(&mut self, now_ms: i64, signal: TaskAdd) {
        let spec = self.state.spec.as_ref();
        let group = spec.zip(signal.kind()).and_then(|(spec, kind)| spec.group_for(kind));
        if let Some(group) = group {
            let group = group.to_owned();
            self.events.entry(group).or_default().push(Event::TaskAdd(signal));
        } else if signal.is_eligible() {
            self.record(DecisionLogEntry {
                at_ms: now_ms,
                event: "task-add".into(),
                reasons: vec![Reason::NobodyServes { tasks: signal.misses }.to_string()],
                ..DecisionLogEntry::default()
            });
        }
    }

    /// Carries out what was decided.
    pub(crate) fn apply(&mut self, asked: DecideInput, mut answer: DecideOutput) {
        let now_ms = asked.now_ms;
        for (group, question) in asked.groups {
            match answer.groups.remove(&group) {
                _ if !self.serves(&group) => {
                    for signal in announced(question.events) {
                        self.inbox.add(None, signal);
                    }
                }
                Some(decision) => {
                    let launched = answer.launched.remove(&group);
                    self.carry_out(now_ms, &group, question, decision, launched);
                }
                None => self.put_off(now_ms, &group, question.events),
            }
        }
    }

    /// Nothing could be decided: everything is asked again soon.
    pub(crate) fn put_back(&mut self, asked: DecideInput) {
        for (group, question) in asked.groups {
            self.put_off(asked.now_ms, &group, question.events);
        }
    }

    fn put_off(&mut self, now_ms: i64, group: &str, events: Vec<Event>) {
        self.inbox.hold(group, announced(events), now_ms + RETRY_MS);
    }

    fn carry_out(
        &mut self,
        now_ms: i64,
        group: &str,
        asked: GroupInput,
        mut decision: DecisionResult,
        launched: Option<Outcome>,
    ) {
        let GroupInput { events, speculative_launch, .. } = asked;
        let wanted = workers_wanted(&decision.actions);
        let resized = size_wanted(&decision.actions);
        match resized {
            Some(count) => self.resize(now_ms, group, count),
            None => self.remind(now_ms, group),
        }
        let mut wake = decision.wake_at_ms.map(|at| at.max(now_ms + SOONEST_MS));
        let event = kinds(&events);
        // What was announced is held together: with a worker on its way, the watch sees what is
        // left of it.
        let is_put_off = decision.throttled > 0 && wanted == 0 && resized.is_none();
        let mut put_off = if is_put_off { announced(events) } else { Vec::new() };
        let mut invoked = 0;
        if wanted > 0 {
            if let Some(launch) = speculative_launch {
                match launched {
                    Some(outcome) => self.launched(now_ms, group, outcome),
                    None => self.launch(now_ms, group, wanted, launch.launch_id),
                }
                invoked = wanted;
            } else {
                let launches = u64::try_from(self.launches_of(group)).unwrap_or(u64::MAX);
                decision.reasons.push(Reason::TooManyLaunches { launches }.to_string());
                put_off.push(self.stand_in(group, wanted));
                wake = Some(now_ms + RETRY_MS);
            }
        }
        match wake {
            // Nothing is known to wait, so there is nothing to ask again: only to look.
            Some(wake) if put_off.is_empty() && wake <= now_ms + SOONEST_MS => self.look_again(),
            Some(wake) => self.inbox.hold(group, put_off, wake),
            None => {}
        }
        self.state.scaling_state.insert(group.to_owned(), decision.state);
        let poll_ms = self.next_poll_ms.insert(group.to_owned(), decision.next_poll_ms);
        if self.is_set(group) && poll_ms.is_none_or(|ms| decision.next_poll_ms < ms) {
            // The watch that runs would tell too late.
            self.watch_epoch += 1;
        }
        decision.reasons.truncate(MAX_REASONS);
        self.record(DecisionLogEntry {
            at_ms: now_ms,
            group: group.to_owned(),
            event,
            invoked,
            resized,
            throttled: decision.throttled,
            reasons: decision.reasons,
        });
    }

    /// Has the watch look at the backlog now.
    fn look_again(&mut self) {
        self.quiet_until_ms = 0;
        self.watch_epoch += 1;
    }
}

fn workers_wanted(actions: &[Action]) -> u32 {
    let wanted = actions.iter().take(MAX_ACTIONS).map(|action| match action {
        Action::InvokeWorker { count } => *count,
        Action::UpdateWorkerSetSize { .. } => 0,
    });
    wanted.fold(0, u32::saturating_add).min(MAX_COUNT)
}

fn kinds(events: &[Event]) -> String {
    let mut names: Vec<&str> = events
        .iter()
        .map(|event| match event {
            Event::TaskAdd(_) => "task-add",
            Event::Poll(_) => "poll",
            Event::Outcome(_) => "outcome",
            Event::Tick {} => "tick",
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names.join("+")
}
