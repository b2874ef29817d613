//! Scaling decisions: by the roll of a die, or by the real algorithms.

use proptest::prelude::*;
use serde_json::json;
use wci_contract::{
    LaunchStrategy,
    activities::{DecideInput, DecideOutput, GroupInput},
    decision::{Action, DecisionResult},
    payload::config_map,
};
use wci_scaling::{Algorithm, decide_batch};

use super::step::{Fate, Numbers, fate};

/// Who decides.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Decider {
    /// [`Choice`]s.
    Random,
    /// [`decide_batch`].
    Algorithms,
}

/// A decision for one group.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    act: Act,
    /// When to wake up, from the time of the decision.
    wake_after_ms: Option<i64>,
    next_poll_ms: u64,
    backs_off: bool,
    /// How a speculative launch ends, if that is known at once.
    launched: Option<Fate>,
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Nothing,
    /// Launches this number of workers, or makes it the size of the worker set.
    Workers(u32),
    Throttle,
    /// The group is missing in the output.
    Missing,
}

/// Any decision.
pub(crate) fn choice(numbers: Numbers) -> impl Strategy<Value = Choice> {
    let count = prop_oneof![4 => Just(1_u32), 3 => 0_u32..5, 1 => Just(u32::MAX)];
    let act = prop_oneof![
        1 => Just(Act::Nothing),
        8 => count.prop_map(Act::Workers),
        3 => Just(Act::Throttle),
        1 => Just(Act::Missing),
    ];
    let wake = match numbers {
        Numbers::Plausible => prop::option::weighted(0.8, -10_i64..20_000).boxed(),
        Numbers::Huge => prop::option::of(any::<i64>()).boxed(),
    };
    let poll = prop_oneof![4 => 1_000_u64..60_000, 1 => any::<u64>()];
    (act, wake, poll, any::<bool>(), prop::option::of(fate(numbers))).prop_map(
        |(act, wake_after_ms, next_poll_ms, backs_off, launched)| Choice {
            act,
            wake_after_ms,
            next_poll_ms,
            backs_off,
            launched,
        },
    )
}

/// The output of the decision's activity.
pub(crate) fn decide(decider: Decider, input: &DecideInput, choices: &[Choice]) -> DecideOutput {
    let mut output = DecideOutput::default();
    for ((name, group), choice) in input.groups.iter().zip(choices.iter().cycle()) {
        let decision = match decider {
            Decider::Random => choice.decide(input.now_ms, group),
            Decider::Algorithms => Some(by_algorithm(input.now_ms, group)),
        };
        let Some(decision) = decision else { continue };
        if matches!(decision.actions.as_slice(), [Action::InvokeWorker { count: 1 }])
            && group.speculative_launch.is_some()
            && group.report_outcome
        {
            let outcome = choice.launched.as_ref().map(|fate| fate.outcome(1));
            output.launched.extend(outcome.map(|outcome| (name.clone(), outcome)));
        }
        output.groups.insert(name.clone(), decision);
    }
    output
}

impl Choice {
    /// Two workers, whose launch or resize takes its time.
    pub(crate) fn two_workers() -> Self {
        Self {
            act: Act::Workers(2),
            wake_after_ms: None,
            next_poll_ms: 60_000,
            backs_off: false,
            launched: None,
        }
    }

    fn decide(&self, now_ms: i64, group: &GroupInput) -> Option<DecisionResult> {
        let is_set = LaunchStrategy::of(&group.provider_type).is_worker_set();
        let actions = match self.act {
            Act::Missing => return None,
            Act::Workers(count) if is_set => vec![Action::UpdateWorkerSetSize { count }],
            Act::Workers(count) => vec![Action::InvokeWorker { count }],
            Act::Nothing | Act::Throttle => Vec::new(),
        };
        let state = if self.backs_off { json!({"wci": {}}) } else { json!({}) };
        Some(DecisionResult {
            state: state.as_object().cloned().unwrap_or_default(),
            actions,
            throttled: u64::from(matches!(self.act, Act::Throttle)),
            next_poll_ms: self.next_poll_ms,
            wake_at_ms: self.wake_after_ms.map(|after| now_ms.saturating_add(after)),
            reasons: vec!["by_chance".to_owned()],
        })
    }
}

fn by_algorithm(now_ms: i64, group: &GroupInput) -> DecisionResult {
    let strategy = LaunchStrategy::of(&group.provider_type);
    let named = Algorithm::parse(&group.scaling.scaling_algorithm);
    let algorithm = named.unwrap_or_else(|| Algorithm::default_for(strategy));
    let config = config_map(group.scaling.config.as_ref()).unwrap_or_default();
    decide_batch(now_ms, algorithm, &config, &group.state, &group.events).into()
}
