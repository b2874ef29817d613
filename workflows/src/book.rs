//! What an instance knows. Plain data: no awaits, no clock, so that its rules can be read and
//! tested by themselves.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use wci_contract::{
    Refusal, Spec, TaskType, VersionId,
    activities::{InvokeInput, WatchInput},
    decision::Event,
    launch::Launch,
    limits::{MAX_DECISIONS, MAX_MESSAGE, cut},
    messages::StartInput,
    signal::TaskAdd,
    state::{DecisionLogEntry, Extension, State, Timestamp},
};

use crate::{
    inbox::{Inbox, announced},
    tickets::Tickets,
};

/// How far the run has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Everything is taken in.
    #[default]
    Open,
    /// The next run takes over soon; updates are asked to come again.
    Closing,
    /// The version was deleted.
    Deleted,
    /// Another controller goes on with what this one knew.
    Released,
}

impl Phase {
    /// Whether the run has nothing left to do.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Deleted | Self::Released)
    }
}

/// Everything that an instance knows.
#[derive(Debug, Default)]
pub struct Book {
    pub(crate) input: StartInput,
    pub(crate) state: State,
    pub(crate) phase: Phase,
    pub(crate) tickets: Tickets,
    pub(crate) inbox: Inbox,
    pub(crate) events: BTreeMap<String, Vec<Event>>,
    /// Launches that no activity has been scheduled for yet.
    pub(crate) to_launch: VecDeque<InvokeInput>,
    /// Groups whose set of workers is to be told its size.
    pub(crate) to_resize: BTreeSet<String>,
    /// Groups whose set is being told.
    pub(crate) resizing: BTreeSet<String>,
    /// The instance ends as soon as its sets have; nothing is decided any more.
    pub(crate) letting_go: bool,
    /// Launches of an earlier run, whose outcome nobody will report.
    pub(crate) unknown: Vec<Launch>,
    pub(crate) next_poll_ms: BTreeMap<String, u64>,
    /// Until then, a backlog is taken to be what the latest launches are for.
    pub(crate) quiet_until_ms: i64,
    /// Backlogs in a row that were seen while nobody took a task.
    pub(crate) fruitless: u32,
    /// Grows when a watch must look at other types.
    pub(crate) watch_epoch: u64,
    /// When the last group was removed, milliseconds since the Unix epoch.
    pub(crate) vacated_ms: Option<i64>,
    /// Something changed that the loop must look at, though it calls for no decision.
    pub(crate) moved: bool,
    /// Why the run cannot be an instance at all.
    pub(crate) unusable: Option<Refusal>,
}

impl Book {
    /// The book of a run that began at `started` with `input`.
    pub fn open(input: Result<StartInput, Refusal>, started: Timestamp) -> Self {
        let mut input = match input.and_then(check_names) {
            Ok(input) => input,
            Err(refusal) => return Self { unusable: Some(refusal), ..Self::default() },
        };
        let mut state = input.state.take().unwrap_or_default();
        state.create_time.get_or_insert(started);
        let mut book = Self { input, ..Self::default() };
        for signal in std::mem::take(&mut state.pending_task_add_signals) {
            book.inbox.add(None, signal);
        }
        if let Some(wci) = &mut state.wci {
            book.unknown = std::mem::take(&mut wci.launches);
        }
        book.state = state;
        let spec = book.state.spec.clone().unwrap_or_default();
        book.let_go_all_but(&spec);
        book.warm_up();
        book
    }

    /// Hears a `task-add-signal`; what makes no sense is counted and forgotten.
    pub fn hear(&mut self, signal: Option<TaskAdd>) {
        match signal {
            Some(signal) => self.inbox.add(self.state.spec.as_ref(), signal),
            None => self.drop_signal("it is not of the shape that matching sends"),
        }
    }

    /// Takes note of a signal that makes no sense.
    pub(crate) fn drop_signal(&mut self, why: &str) {
        let wci = self.wci();
        wci.signals_dropped += 1;
        wci.latest_drop = cut(why, MAX_MESSAGE).to_owned();
    }

    /// The spec, unless there is none or it is empty.
    pub(crate) fn spec(&self) -> Option<&Spec> {
        self.state.spec.as_ref().filter(|spec| !spec.is_empty())
    }

    /// Whether the spec has a group of this name.
    pub(crate) fn serves(&self, group: &str) -> bool {
        self.spec().is_some_and(|spec| spec.scaling_group_specs.contains_key(group))
    }

    /// Whose workers these are.
    pub(crate) fn version(&self) -> Option<VersionId> {
        VersionId::new(&self.input.deployment_name, &self.input.build_id).ok()
    }

    /// What only this controller keeps.
    pub(crate) fn wci(&mut self) -> &mut Extension {
        self.state.wci.get_or_insert_default()
    }

    /// The task types that some group serves.
    pub(crate) fn served_types(&self) -> Vec<TaskType> {
        let spec = self.spec();
        let is_served = |kind: &TaskType| spec.is_some_and(|s| s.group_for(*kind).is_some());
        TaskType::ALL.into_iter().filter(is_served).collect()
    }

    /// What the next watch is to look for, `now_ms`; `None` while there is nothing to watch.
    pub(crate) fn next_watch(&self, now_ms: i64, lasting_ms: i64) -> Option<WatchInput> {
        const DEFAULT_POLL_MS: u64 = 60_000;
        // The server's figures are up to that old: to tell of a backlog sooner again is no news.
        const FIGURES_AGE_MS: i64 = 5_000;
        let types = self.served_types();
        let due = self.next_poll_ms.values().min().copied().unwrap_or(DEFAULT_POLL_MS);
        let due = i64::try_from(due).unwrap_or(i64::MAX).max(FIGURES_AGE_MS);
        // What becomes of a set is decided at its own pace, whether or not tasks wait.
        let set_poll_ms = self.next_set_poll_ms(DEFAULT_POLL_MS);
        let lasting_ms = set_poll_ms.map_or(lasting_ms, |ms| i64::try_from(ms).unwrap_or(i64::MAX));
        let version = self.version()?;
        (!types.is_empty()).then(|| WatchInput {
            version,
            types,
            quiet_until_ms: self.quiet_until_ms,
            due_ms: now_ms.saturating_add(due),
            until_ms: now_ms.saturating_add(lasting_ms.max(due)),
        })
    }

    /// Remembers a decision for `wci describe`.
    pub(crate) fn record(&mut self, record: DecisionLogEntry) {
        let decisions = &mut self.wci().decisions;
        if decisions.len() >= MAX_DECISIONS {
            decisions.drain(..=decisions.len() - MAX_DECISIONS);
        }
        decisions.push(record);
    }

    /// Takes `spec` into service.
    pub(crate) fn put_in_service(&mut self, spec: Spec) {
        let types = self.served_types();
        self.inbox.regroup(&spec);
        let has = |group: &String| spec.scaling_group_specs.contains_key(group);
        self.state.scaling_state.retain(|group, _| has(group));
        self.next_poll_ms.retain(|group, _| has(group));
        let (kept, gone) =
            std::mem::take(&mut self.events).into_iter().partition(|(group, _)| has(group));
        self.events = kept;
        let gone: BTreeMap<String, Vec<Event>> = gone;
        for signal in announced(gone.into_values().flatten()) {
            self.inbox.add(None, signal);
        }
        self.keep_underway(&spec);
        self.let_go_all_but(&spec);
        self.wci().last_failures.clear();
        self.wci().register = !spec.is_empty();
        self.state.spec = Some(spec);
        let has_sets = self.next_set_poll_ms(0).is_some();
        if has_sets || self.served_types() != types {
            self.watch_epoch += 1;
        }
        self.warm_up();
    }
}

fn check_names(input: StartInput) -> Result<StartInput, Refusal> {
    VersionId::new(&input.deployment_name, &input.build_id)
        .map(|_| ())
        .map_err(|e| Refusal::invalid(format!("the start input names no version: {e}")))?;
    Ok(input)
}

#[cfg(test)]
mod tests;
