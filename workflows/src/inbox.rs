//! Announced tasks: those that no decision has seen, and those that one put off.

use std::collections::BTreeMap;

use wci_contract::{
    Spec,
    decision::Event,
    signal::{TaskAdd, coalesce},
};

/// The announced tasks among `events` that call for workers.
pub(crate) fn announced(events: impl IntoIterator<Item = Event>) -> Vec<TaskAdd> {
    let signal = |event| match event {
        Event::TaskAdd(signal) => Some(signal),
        Event::Poll(_) | Event::Outcome(_) | Event::Tick {} => None,
    };
    events.into_iter().filter_map(signal).filter(TaskAdd::is_eligible).collect()
}

/// Tasks that a decision put off until a time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Held {
    /// What was announced; may be empty, when only a look was asked for.
    pub(crate) signals: Vec<TaskAdd>,
    /// When to ask again, milliseconds since the Unix epoch.
    pub(crate) wake_at_ms: i64,
}

impl Held {
    fn has_type_of(&self, signal: &TaskAdd) -> bool {
        self.signals.iter().any(|other| other.task_queue_type == signal.task_queue_type)
    }
}

/// Everything that was announced and not yet served. Bounded by coalescing.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    fresh: Vec<TaskAdd>,
    held: BTreeMap<String, Held>,
}

impl Inbox {
    /// Takes in what was announced. Tasks of a group and a type that wait for a time already
    /// join those.
    pub(crate) fn add(&mut self, spec: Option<&Spec>, signal: TaskAdd) {
        let group = spec.zip(signal.kind()).and_then(|(spec, kind)| spec.group_for(kind));
        match group.and_then(|group| self.held.get_mut(group)) {
            Some(held) if signal.is_eligible() && held.has_type_of(&signal) => {
                coalesce(&mut held.signals, signal);
            }
            _ => coalesce(&mut self.fresh, signal),
        }
    }

    /// Puts tasks of `group` off until `wake_at_ms`, or until what is put off already is due.
    pub(crate) fn hold(&mut self, group: &str, signals: Vec<TaskAdd>, wake_at_ms: i64) {
        let held = self
            .held
            .entry(group.to_owned())
            .or_insert_with(|| Held { wake_at_ms, ..Held::default() });
        held.wake_at_ms = held.wake_at_ms.min(wake_at_ms);
        for signal in signals {
            coalesce(&mut held.signals, signal);
        }
    }

    /// Whether something was announced that calls for workers and waits for no time.
    pub(crate) fn is_urgent(&self) -> bool {
        self.fresh.iter().any(TaskAdd::is_eligible)
    }

    /// When the next of those put off is due.
    pub(crate) fn next_wake_ms(&self) -> Option<i64> {
        self.held.values().map(|held| held.wake_at_ms).min()
    }

    /// Takes what no decision has seen.
    pub(crate) fn take_fresh(&mut self) -> Vec<TaskAdd> {
        std::mem::take(&mut self.fresh)
    }

    /// Takes the groups that are due at `now_ms`.
    pub(crate) fn take_due(&mut self, now_ms: i64) -> BTreeMap<String, Vec<TaskAdd>> {
        let (due, held) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|(_, held)| held.wake_at_ms <= now_ms);
        self.held = held;
        let due: BTreeMap<String, Held> = due;
        due.into_iter().map(|(group, held)| (group, held.signals)).collect()
    }

    /// Makes groups that are no longer there wait for nothing; their tasks may now be another's.
    pub(crate) fn regroup(&mut self, spec: &Spec) {
        let (held, gone) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|(group, _)| spec.scaling_group_specs.contains_key(group));
        self.held = held;
        let gone: BTreeMap<String, Held> = gone;
        for signal in gone.into_values().flat_map(|held| held.signals) {
            coalesce(&mut self.fresh, signal);
        }
    }

    /// Everything, merged, for the next run.
    pub(crate) fn all(&self) -> Vec<TaskAdd> {
        let mut all = self.fresh.clone();
        for signal in self.held.values().flat_map(|held| &held.signals) {
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
    fn tasks_put_off_come_back_when_their_time_has_come() {
        let mut inbox = Inbox::default();
        inbox.hold("g", vec![miss("a")], 100);
        inbox.add(Some(&spec()), miss("a"));
        assert!(!inbox.is_urgent());
        assert_eq!(inbox.next_wake_ms(), Some(100));
        assert!(inbox.take_due(99).is_empty());
        assert_eq!(inbox.take_due(100)["g"][0].misses, 2);
        assert_eq!(inbox.next_wake_ms(), None);
    }

    #[test]
    fn a_type_that_was_not_put_off_does_not_wait_for_one_that_was() {
        let mut inbox = Inbox::default();
        inbox.hold("g", vec![miss("a")], 100);
        inbox.add(Some(&spec()), TaskAdd { task_queue_type: 2, ..miss("a") });
        assert!(inbox.is_urgent());
    }

    #[test]
    fn tasks_of_a_group_that_was_removed_are_not_lost() {
        let mut inbox = Inbox::default();
        inbox.hold("gone", vec![miss("a")], 100);
        inbox.regroup(&spec());
        assert!(inbox.is_urgent());
    }

    #[test]
    fn nothing_is_lost_between_runs() {
        let mut inbox = Inbox::default();
        inbox.add(None, miss("a"));
        inbox.hold("g", vec![miss("a"), miss("b")], 100);
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
