//! The inbox: announced tasks that no decision has seen, or that a decision deferred.

use std::collections::BTreeMap;

use wci_contract::{
    Spec,
    decision::Event as ScalingEvent,
    signal::{TaskAdd, coalesce},
};

/// The announced tasks among `events` that call for workers.
pub(crate) fn announced(events: impl IntoIterator<Item = ScalingEvent>) -> Vec<TaskAdd> {
    let signal = |event| match event {
        ScalingEvent::TaskAdd(signal) => Some(signal),
        ScalingEvent::Poll(_) | ScalingEvent::Outcome(_) | ScalingEvent::Tick {} => None,
    };
    events.into_iter().filter_map(signal).filter(TaskAdd::is_eligible).collect()
}

/// Tasks that a decision deferred until a time.
#[derive(Debug, Clone, Default, PartialEq)]
struct Deferred {
    /// The announcements; empty when only the backlog is to be read.
    signals: Vec<TaskAdd>,
    /// When to decide again.
    wake_at_ms: i64,
}

impl Deferred {
    fn has_type_of(&self, signal: &TaskAdd) -> bool {
        self.signals.iter().any(|other| other.task_queue_type == signal.task_queue_type)
    }
}

/// The announcements that no launch has answered yet. Bounded by coalescing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inbox {
    fresh: Vec<TaskAdd>,
    deferred: BTreeMap<String, Deferred>,
}

impl Inbox {
    /// Adds an announcement. It joins deferred tasks of its group and type, if there are any.
    pub(crate) fn add(&mut self, spec: Option<&Spec>, signal: TaskAdd) {
        let group = spec.zip(signal.kind()).and_then(|(spec, kind)| spec.group_for(kind));
        match group.and_then(|group| self.deferred.get_mut(group)) {
            Some(deferred) if signal.is_eligible() && deferred.has_type_of(&signal) => {
                coalesce(&mut deferred.signals, signal);
            }
            _ => coalesce(&mut self.fresh, signal),
        }
    }

    /// Defers tasks of `group` until `wake_at_ms`, or until its tasks that are deferred already
    /// are due.
    pub(crate) fn defer(&mut self, group: &str, signals: Vec<TaskAdd>, wake_at_ms: i64) {
        let deferred = self
            .deferred
            .entry(group.to_owned())
            .or_insert_with(|| Deferred { wake_at_ms, ..Deferred::default() });
        deferred.wake_at_ms = deferred.wake_at_ms.min(wake_at_ms);
        for signal in signals {
            coalesce(&mut deferred.signals, signal);
        }
    }

    /// Whether an announcement calls for workers and is not deferred.
    pub(crate) fn is_urgent(&self) -> bool {
        self.fresh.iter().any(TaskAdd::is_eligible)
    }

    /// When the next deferred tasks are due.
    pub(crate) fn next_wake_ms(&self) -> Option<i64> {
        self.deferred.values().map(|deferred| deferred.wake_at_ms).min()
    }

    /// Takes the announcements that no decision has seen.
    pub(crate) fn take_fresh(&mut self) -> Vec<TaskAdd> {
        std::mem::take(&mut self.fresh)
    }

    /// Takes the deferred tasks that are due at `now_ms`, by group.
    pub(crate) fn take_due(&mut self, now_ms: i64) -> BTreeMap<String, Vec<TaskAdd>> {
        let (due, later) = std::mem::take(&mut self.deferred)
            .into_iter()
            .partition(|(_, deferred)| deferred.wake_at_ms <= now_ms);
        self.deferred = later;
        let due: BTreeMap<String, Deferred> = due;
        due.into_iter().map(|(group, deferred)| (group, deferred.signals)).collect()
    }

    /// Stops deferring tasks of groups that `spec` does not have: another group may serve them.
    pub(crate) fn regroup(&mut self, spec: &Spec) {
        let (kept, gone) = std::mem::take(&mut self.deferred)
            .into_iter()
            .partition(|(group, _)| spec.scaling_group_specs.contains_key(group));
        self.deferred = kept;
        let gone: BTreeMap<String, Deferred> = gone;
        for signal in gone.into_values().flat_map(|deferred| deferred.signals) {
            coalesce(&mut self.fresh, signal);
        }
    }

    /// All announcements, merged, for the next run.
    pub(crate) fn all(&self) -> Vec<TaskAdd> {
        let mut all = self.fresh.clone();
        for signal in self.deferred.values().flat_map(|deferred| &deferred.signals) {
            coalesce(&mut all, signal.clone());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn miss(queue: &str) -> TaskAdd {
        TaskAdd {
            task_queue_name: queue.into(),
            task_queue_type: 1,
            misses: 1,
            ..TaskAdd::default()
        }
    }

    fn spec() -> Spec {
        serde_json::from_value(json!({"scaling_group_specs": {"g": {}}})).unwrap()
    }

    #[test]
    fn deferred_tasks_come_back_when_they_are_due() {
        let mut inbox = Inbox::default();
        inbox.defer("g", vec![miss("a")], 100);
        inbox.add(Some(&spec()), miss("a"));
        assert!(!inbox.is_urgent());
        assert_eq!(inbox.next_wake_ms(), Some(100));
        assert!(inbox.take_due(99).is_empty());
        assert_eq!(inbox.take_due(100)["g"][0].misses, 2);
        assert_eq!(inbox.next_wake_ms(), None);
    }

    #[test]
    fn a_type_that_was_not_deferred_does_not_wait_for_one_that_was() {
        let mut inbox = Inbox::default();
        inbox.defer("g", vec![miss("a")], 100);
        inbox.add(Some(&spec()), TaskAdd { task_queue_type: 2, ..miss("a") });
        assert!(inbox.is_urgent());
    }

    #[test]
    fn tasks_of_a_group_that_was_removed_are_not_lost() {
        let mut inbox = Inbox::default();
        inbox.defer("gone", vec![miss("a")], 100);
        inbox.regroup(&spec());
        assert!(inbox.is_urgent());
    }

    #[test]
    fn nothing_is_lost_between_runs() {
        let mut inbox = Inbox::default();
        inbox.add(None, miss("a"));
        inbox.defer("g", vec![miss("a"), miss("b")], 100);
        let all = inbox.all();
        assert_eq!(all.iter().map(|signal| signal.misses).sum::<u64>(), 3);
    }

    #[test]
    fn a_sync_match_alone_is_not_urgent() {
        let mut inbox = Inbox::default();
        inbox.add(None, TaskAdd { is_sync_match: true, misses: 0, syncs: 1, ..miss("a") });
        assert!(!inbox.is_urgent());
    }
}
