//! The state of `no-sync`, under the keys that the server's controller uses.

use std::collections::BTreeMap;

use wci_contract::{TaskType, decision::GroupState};

use crate::number;

const LAST_SCALE_UP: &str = "last_scale_up_time_ms";
const SINCE: &str = "dispatch_rate_within_epsilon_since_ms";
const REF_RATE: &str = "dispatch_ref_rate";
const UNTIL: &str = "suppress_scale_up_until_ms";

/// A group's state. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    /// The last start of a worker, for all task types; `None` without one.
    pub(super) last_scale_up_ms: Option<i64>,
    by_type: BTreeMap<TaskType, Memory>,
}

/// The dispatch rate of one task type. Fields that are `None` are not in the state.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Memory {
    /// Since when the rate has stayed the same; 0: it has not.
    pub(super) since_ms: Option<i64>,
    /// The reference rate, tasks a second; negative: none.
    pub(super) ref_rate: Option<f64>,
    /// When the suppression of scale-ups ends; 0: there is none.
    pub(super) until_ms: Option<i64>,
}

impl State {
    /// Reads the known keys; invalid values are ignored.
    pub(super) fn read(state: &GroupState) -> Self {
        let time = |key: &str| state.get(key).and_then(number::integer);
        let rate = |key: &str| state.get(key).and_then(number::float);
        let memory = |kind| Memory {
            since_ms: time(&key(kind, SINCE)),
            ref_rate: rate(&key(kind, REF_RATE)),
            until_ms: time(&key(kind, UNTIL)),
        };
        Self {
            last_scale_up_ms: time(LAST_SCALE_UP),
            by_type: TaskType::ALL.into_iter().map(|kind| (kind, memory(kind))).collect(),
        }
    }

    pub(super) fn remembered(&self, kind: TaskType) -> Option<&Memory> {
        self.by_type.get(&kind)
    }

    pub(super) fn memory(&mut self, kind: TaskType) -> &mut Memory {
        self.by_type.entry(kind).or_default()
    }

    /// The state as JSON.
    pub(super) fn write(&self) -> GroupState {
        let mut state = GroupState::new();
        if let Some(last_ms) = self.last_scale_up_ms {
            state.insert(LAST_SCALE_UP.to_owned(), last_ms.into());
        }
        for (kind, memory) in &self.by_type {
            if let Some(since_ms) = memory.since_ms {
                state.insert(key(*kind, SINCE), since_ms.into());
            }
            if let Some(ref_rate) = memory.ref_rate {
                state.insert(key(*kind, REF_RATE), number::to_json(ref_rate));
            }
            if let Some(until_ms) = memory.until_ms {
                state.insert(key(*kind, UNTIL), until_ms.into());
            }
        }
        state
    }
}

fn key(kind: TaskType, name: &str) -> String {
    format!("{}_{name}", kind.as_str())
}
