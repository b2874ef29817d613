//! `rate-based` with a provider that refuses some sizes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::json;
use support::{Group, NOW, map, outcome};
use wci_contract::{
    FailureClass,
    TaskType::Workflow,
    decision::{Action, Decision, Event, Poll},
    launch::Outcome,
    stats::QueueStats,
};
use wci_scaling::Algorithm::RateBased;

fn idle() -> Event {
    Event::Poll(Poll { stats: [(Workflow, QueueStats::default())].into(), workers: None })
}

fn size(decision: &Decision) -> Option<u32> {
    match decision.actions[..] {
        [Action::UpdateWorkerSetSize { count }] => Some(count),
        _ => None,
    }
}

#[test]
fn a_set_whose_size_is_refused_shrinks_all_the_same_once_fewer_are_needed() {
    let mut group = Group::of(RateBased, json!({}));
    group.state = map(json!({"worker_count": 30}));
    let mut sizes = Vec::new();
    let (mut now, mut next_poll) = (NOW, NOW);
    let refused = || outcome(Outcome::failed(18, FailureClass::Throttled, "no more than 12"));
    let mut wake = group.at(now, refused()).wake_at_ms;
    // The provider refuses whatever exceeds twelve, and the queues are empty.
    while now < NOW + 3_600_000 {
        let is_tick = wake.is_some_and(|at| at < next_poll);
        now = if is_tick { wake.unwrap_or(now).max(now + 1) } else { next_poll };
        let decision = group.at(now, if is_tick { Event::Tick {} } else { idle() });
        next_poll = if is_tick { next_poll } else { now + 60_000 };
        wake = decision.wake_at_ms;
        if let Some(count) = size(&decision) {
            sizes.push(count);
            let answer = if count > 12 { refused() } else { outcome(Outcome::started(0)) };
            wake = group.at(now + 30, answer).wake_at_ms;
        }
    }
    assert_eq!(sizes.last(), Some(&0), "{sizes:?}");
}
