//! Launches, worker sets and registration in sentences.

use std::collections::BTreeMap;

use wci_contract::{FailureClass, launch::Outcome};

use crate::{
    event::{Launch, LaunchResult, ResizeResult, WorkerSet},
    phrase::{count, list},
    time::{self, Millis},
};

impl Launch {
    pub(super) fn describe(&self) -> String {
        let Self { group, provider, workers, .. } = self;
        format!("Requested {} for {group} from {provider}", count(*workers, "worker"))
    }
}

impl LaunchResult {
    pub(super) fn describe(&self, at: Millis) -> String {
        let Launch { group, provider, workers, .. } = &self.launch;
        let requested = count(*workers, "worker");
        let after = time::span(time::since(self.requested, at));
        let attempt = match self.attempts {
            ..=1 => String::new(),
            attempts => format!(" (attempt {attempts})"),
        };
        match &self.outcome {
            None => format!(
                "It is not known whether {provider} started {requested} for {group}; the request \
                 ended after {after}{attempt}: {}",
                self.why
            ),
            Some(outcome) if outcome.is_success() => {
                let started = count(outcome.started, "worker");
                format!("{provider} started {started} for {group} after {after}{attempt}")
            }
            Some(outcome) if outcome.started == 0 && is_throttled(outcome) => with_message(
                format!(
                    "{provider} throttled the start of {requested} for {group} after \
                     {after}{attempt}"
                ),
                outcome,
            ),
            Some(outcome) if outcome.started == 0 => format!(
                "{provider} failed to start {requested} for {group} after {after}{attempt}: {}",
                failure(outcome)
            ),
            Some(outcome) => format!(
                "{provider} started only {} of {requested} for {group} after {after}{attempt}: {}",
                outcome.started,
                failure(outcome)
            ),
        }
    }
}

impl WorkerSet {
    pub(super) fn describe(&self) -> String {
        let Self { group, provider, size } = self;
        format!("Requested a worker set of size {size} for {group} from {provider}")
    }
}

impl ResizeResult {
    pub(super) fn describe(&self) -> String {
        let WorkerSet { group, provider, size } = &self.set;
        match &self.outcome {
            None => format!(
                "It is not known whether {provider} set the size of the worker set of {group} to \
                 {size}: {}",
                self.why
            ),
            Some(outcome) if outcome.is_success() => {
                let more = match outcome.started {
                    0 => String::new(),
                    more => format!(", {more} more than before"),
                };
                format!("{provider} keeps {} for {group}{more}", count(*size, "worker"))
            }
            Some(outcome) if is_throttled(outcome) => with_message(
                format!(
                    "{provider} throttled the request for a worker set of size {size} for {group}"
                ),
                outcome,
            ),
            Some(outcome) => format!(
                "{provider} failed to set the size of the worker set of {group} to {size}: {}",
                failure(outcome)
            ),
        }
    }
}

fn is_throttled(outcome: &Outcome) -> bool {
    outcome.failure_class() == FailureClass::Throttled
}

/// `text` with the provider's message, if there is one.
fn with_message(text: String, outcome: &Outcome) -> String {
    if outcome.message.is_empty() { text } else { format!("{text}: {}", outcome.message) }
}

/// The class and the message of a provider's failure.
fn failure(outcome: &Outcome) -> String {
    let class = outcome.failure_class();
    if outcome.message.is_empty() {
        class.to_string()
    } else {
        format!("{class}, {}", outcome.message)
    }
}

pub(super) fn registered(
    started: &[String],
    empty_sets: &[String],
    failed: &BTreeMap<String, String>,
) -> String {
    let mut parts = Vec::new();
    if !empty_sets.is_empty() {
        let groups = list(empty_sets);
        parts.push(format!(
            "The worker set of {groups} gets a worker, so that the server learns of its task queues"
        ));
    }
    if !started.is_empty() {
        let groups = list(started);
        parts.push(format!(
            "Started a worker for {groups}, so that the server learns of its task queues"
        ));
    }
    let failures =
        failed.iter().map(|(group, why)| format!("Failed to start a worker for {group}: {why}"));
    parts.extend(failures);
    if parts.is_empty() {
        return "No worker was started to register task queues".to_owned();
    }
    parts.join(". ")
}

/// Adds the groups whose task queues the server does not know yet.
pub(super) fn add_unregistered(
    text: &mut String,
    failed: &BTreeMap<String, String>,
    unregistered: &BTreeMap<String, String>,
) {
    for (group, why) in unregistered {
        text.push_str(&format!(". The server does not know the task queues of {group} yet"));
        if !why.is_empty() && !failed.contains_key(group) {
            text.push_str(&format!(": {why}"));
        }
    }
}
