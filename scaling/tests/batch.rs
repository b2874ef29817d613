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
fn backlog_and_announcements_speak_of_the_same_tasks() {
    let mut group = Group::new(json!({"scale_up_cooloff_ms": 0}));
    let decision = group.batch(NOW, &[miss(Workflow, 3), poll([(Workflow, 3, 0.0)])]);
    assert_eq!(decision.actions, INVOKE);
    assert_eq!(names(&decision), ["tasks_announced", "backlog"]);
}

#[test]
fn what_is_held_back_is_summed_and_asked_again_at_the_earliest_time() {
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
fn outcomes_count_before_the_tasks_that_came_with_them() {
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
fn a_probe_covers_what_was_announced_with_it_but_for_suppressed_types() {
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
fn a_poll_sets_the_interval_whatever_came_with_it() {
    let mut group = Group::with_state(
        json!({"scale_up_dispatch_rate_epsilon": 0.1}),
        json!({"workflow_dispatch_rate_within_epsilon_since_ms": NOW - 100_000,
            "workflow_dispatch_ref_rate": 10}),
    );
    let decision = group.batch(NOW, &[miss(Workflow, 1), poll([(Workflow, 9, 10.0)])]);
    assert_eq!(decision.next_poll_ms, 90_000);
}

#[test]
fn nothing_at_all_is_a_decision_too() {
    let decision = Group::new(json!({})).batch(NOW, &[]);
    assert_eq!(decision.reasons, [Reason::NothingWaits]);
    assert_eq!(decision.next_poll_ms, 60_000);
}

#[test]
fn reasons_stay_few_whatever_is_asked() {
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
