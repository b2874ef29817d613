//! Several events for one group in one decision.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::json;
use support::{Group, INVOKE, NOW, miss, names, outcome, poll};
use wci_contract::{
    FailureClass,
    TaskType::{Activity, Nexus, Workflow},
    decision::{Event, Reason},
    launch::Outcome,
    limits::MAX_REASONS,
    signal::TaskAdd,
};

#[test]
fn tasks_announced_together_get_one_worker_and_none_is_throttled() {
    for cooloff in [0, 100] {
        let mut group = Group::new(json!({"scale_up_cooloff_ms": cooloff}));
        let decision = group.batch(NOW, &[miss(Workflow, 3), miss(Activity, 4), miss(Nexus, 1)]);
        assert_eq!(decision.actions, INVOKE);
        assert_eq!((decision.throttled, decision.wake_at_ms), (0, None));
        assert_eq!(decision.reasons, [Reason::TasksAnnounced { misses: 8 }]);
    }
}

#[test]
fn backlog_and_announcements_describe_the_same_tasks() {
    let mut group = Group::new(json!({"scale_up_cooloff_ms": 0}));
    let decision = group.batch(NOW, &[miss(Workflow, 3), poll([(Workflow, 3, 0.0)])]);
    assert_eq!(decision.actions, INVOKE);
    assert_eq!(names(&decision), ["tasks_announced", "backlog"]);
}

#[test]
fn deferred_tasks_are_summed_and_the_tick_is_at_the_earliest_time() {
    let mut group = Group::with_state(
        json!({}),
        json!({"last_scale_up_time_ms": NOW - 10,
            "nexus_suppress_scale_up_until_ms": NOW + 20}),
    );
    let decision = group.batch(NOW, &[miss(Workflow, 3), miss(Nexus, 4), miss(Activity, 5)]);
    assert_eq!((decision.throttled, decision.wake_at_ms), (12, Some(NOW + 20)));
    assert_eq!(names(&decision), ["tasks_announced", "cooloff", "suppressed"]);
}

#[test]
fn outcomes_are_processed_before_the_tasks_of_their_batch() {
    let refused = outcome(Outcome::failed(1, FailureClass::Throttled, "slow down"));
    let mut group = Group::new(json!({}));
    let decision = group.batch(NOW, &[miss(Workflow, 2), refused]);
    assert_eq!((decision.actions.len(), decision.throttled), (0, 2));
    assert_eq!(names(&decision), ["launch_failed", "tasks_announced", "backing_off"]);
    let until = decision.wake_at_ms.unwrap();
    group.at(until, miss(Workflow, 1));
    let decision = group.batch(until + 500, &[miss(Workflow, 2), outcome(Outcome::started(1))]);
    assert_eq!(decision.actions, INVOKE);
}

#[test]
fn a_probe_covers_the_tasks_of_its_batch_except_suppressed_types() {
    let mut group = Group::new(json!({}));
    let refused = outcome(Outcome::failed(1, FailureClass::Internal, ""));
    let until = group.at(NOW, refused).wake_at_ms.unwrap();
    let suppressed = json!(until + 1_000);
    group.state.insert("nexus_suppress_scale_up_until_ms".into(), suppressed);
    let decision = group.batch(until, &[miss(Workflow, 2), miss(Activity, 4), miss(Nexus, 8)]);
    assert_eq!((&decision.actions[..], decision.throttled), (&INVOKE[..], 8));
    assert_eq!(names(&decision), ["tasks_announced", "probing", "suppressed"]);
}

#[test]
fn a_poll_sets_the_interval_whatever_else_is_in_the_batch() {
    let mut group = Group::with_state(
        json!({"scale_up_dispatch_rate_epsilon": 0.1}),
        json!({"workflow_dispatch_rate_within_epsilon_since_ms": NOW - 100_000,
            "workflow_dispatch_ref_rate": 10}),
    );
    let decision = group.batch(NOW, &[miss(Workflow, 1), poll([(Workflow, 9, 10.0)])]);
    assert_eq!(decision.next_poll_ms, 90_000);
}

#[test]
fn an_empty_batch_is_decided_too() {
    let decision = Group::new(json!({})).batch(NOW, &[]);
    assert_eq!(decision.reasons, [Reason::NothingWaits]);
    assert_eq!(decision.next_poll_ms, 60_000);
}

#[test]
fn the_number_of_reasons_is_bounded() {
    let polls: Vec<Event> = (1..200).map(|n| poll([(Workflow, n, 1.0)])).collect();
    let decision = Group::new(json!({})).batch(NOW, &polls);
    assert_eq!(decision.reasons.len(), MAX_REASONS);
}

#[test]
fn sync_matches_are_counted_together() {
    let sync = |syncs| {
        let task_queue_type = 2;
        Event::TaskAdd(TaskAdd {
            task_queue_type,
            is_sync_match: true,
            syncs,
            ..TaskAdd::default()
        })
    };
    let decision = Group::new(json!({})).batch(NOW, &[sync(4), sync(0), sync(6)]);
    assert_eq!(decision.reasons, [Reason::SyncMatch { syncs: 11 }]);
}
