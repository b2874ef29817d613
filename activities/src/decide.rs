//! Decisions for every group at once. Pure but for the log.

use wci_contract::{
    activities::{DecideInput, DecideOutput, GroupQuestion},
    decision::{Event, RecordedDecision},
    payload::config_map,
};
use wci_scaling::{Algorithm, LaunchStrategy, decide_batch};

/// How long until the queues of a group that cannot be scaled are looked at, milliseconds.
const UNSCALED_POLL_MS: u64 = 60_000;

pub(crate) fn decide(input: &DecideInput) -> DecideOutput {
    let answer = |(name, group): (&String, &GroupQuestion)| {
        let decision = decide_group(input.now_ms, group);
        tracing::info!(
            group = name,
            actions = ?decision.actions,
            throttled = decision.throttled,
            reasons = decision.reasons.join(", "),
            "decided"
        );
        (name.clone(), decision)
    };
    DecideOutput { groups: input.groups.iter().map(answer).collect() }
}

fn decide_group(now_ms: i64, group: &GroupQuestion) -> RecordedDecision {
    let Some(algorithm) = algorithm(&group.scaling.scaling_algorithm) else {
        return unscaled(group);
    };
    // What cannot be read was refused when the spec was given; a spec taken over from elsewhere
    // is served with the defaults.
    let config = config_map(group.scaling.config.as_ref()).unwrap_or_default();
    decide_batch(now_ms, algorithm, &config, &group.state, &group.events).into()
}

/// The algorithm of this name; every provider of this build starts workers one by one.
pub(crate) fn algorithm(name: &str) -> Option<Algorithm> {
    if name.is_empty() {
        return Some(Algorithm::default_for(LaunchStrategy::Invoke));
    }
    Algorithm::parse(name).filter(|algorithm| algorithm.strategy() == LaunchStrategy::Invoke)
}

fn unscaled(group: &GroupQuestion) -> RecordedDecision {
    let misses = |event: &Event| match event {
        Event::TaskAdd(signal) => signal.misses,
        Event::Poll(_) | Event::Outcome(_) | Event::Tick {} => 0,
    };
    RecordedDecision {
        state: group.state.clone(),
        throttled: group.events.iter().map(misses).sum(),
        next_poll_ms: UNSCALED_POLL_MS,
        reasons: vec![format!("unsupported_algorithm {:.100}", group.scaling.scaling_algorithm)],
        ..RecordedDecision::default()
    }
}
