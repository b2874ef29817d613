//! The memory of `demand`, all under one key, because no other controller has it.

use serde_json::{Map, Value};
use wci_contract::decision::GroupState;

use super::{
    fields::{Fields, put},
    fleet::Fleet,
    learned::Learned,
    presence::Presence,
    push::Push,
    queue_limit::QueueLimit,
    scout::Scout,
    waiting::Waiting,
};

const KEY: &str = "demand";

/// A group's memory. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    pub(super) fleet: Fleet,
    pub(super) waiting: Waiting,
    pub(super) presence: Presence,
    pub(super) learned: Learned,
    pub(super) push: Option<Push>,
    /// The rate limit of the task queues.
    pub(super) limit: Option<QueueLimit>,
    /// The workers that were sent first to an old backlog.
    pub(super) scout: Option<Scout>,
    /// Since when tasks arrive faster than they are dispatched.
    pub(super) growing_since_ms: Option<i64>,
    /// When a poll was last requested.
    pub(super) poll_requested_ms: Option<i64>,
}

impl Memory {
    /// Reads the known fields; invalid values are ignored.
    pub(super) fn read(state: &GroupState, now_ms: i64) -> Self {
        let Some(map) = state.get(KEY).and_then(Value::as_object) else { return Self::default() };
        let fields = Fields { map, now_ms };
        Self {
            fleet: Fleet::read(fields),
            waiting: Waiting::read(fields),
            presence: Presence::read(fields),
            learned: Learned::read(fields),
            push: Push::read(fields),
            limit: QueueLimit::read(fields),
            scout: Scout::read(fields),
            growing_since_ms: fields.time("pressed_ms"),
            poll_requested_ms: fields.time("looked_ms"),
        }
    }

    /// The memory as JSON.
    pub(super) fn write(&self) -> GroupState {
        let mut map = Map::new();
        self.fleet.write(&mut map);
        self.waiting.write(&mut map);
        self.presence.write(&mut map);
        self.learned.write(&mut map);
        put(&mut map, "push", self.push.map(Push::to_json));
        put(&mut map, "limit", self.limit.map(QueueLimit::to_json));
        if let Some(scout) = self.scout {
            scout.write(&mut map);
        }
        put(&mut map, "pressed_ms", self.growing_since_ms);
        put(&mut map, "looked_ms", self.poll_requested_ms);
        let mut state = GroupState::new();
        put(&mut state, KEY, (!map.is_empty()).then_some(map));
        state
    }
}
