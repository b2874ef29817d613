//! Decisions from JSON lines, for `wci decide` and tests.
//!
//! A line is `{"algorithm", "config", "state", "now_ms", "event"}`; `config` and `state` may be
//! left out. The event is one of `{"task_add": SIGNAL}`, `{"poll": {…}}`, `{"outcome": {…}}` and
//! `{"tick": {}}`. Unlike a decision about live tasks, this is strict: an unknown field, or one of
//! the wrong type, is an error that names its place.

mod event;
mod strict_object;

use serde_json::{Map, Value, json};
use wci_contract::decision::{Decision, Event};

use crate::{DecideError, decide_named, number};
use strict_object::{FieldError, Object};

/// Bytes of one line; a longer one is refused without being parsed.
pub const MAX_LINE: usize = 1024 * 1024;

#[derive(Debug, thiserror::Error)]
enum LineError {
    #[error("the line has {0} bytes, at most {MAX_LINE} are allowed")]
    TooLong(usize),
    #[error("the line is not JSON: {0}")]
    Json(serde_json::Error),
    #[error("the decision cannot be written: {0}")]
    Write(serde_json::Error),
    #[error(transparent)]
    FieldError(#[from] FieldError),
    #[error(transparent)]
    Decide(#[from] DecideError),
}

/// The reply to one line, and whether it is a decision: a decision as one line of JSON, or
/// `{"error": "…"}`. Neither ends in a newline.
pub fn answer(line: &str) -> (String, bool) {
    let written =
        decision(line).and_then(|made| serde_json::to_string(&made).map_err(LineError::Write));
    match written {
        Ok(decision) => (decision, true),
        Err(error) => (json!({ "error": error.to_string() }).to_string(), false),
    }
}

fn decision(line: &str) -> Result<Decision, LineError> {
    if line.len() > MAX_LINE {
        return Err(LineError::TooLong(line.len()));
    }
    let value: Value = serde_json::from_str(line).map_err(LineError::Json)?;
    let request = Request::read(&value)?;
    let Request { now_ms, algorithm, config, state, event } = &request;
    Ok(decide_named(*now_ms, algorithm, config, state, event)?)
}

struct Request {
    now_ms: i64,
    algorithm: String,
    config: Map<String, Value>,
    state: Map<String, Value>,
    event: Event,
}

impl Request {
    fn read(value: &Value) -> Result<Self, FieldError> {
        let line = Object::read("the line", value)?;
        line.only(&["algorithm", "config", "state", "now_ms", "event"])?;
        Ok(Self {
            algorithm: line.required("algorithm", "a string", |v| v.as_str().map(str::to_owned))?,
            config: line.optional("config", "an object", |v| v.as_object().cloned())?,
            state: line.optional("state", "an object", |v| v.as_object().cloned())?,
            now_ms: line.required("now_ms", "an integer", number::integer)?,
            event: event::read(&line.child("event")?)?,
        })
    }
}
