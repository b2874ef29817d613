//! Lenient reading of payloads: a field that a later build writes differently is lost, the fields
//! beside it are not.

use std::collections::BTreeMap;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use temporalio_common::protos::temporal::api::{
    common::v1::{Payload, Payloads},
    failure::v1::Failure,
    sdk::v1::UserMetadata,
};
use wci_contract::{
    decision::{Action, Event},
    launch::Outcome,
    limits::{MAX_MESSAGE, cut},
    stats::{StatsByType, WorkersSeen},
};

use crate::event::{Decision, Launch};

/// The first value, if it has the shape of `T`.
pub(super) fn value<T: DeserializeOwned>(payloads: Option<&Payloads>) -> Option<T> {
    of_payload(payloads?.payloads.first()?)
}

pub(super) fn of_payload<T: DeserializeOwned>(payload: &Payload) -> Option<T> {
    serde_json::from_slice(&payload.data).ok()
}

/// The summary that the workflow or its starter set; empty if there is none.
pub(super) fn summary(metadata: Option<&UserMetadata>) -> String {
    let summary = metadata.and_then(|metadata| metadata.summary.as_ref());
    summary.and_then(of_payload).unwrap_or_default()
}

/// The first value as text; empty if it is none.
pub(super) fn text(payloads: Option<&Payloads>) -> &str {
    let payload = payloads.and_then(|payloads| payloads.payloads.first());
    payload.and_then(|payload| std::str::from_utf8(&payload.data).ok()).unwrap_or_default()
}

/// The input of a decision.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct DecideInput {
    #[serde(default)]
    groups: BTreeMap<String, GroupInput>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct GroupInput {
    #[serde(default)]
    provider_type: String,
    #[serde(default)]
    scaling: Value,
    #[serde(default)]
    events: Vec<Value>,
    #[serde(default, rename = "head_start")]
    speculative_launch: Value,
}

/// The result of a decision.
#[derive(Debug, Default, Deserialize)]
pub(super) struct DecideOutput {
    #[serde(default)]
    pub(super) groups: BTreeMap<String, GroupOutput>,
    /// The outcomes of launches that ended with the decision.
    #[serde(default)]
    pub(super) launched: BTreeMap<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct GroupOutput {
    /// The scaling state that the decision leaves.
    #[serde(default)]
    pub(super) state: Map<String, Value>,
    #[serde(default)]
    actions: Vec<Value>,
    #[serde(default)]
    throttled: u64,
    #[serde(default)]
    wake_at_ms: Option<i64>,
    #[serde(default)]
    reasons: Vec<Value>,
}

/// The result of a watch.
#[derive(Debug, Default, Deserialize)]
pub(super) struct WatchOutput {
    #[serde(default)]
    pub(super) end: String,
    #[serde(default)]
    pub(super) stats: Value,
    #[serde(default)]
    pub(super) workers: Value,
}

/// Stats by task type; types that this build does not know are left out.
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

/// One group's decision, from the input and the result of the activity.
pub(super) fn decision(group: &str, input: &DecideInput, output: GroupOutput) -> Decision {
    let input = input.groups.get(group).cloned().unwrap_or_default();
    let mut decision = Decision {
        group: group.to_owned(),
        provider: input.provider_type,
        algorithm: string(&input.scaling, "scaling_algorithm"),
        deferred: output.throttled,
        wake_at: output.wake_at_ms,
        reasons: output.reasons.iter().filter_map(line).collect(),
        ..Decision::default()
    };
    for action in output.actions {
        match serde_json::from_value(action) {
            Ok(Action::InvokeWorker { count }) => {
                decision.workers = decision.workers.saturating_add(count);
            }
            Ok(Action::UpdateWorkerSetSize { count }) => decision.set_size = Some(count),
            Err(_) => {}
        }
    }
    for event in &input.events {
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
    input: &DecideInput,
    decision: &Decision,
    outcome: Value,
) -> Option<(Launch, Outcome)> {
    let input = input.groups.get(&decision.group);
    let launch_id = input.map(|group| string(&group.speculative_launch, "launch_id"));
    let launch = Launch {
        launch_id: launch_id.unwrap_or_default(),
        group: decision.group.clone(),
        provider: decision.provider.clone(),
        workers: decision.workers,
    };
    Some((launch, serde_json::from_value(outcome).ok()?))
}

fn line(reason: &Value) -> Option<String> {
    reason.as_str().map(|line| cut(line, MAX_MESSAGE).to_owned())
}

fn string(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The messages of a failure and its causes, cut to a length.
pub(super) fn failure(failure: Option<&Failure>) -> String {
    let mut text = String::new();
    let mut next = failure;
    while let Some(failure) = next {
        if !failure.message.is_empty() && !text.contains(&failure.message) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&failure.message);
        }
        next = failure.cause.as_deref();
    }
    if text.is_empty() { "no reason given".to_owned() } else { cut(&text, MAX_MESSAGE).to_owned() }
}
