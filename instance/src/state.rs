//! The state of an instance, and how events change it.

use std::collections::{BTreeMap, BTreeSet};

use wci_contract::{
    Refusal, Spec, TaskType, VersionId,
    activities::BacklogGrace,
    decision::Event as ScalingEvent,
    launch::Launch,
    limits::{MAX_DECISIONS, MAX_MESSAGE, cut},
    messages::StartInput,
    signal::TaskAdd,
    state::{DecisionLogEntry, Extension, State, Timestamp},
};

use crate::{Effect, Event, Rules, inbox::Inbox, update_queue::UpdateQueue};

/// The phase of the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Serves the version.
    #[default]
    Open,
    /// The next run takes over soon; clients have to retry updates.
    Closing,
    /// The version was deleted.
    Deleted,
    /// Another controller takes over.
    Released,
}

impl Phase {
    /// Whether nothing is left to do.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Deleted | Self::Released)
    }
}

/// The state of an instance.
#[derive(Debug, Clone)]
pub struct InstanceState {
    pub(crate) version: VersionId,
    /// The start input without its state: passed on to the next run unchanged.
    pub(crate) input: StartInput,
    /// The state that is carried over to the next run.
    pub(crate) state: State,
    /// When the run began.
    pub(crate) started_ms: i64,
    pub(crate) phase: Phase,
    pub(crate) rules: Rules,
    pub(crate) updates: UpdateQueue,
    pub(crate) inbox: Inbox,
    /// Events that no decision has seen yet, by group.
    pub(crate) events: BTreeMap<String, Vec<ScalingEvent>>,
    /// Whether a decision is in progress.
    pub(crate) deciding: bool,
    /// The announced tasks that it is about.
    pub(crate) under_decision: Vec<TaskAdd>,
    /// When the wake-up timer fires, if it is set.
    pub(crate) timer_ms: Option<i64>,
    /// Groups whose worker set has a size that was not sent to its provider yet.
    pub(crate) resizes_pending: BTreeSet<String>,
    /// Groups whose worker set is being resized.
    pub(crate) resizing: BTreeSet<String>,
    /// Whether all worker sets are being released, because the instance ends.
    pub(crate) releasing_sets: bool,
    /// Launches of an earlier run, whose outcome will not be reported.
    pub(crate) orphaned_launches: Vec<Launch>,
    /// When each group wants the next stats of its queues, milliseconds after its last decision.
    pub(crate) next_poll_ms: BTreeMap<String, u64>,
    pub(crate) backlog_grace: BacklogGrace,
    /// Whether the server announces tasks, as far as the last watch knew.
    pub(crate) is_announced: bool,
    /// Backlogs in a row that were seen while no task was dispatched.
    pub(crate) unserved_backlogs: u32,
    /// Whether a registration is in progress or about to begin.
    pub(crate) registering: bool,
    /// When the last attempt to register ended in this run.
    pub(crate) registered_ms: i64,
    /// Groups without registered task queues for which tasks were announced since the last step.
    pub(crate) announced_unregistered: BTreeSet<String>,
    /// When the next revalidation is set to begin.
    pub(crate) revalidate_at_ms: Option<i64>,
    /// Whether a revalidation is in progress.
    pub(crate) revalidating: bool,
    /// Whether the version's workflow is being notified.
    pub(crate) notifying: bool,
    /// When the last group was removed.
    pub(crate) vacated_ms: Option<i64>,
    /// The effects of the event that is being handled.
    pub(crate) effects: Vec<Effect>,
}

impl InstanceState {
    /// The state of a run that began at `started` with `input`.
    ///
    /// # Errors
    /// A start input that does not name a version, or whose spec is too large.
    pub fn new(mut input: StartInput, started: Timestamp) -> Result<Self, Refusal> {
        input.bound()?;
        let version = VersionId::new(&input.deployment_name, &input.build_id)
            .map_err(|e| Refusal::invalid(format!("the start input names no version: {e}")))?;
        let mut state = input.state.take().unwrap_or_default();
        state.create_time.get_or_insert(started);
        let mut inbox = Inbox::default();
        for signal in std::mem::take(&mut state.pending_task_add_signals) {
            inbox.add(None, signal);
        }
        let orphaned_launches =
            state.wci.as_mut().map(|wci| std::mem::take(&mut wci.launches)).unwrap_or_default();
        let mut instance = Self {
            version,
            input,
            state,
            started_ms: started.as_millis(),
            phase: Phase::Open,
            rules: Rules::default(),
            updates: UpdateQueue::default(),
            inbox,
            events: BTreeMap::new(),
            deciding: false,
            under_decision: Vec::new(),
            timer_ms: None,
            resizes_pending: BTreeSet::new(),
            resizing: BTreeSet::new(),
            releasing_sets: false,
            orphaned_launches,
            next_poll_ms: BTreeMap::new(),
            is_announced: false,
            backlog_grace: BacklogGrace::None,
            unserved_backlogs: 0,
            registering: false,
            registered_ms: i64::MIN,
            announced_unregistered: BTreeSet::new(),
            revalidate_at_ms: None,
            revalidating: false,
            notifying: false,
            vacated_ms: None,
            effects: Vec::new(),
        };
        let spec = instance.state.spec.clone().unwrap_or_default();
        instance.release_sets_not_in(&spec);
        instance.request_initial_ticks();
        Ok(instance)
    }

    /// Handles `event` at `now_ms`, and returns its effects.
    pub fn handle(&mut self, now_ms: i64, mut event: Event) -> Vec<Effect> {
        event.bound();
        let wakes_main_loop = event.wakes_main_loop();
        self.apply(now_ms, event);
        let has_work = self.phase != Phase::Open || self.wants_decision(i64::MIN);
        if !self.deciding && (wakes_main_loop || has_work) {
            self.effects.push(Effect::Advance);
        }
        self.take_effects()
    }

    fn apply(&mut self, now_ms: i64, event: Event) {
        match event {
            Event::RunStarted => self.start(now_ms),
            Event::RulesFollowed(rules) => self.rules = rules,
            Event::TasksAnnounced(signal) => {
                self.note_announcement(&signal);
                self.inbox.add(self.state.spec.as_ref(), signal);
            }
            Event::SignalDropped { reason } => self.drop_signal(&reason),
            Event::TimerFired => self.timer_ms = None,
            Event::DecisionMade { input, output } => self.apply_decision(input, output),
            Event::DecisionFailed { input } => self.defer_decision(input),
            Event::LaunchEnded { launch_id, outcome } => {
                self.end_launch(now_ms, &launch_id, outcome);
            }
            Event::SetResized { input, outcome } => self.end_resize(now_ms, &input, outcome),
            Event::WatchEnded(output) => self.end_watch(now_ms, &output),
            Event::WatchFailed => self.watch_anew(),
            Event::RegistrationEnded { spec, result } => {
                self.end_registration(now_ms, &spec, result);
            }
            Event::RevalidationDue => self.revalidate_at_ms = None,
            Event::Revalidated { spec, output } => self.end_revalidation(now_ms, &spec, output),
            Event::VersionNotified(status) => self.end_notification(status),
            Event::NotificationFailed { message, wait_ms } => {
                self.note_failed_notification(now_ms, &message, wait_ms);
            }
            Event::SpecChanged { spec, identity, output } => {
                self.change_spec(now_ms, spec, identity, output);
            }
            Event::SpecRemoved { identity } => self.remove_spec(now_ms, identity),
            Event::SetsReleased => self.release_all_sets(),
            Event::Deleted { identity } => self.delete(identity),
            Event::Released => self.close(Phase::Released),
            Event::UpdateFinished => self.updates.finish(),
        }
    }

    fn start(&mut self, now_ms: i64) {
        self.started_ms = now_ms;
        if self.spec().is_some() {
            self.watch_anew();
        }
    }

    /// Closes the run: it handles no more tasks.
    pub(crate) fn close(&mut self, phase: Phase) {
        self.phase = phase;
        self.effects.push(Effect::StopWatch);
    }

    /// Takes the effects of the change that was just made.
    pub(crate) fn take_effects(&mut self) -> Vec<Effect> {
        self.request_registration();
        self.request_revalidation();
        self.request_notification();
        std::mem::take(&mut self.effects)
    }

    /// The version that the instance serves.
    pub fn version(&self) -> &VersionId {
        &self.version
    }

    /// The spec; `None` while there is none or it is empty.
    pub fn spec(&self) -> Option<&Spec> {
        self.state.spec.as_ref().filter(|spec| !spec.is_empty())
    }

    /// Whether no launch and no resize is in progress.
    pub fn is_idle(&self) -> bool {
        self.resizing.is_empty()
            && self.state.wci.as_ref().is_none_or(|wci| wci.launches.is_empty())
    }

    /// Whether the run still serves the version.
    pub(crate) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// Whether the spec has a group of this name.
    pub(crate) fn serves(&self, group: &str) -> bool {
        self.spec().is_some_and(|spec| spec.scaling_group_specs.contains_key(group))
    }

    /// The part of the carried state that only this controller keeps.
    pub(crate) fn wci(&mut self) -> &mut Extension {
        self.state.wci.get_or_insert_default()
    }

    /// The task types that the groups serve.
    pub(crate) fn served_types(&self) -> Vec<TaskType> {
        let spec = self.spec();
        let is_served = |kind: &TaskType| spec.is_some_and(|s| s.group_for(*kind).is_some());
        TaskType::ALL.into_iter().filter(is_served).collect()
    }

    /// Counts a signal that could not be read.
    fn drop_signal(&mut self, reason: &str) {
        let wci = self.wci();
        wci.signals_dropped = wci.signals_dropped.saturating_add(1);
        wci.latest_drop = cut(reason, MAX_MESSAGE).to_owned();
    }

    /// Keeps a decision for `wci describe`.
    pub(crate) fn log_decision(&mut self, entry: DecisionLogEntry) {
        let decisions = &mut self.wci().decisions;
        if decisions.len() >= MAX_DECISIONS {
            decisions.drain(..=decisions.len() - MAX_DECISIONS);
        }
        decisions.push(entry);
    }
}
