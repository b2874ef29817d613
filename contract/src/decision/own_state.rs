//! This controller's part of a group's state: what the controller built into the server does not
//! have, under one key.

use serde_json::{Map, Value};

use super::GroupState;
use crate::{FailureClass, number};

/// The key in a group's state.
const OWN: &str = "wci";
/// The key of the back-off within this part.
const BACKOFF: &str = "backoff";

/// This controller's part of a group's state. Fields that a later build added are kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OwnState {
    fields: Map<String, Value>,
    backoff: Option<BackOff>,
}

/// A group's back-off, from the first failed launch to the next that succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackOff {
    /// Failures in a row, at least 1.
    pub failures: u32,
    /// Until then the provider is sent nothing, milliseconds since the Unix epoch.
    pub until_ms: i64,
    /// What failed last.
    pub class: FailureClass,
    /// Whether a probe is under way.
    pub probing: bool,
}

impl OwnState {
    /// Reads this controller's part of `state`. It is empty where `state` has none, or none that
    /// can be read.
    pub fn read(state: &GroupState) -> Self {
        let mut fields = state.get(OWN).and_then(Value::as_object).cloned().unwrap_or_default();
        let backoff = fields.get(BACKOFF).and_then(Value::as_object).and_then(BackOff::read);
        if backoff.is_none() {
            fields.remove(BACKOFF);
        }
        Self { fields, backoff }
    }

    /// Whether `state` has a part of this controller's, readable or not.
    pub fn is_in(state: &GroupState) -> bool {
        state.contains_key(OWN)
    }

    /// The back-off; `None` while the provider works.
    pub fn backoff(&self) -> Option<&BackOff> {
        self.backoff.as_ref()
    }

    /// The name of the back-off's failure class as it is stored, also where this build does not
    /// know the class.
    pub fn class_name(&self) -> Option<&str> {
        self.fields.get(BACKOFF)?.get("class")?.as_str()
    }

    /// Opens, changes or ends the back-off.
    pub fn set_backoff(&mut self, backoff: Option<BackOff>) {
        match backoff {
            Some(backoff) => {
                self.fields.insert(BACKOFF.to_owned(), Value::Object(backoff.to_json()));
            }
            None => {
                self.fields.remove(BACKOFF);
            }
        }
        self.backoff = backoff;
    }

    /// Writes this part into `state`, unless it is empty.
    pub fn write(self, state: &mut GroupState) {
        if !self.fields.is_empty() {
            state.insert(OWN.to_owned(), Value::Object(self.fields));
        }
    }
}

impl BackOff {
    /// Reads what [`Self::to_json`] wrote; `None` without an end of the wait. A class that this
    /// build does not know is read as `unavailable`, which may pass without a change.
    fn read(fields: &Map<String, Value>) -> Option<Self> {
        let until_ms = number::integer(fields.get("until_ms")?)?;
        let failures = fields.get("failures").and_then(number::integer).unwrap_or(1);
        let class = fields.get("class").and_then(Value::as_str).and_then(FailureClass::parse);
        Some(Self {
            failures: u32::try_from(failures.max(1)).unwrap_or(u32::MAX),
            until_ms,
            class: class.unwrap_or(FailureClass::Unavailable),
            probing: fields.get("probing").and_then(Value::as_bool).unwrap_or_default(),
        })
    }

    fn to_json(self) -> Map<String, Value> {
        let mut fields = Map::new();
        fields.insert("failures".to_owned(), self.failures.into());
        fields.insert("until_ms".to_owned(), self.until_ms.into());
        fields.insert("class".to_owned(), self.class.as_str().into());
        if self.probing {
            fields.insert("probing".to_owned(), true.into());
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(own: &Value) -> OwnState {
        OwnState::read(json!({ "wci": own }).as_object().unwrap())
    }

    fn rewritten(own: &Value) -> Value {
        let mut state = GroupState::new();
        read(own).write(&mut state);
        Value::Object(state)
    }

    #[test]
    fn a_back_off_is_read_as_it_was_written() {
        let backoff = BackOff {
            failures: 3,
            until_ms: 1_795_338_014_232,
            class: FailureClass::NotFound,
            probing: true,
        };
        let mut own = OwnState::default();
        own.set_backoff(Some(backoff));
        assert_eq!(own.class_name(), Some("not-found"));
        let mut state = GroupState::new();
        own.write(&mut state);
        assert_eq!(
            Value::Object(state.clone()),
            json!({"wci": {"backoff": {"failures": 3, "until_ms": 1_795_338_014_232_i64,
                "class": "not-found", "probing": true}}})
        );
        assert!(OwnState::is_in(&state));
        assert_eq!(OwnState::read(&state).backoff(), Some(&backoff));
    }

    #[test]
    fn what_a_later_build_wrote_is_kept_as_it_came() {
        let own = json!({"backoff": {"failures": 2, "until_ms": 9, "class": "quota", "new": 1},
            "learned": [1, 2]});
        assert_eq!(rewritten(&own), json!({ "wci": own }));
        let own = read(&own);
        assert_eq!(own.class_name(), Some("quota"));
        assert_eq!(own.backoff().unwrap().class, FailureClass::Unavailable);
    }

    #[test]
    fn an_unreadable_back_off_is_dropped_and_so_is_an_empty_part() {
        for own in
            [json!(7), json!(null), json!({}), json!({"backoff": "soon"}), json!({"backoff": {}})]
        {
            assert_eq!(rewritten(&own), json!({}), "{own}");
            assert_eq!(read(&own).class_name(), None);
        }
    }
}
