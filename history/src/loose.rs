//! Payloads of activities, read with care: what a later build writes differently costs only
//! itself, not what stands beside it.

use std::collections::BTreeMap;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use temporalio_common::protos::temporal::api::common::v1::{Payload, Payloads};
use wci_contract::{
    decision::{Action, Event, OwnState},
    launch::Outcome,
    limits::{MAX_MESSAGE, cut},
    stats::{StatsByType, WorkersSeen},
};

use super::{BackOff, Decision, Launch};

/// The first value, if it is what it should be.
pub(super) fn value<T: DeserializeOwned>(payloads: Option<&Payloads>) -> Option<T> {
    of_payload(payloads?.payloads.first()?)
}

pub(super) fn of_payload<T: DeserializeOwned>(payload: &Payload) -> Option<T> {
    serde_json::from_slice(&payload.data).ok()
}

/// The first value as text.
pub(super) fn text(payloads: Option<&Payloads>) -> &str {
    let payload = payloads.and_then(|payloads| payloads.payloads.first());
    payload.and_then(|payload| std::str::from_utf8(&payload.data).ok()).unwrap_or_default()
}

/// The input of a decision.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    groups: BTreeMap<String, Question>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Question {
    #[serde(default)]
    provider_type: String,
    #[serde(default)]
    scaling: Value,
    #[serde(default)]
    events: Vec<Value>,
    #[serde(default)]
    head_start: Value,
}

/// The result of a decision.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Decided {
    #[serde(default)]
    pub(super) groups: BTreeMap<String, Answer>,
    /// What became of launches that ended with the decision.
    #[serde(default)]
    pub(super) launched: BTreeMap<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    state: Map<String, Value>,
    #[serde(default)]
    actions: Vec<Value>,
    #[serde(default)]
    throttled: u64,
    #[serde(default)]
    wake_at_ms: Option<i64>,
    #[serde(default)]
    reasons: Vec<Value>,
}

/// What a watch tells.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Watched {
    #[serde(default)]
    pub(super) end: String,
    #[serde(default)]
    pub(super) stats: Value,
    #[serde(default)]
    pub(super) workers: Value,
}

/// Figures by type; types that this build does not know are left out.
pub(super) fn stats(value: &Value) -> StatsByType {
    let fields = value.as_object().into_iter().flatten();
    let read = |(kind, stats): (&String, &Value)| {
        let kind = serde_json::from_value(Value::String(kind.clone())).ok()?;
        Some((kind, serde_json::from_value(stats.clone()).ok()?))
    };
    fields.filter_map(read).collect()
}

pub(super) fn workers(value: &Value) -> Option<WorkersSeen> {
    value.as_object()?;
    serde_json::from_value(value.clone()).ok()
}

/// One group's decision out of what was asked and what was answered.
pub(super) fn decision(group: &str, asked: Option<&Asked>, answer: Answer) -> Decision {
    let question = asked.and_then(|asked| asked.groups.get(group)).cloned().unwrap_or_default();
    let mut decision = Decision {
        group: group.to_owned(),
        provider: question.provider_type,
        algorithm: string(&question.scaling, "scaling_algorithm"),
        held_back: answer.throttled,
        wake_at: answer.wake_at_ms,
        reasons: answer.reasons.iter().filter_map(line).collect(),
        ..Decision::default()
    };
    for action in answer.actions {
        match serde_json::from_value(action) {
            Ok(Action::InvokeWorker { count }) => {
                decision.workers = decision.workers.saturating_add(count);
            }
            Ok(Action::UpdateWorkerSetSize { count }) => decision.set_size = Some(count),
            Err(_) => {}
        }
    }
    for event in &question.events {
        let name = event.as_object().and_then(|fields| fields.keys().next());
        let name = name.map_or_else(|| "unknown".to_owned(), |name| name.replace('_', "-"));
        if !decision.events.contains(&name) {
            decision.events.push(name);
        }
        if let Ok(Event::Poll(poll)) = serde_json::from_value(event.clone()) {
            decision.stats = poll.stats;
            decision.workers_seen = poll.workers;
        }
    }
    decision
}

/// A launch that ended with the decision for its group, and its outcome.
pub(super) fn launched(
    asked: Option<&Asked>,
    decision: &Decision,
    outcome: Value,
) -> Option<(Launch, Outcome)> {
    let question = asked.and_then(|asked| asked.groups.get(&decision.group));
    let launch_id =
        question.map(|question| string(&question.head_start, "launch_id")).unwrap_or_default();
    let launch = Launch {
        launch_id,
        group: decision.group.clone(),
        provider: decision.provider.clone(),
        workers: decision.workers,
    };
    Some((launch, serde_json::from_value(outcome).ok()?))
}

/// The back-off that a group's state holds under our key.
pub(super) fn back_off(answer: &Answer) -> Option<BackOff> {
    back_off_of(&answer.state)
}

/// The same of a state that was carried over.
pub(super) fn back_off_of(state: &Map<String, Value>) -> Option<BackOff> {
    let own = OwnState::read(state);
    let backoff = own.backoff()?;
    Some(BackOff {
        class: own.class_name().unwrap_or_default().to_owned(),
        failures: backoff.failures.into(),
        until: backoff.until_ms,
        probing: backoff.probing,
    })
}

fn line(reason: &Value) -> Option<String> {
    reason.as_str().map(|line| cut(line, MAX_MESSAGE).to_owned())
}

fn string(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}
