//! `task-add-signal`, decoded leniently: no signal may stop the instance.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    TaskType,
    limits::{MAX_INBOX, MAX_QUEUE_NAME, MAX_SIGNAL_BYTES, cut},
};

/// Tasks that the matching service announced for one queue and type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskAdd {
    /// The queue.
    #[serde(default)]
    pub task_queue_name: String,
    /// Wire number of the task type.
    #[serde(default)]
    pub task_queue_type: i64,
    /// Whether the last of them was a sync match: it found a poller at once.
    #[serde(default)]
    pub is_sync_match: bool,
    /// Tasks that found no poller.
    #[serde(default, rename = "no_sync_match_signals_batched")]
    #[serde(skip_serializing_if = "is_zero")]
    pub misses: u64,
    /// Tasks that found one.
    #[serde(default, rename = "sync_match_signals_batched", skip_serializing_if = "is_zero")]
    pub syncs: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl TaskAdd {
    /// Decodes a signal's JSON; `None` when it is invalid. Large counts are clamped, long names cut.
    pub fn decode(json: &str) -> Option<Self> {
        if json.len() > MAX_SIGNAL_BYTES {
            return None;
        }
        let value: Value = serde_json::from_str(json).ok()?;
        let fields = value.as_object()?;
        let kind = TaskType::from_wire(fields.get("task_queue_type")?.as_i64()?)?;
        let queue = fields.get("task_queue_name").and_then(Value::as_str).unwrap_or_default();
        let count = |key: &str| {
            let n = fields.get(key).and_then(Value::as_u64).unwrap_or(0);
            n.min(u64::from(u32::MAX))
        };
        let is_sync_match =
            fields.get("is_sync_match").and_then(Value::as_bool).unwrap_or_default();
        Some(Self {
            task_queue_name: cut(queue, MAX_QUEUE_NAME).to_owned(),
            task_queue_type: i64::from(kind.to_wire()),
            is_sync_match,
            // The server may omit the count of a single miss, which still counts as one.
            misses: count("no_sync_match_signals_batched").max(u64::from(!is_sync_match)),
            syncs: count("sync_match_signals_batched"),
        })
    }

    /// The task type; `None` for an unknown number.
    pub fn kind(&self) -> Option<TaskType> {
        TaskType::from_wire(self.task_queue_type)
    }

    /// Whether it calls for workers: the last task, or some of the batch, found no poller.
    pub fn is_eligible(&self) -> bool {
        !self.is_sync_match || self.misses > 0
    }

    /// Adds a later signal for the same queue and type.
    fn absorb(&mut self, later: &Self) {
        self.misses = self.misses.saturating_add(later.misses);
        self.syncs = self.syncs.saturating_add(later.syncs);
        self.is_sync_match &= later.is_sync_match;
    }
}

/// Adds `signal` to `inbox`, merged with the entry for the same queue and type. A full inbox
/// merges it into any entry of the same type, so that the inbox is bounded and loses no miss.
pub fn coalesce(inbox: &mut Vec<TaskAdd>, signal: TaskAdd) {
    let same_type = |other: &TaskAdd| other.task_queue_type == signal.task_queue_type;
    let same =
        |other: &TaskAdd| same_type(other) && other.task_queue_name == signal.task_queue_name;
    let full = inbox.len() >= MAX_INBOX;
    let slot = inbox
        .iter()
        .position(same)
        .or_else(|| full.then(|| inbox.iter().position(same_type)).flatten());
    match slot.and_then(|at| inbox.get_mut(at)) {
        Some(there) => there.absorb(&signal),
        None => inbox.push(signal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_signals_are_decoded() {
        let miss = TaskAdd::decode(
            r#"{"task_queue_name":"q","task_queue_type":1,"is_sync_match":false,"no_sync_match_signals_batched":3}"#,
        )
        .unwrap();
        assert_eq!(
            (miss.kind(), miss.misses, miss.is_eligible()),
            (Some(TaskType::Workflow), 3, true)
        );
        let sync = TaskAdd::decode(
            r#"{"task_queue_name":"q","task_queue_type":2,"is_sync_match":true,"sync_match_signals_batched":1}"#,
        )
        .unwrap();
        assert!(!sync.is_eligible());
    }

    #[test]
    fn garbage_is_not_decoded() {
        for text in
            ["", "null", "7", "[]", "{}", r#"{"task_queue_type":99}"#, "{\"task_queue_type\":"]
        {
            assert_eq!(TaskAdd::decode(text), None, "{text}");
        }
        assert_eq!(TaskAdd::decode(&format!("{{\"x\":\"{}\"}}", "y".repeat(20_000))), None);
    }

    #[test]
    fn signals_for_one_queue_are_merged_and_keep_every_miss() {
        let mut inbox = Vec::new();
        let miss = TaskAdd {
            task_queue_name: "q".into(),
            task_queue_type: 1,
            misses: 2,
            ..Default::default()
        };
        let sync = TaskAdd { is_sync_match: true, syncs: 4, misses: 0, ..miss.clone() };
        for signal in [sync.clone(), miss.clone(), sync] {
            coalesce(&mut inbox, signal);
        }
        assert_eq!(inbox.len(), 1);
        assert_eq!((inbox[0].misses, inbox[0].syncs, inbox[0].is_sync_match), (2, 8, false));
    }

    #[test]
    fn a_full_inbox_stays_bounded_and_loses_no_miss() {
        let mut inbox = Vec::new();
        for n in 0..2000 {
            let signal = TaskAdd {
                task_queue_name: format!("q{n}"),
                task_queue_type: 2,
                misses: 1,
                ..Default::default()
            };
            coalesce(&mut inbox, signal);
        }
        assert_eq!(inbox.len(), MAX_INBOX);
        assert_eq!(inbox.iter().map(|signal| signal.misses).sum::<u64>(), 2000);
    }
}
