//! Our part of a group's state: what the server's controller does not know of, under one key.

use serde_json::{Map, Value};
use wci_contract::decision::GroupState;

use crate::backoff::BackOff;

/// The key in a group's state.
const OWN: &str = "wci";
/// The key of the back-off within ours.
const BACKOFF: &str = "backoff";

/// What is under our key. What a later build put there beside the back-off is kept as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnState {
    fields: Map<String, Value>,
    backoff: Option<BackOff>,
}

impl OwnState {
    /// Our part of `state`; nothing when there is none, or what is there makes no sense.
    pub(crate) fn read(state: &GroupState) -> Self {
        let mut fields = state.get(OWN).and_then(Value::as_object).cloned().unwrap_or_default();
        let backoff = fields.get(BACKOFF).and_then(Value::as_object).and_then(BackOff::read);
        if backoff.is_none() {
            fields.remove(BACKOFF);
        }
        Self { fields, backoff }
    }

    /// The back-off, while the group has one.
    pub(crate) fn backoff(&self) -> Option<&BackOff> {
        self.backoff.as_ref()
    }

    /// Opens, changes or ends the back-off.
    pub(crate) fn set_backoff(&mut self, backoff: Option<BackOff>) {
        match &backoff {
            Some(backoff) => {
                self.fields.insert(BACKOFF.to_owned(), Value::Object(backoff.to_json()));
            }
            None => {
                self.fields.remove(BACKOFF);
            }
        }
        self.backoff = backoff;
    }

    /// Puts our part into `state`, unless it is empty.
    pub(crate) fn write(self, state: &mut GroupState) {
        if !self.fields.is_empty() {
            state.insert(OWN.to_owned(), Value::Object(self.fields));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cleaned(own: Value) -> Value {
        let state = json!({ "wci": own });
        let mut clean = GroupState::new();
        OwnState::read(state.as_object().unwrap()).write(&mut clean);
        Value::Object(clean)
    }

    #[test]
    fn what_a_later_build_wrote_is_kept_as_it_came() {
        let own = json!({"backoff": {"failures": 2, "until_ms": 9, "class": "quota", "new": 1},
            "learned": [1, 2]});
        assert_eq!(cleaned(own.clone()), json!({ "wci": own }));
    }

    #[test]
    fn what_makes_no_sense_is_dropped_and_so_is_a_key_that_holds_nothing() {
        for own in
            [json!(7), json!(null), json!({}), json!({"backoff": "soon"}), json!({"backoff": {}})]
        {
            assert_eq!(cleaned(own.clone()), json!({}), "{own}");
        }
    }
}
