//! The entry points of the crate.

use serde_json::{Map, Value};
use wci_contract::{
    LaunchStrategy,
    decision::{Decision, Event, GroupState},
    limits::cut,
};

use crate::{
    Algorithm, ConfigError, DecideError, backoff::BackOffPolicy, decision_builder::DecisionBuilder,
    demand, no_sync, rate_based,
};

/// Bytes of an unknown algorithm's name that a message repeats.
const MAX_NAME_SHOWN: usize = 100;

/// Checks a scaler's settings strictly, as a spec has them.
///
/// Whole numbers may be JSON numbers, whose fraction is dropped, or strings in base 10.
///
/// # Errors
/// The first of: a key that the algorithm does not have, a value that is not a number or out of
/// bounds, two values that contradict each other.
pub fn check_config(algorithm: Algorithm, config: &Map<String, Value>) -> Result<(), ConfigError> {
    match algorithm {
        Algorithm::Demand => demand::check(config),
        Algorithm::NoSync => no_sync::check(config),
        Algorithm::RateBased => rate_based::check(config),
    }
}

/// Decides about one `event` at `now_ms`, milliseconds since the Unix epoch.
///
/// Invalid settings count as their defaults, and invalid values in `state` as absent. The decision
/// has at most one action, and at least one reason.
pub fn decide(
    now_ms: i64,
    algorithm: Algorithm,
    config: &Map<String, Value>,
    state: &GroupState,
    event: &Event,
) -> Decision {
    decide_batch(now_ms, algorithm, config, state, std::slice::from_ref(event))
}

/// Decides about several events of one group together.
///
/// Outcomes of launches are processed first, the other events in their order, each with the state
/// that those before it left. Announcements and backlog describe the same tasks, so that the
/// decision has at most one action; it also covers the events after the one that caused it.
/// Throttled tasks are summed, times are the earliest, reasons are not repeated.
pub fn decide_batch(
    now_ms: i64,
    algorithm: Algorithm,
    config: &Map<String, Value>,
    state: &GroupState,
    events: &[Event],
) -> Decision {
    let policy = match algorithm {
        Algorithm::Demand => demand::backoff_policy(config),
        Algorithm::NoSync | Algorithm::RateBased => BackOffPolicy::default(),
    };
    let mut decision = DecisionBuilder::begin(now_ms, policy, state);
    for event in events {
        if let Event::Outcome(outcome) = event {
            match algorithm.strategy() {
                LaunchStrategy::Invoke => decision.record_outcome(outcome),
                LaunchStrategy::WorkerSet => decision.record_size_outcome(outcome),
            }
        }
    }
    let state = match algorithm {
        Algorithm::Demand => demand::decide(config, state, events, &mut decision),
        Algorithm::NoSync => no_sync::decide(config, state, events, &mut decision),
        Algorithm::RateBased => rate_based::decide(config, state, events, &mut decision),
    };
    decision.finish(state)
}

/// Like [`decide`], for the name of an algorithm and unchecked settings.
///
/// # Errors
/// An unknown algorithm, and the errors of [`check_config`].
pub fn decide_named(
    now_ms: i64,
    algorithm: &str,
    config: &Map<String, Value>,
    state: &GroupState,
    event: &Event,
) -> Result<Decision, DecideError> {
    let Some(algorithm) = Algorithm::parse(algorithm) else {
        return Err(DecideError::UnknownAlgorithm(cut(algorithm, MAX_NAME_SHOWN).to_owned()));
    };
    check_config(algorithm, config)?;
    Ok(decide(now_ms, algorithm, config, state, event))
}
