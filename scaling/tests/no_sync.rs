//! `no-sync`, rule by rule.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::json;
use support::{Group, INVOKE, NOW, miss, names, poll};
use wci_contract::{
    TaskType::{Activity, Nexus, Workflow},
    decision::{Event, Reason},
    signal::TaskAdd,
};

const WITH_EPSILON: &str = "scale_up_dispatch_rate_epsilon";

/// A config that enables the detector.
fn detecting() -> serde_json::Value {
    json!({ WITH_EPSILON: 0.1 })
}

/// A group whose workflow tasks are suppressed until `until`.
fn suppressed_until(until: i64) -> Group {
    let since = NOW - 100_000;
    Group::with_state(
        detecting(),
        json!({"workflow_dispatch_rate_within_epsilon_since_ms": since,
            "workflow_dispatch_ref_rate": 10, "workflow_suppress_scale_up_until_ms": until,
            "last_scale_up_time_ms": since}),
    )
}

/// Seconds, rate, backlog; invokes, seconds to the next poll.
const VECTOR: [(i64, f64, u64, bool, u64); 7] = [
    (0, 10.0, 100, true, 60),
    (60, 10.5, 100, true, 60),
    (120, 10.9, 100, false, 90),
    (210, 11.2, 100, true, 60),
    (270, 11.2, 100, true, 60),
    (330, 11.2, 100, true, 60),
    (390, 11.2, 0, false, 60),
];

#[test]
fn the_reference_vector_is_reproduced_row_by_row() {
    let mut group = Group::with_state(detecting(), json!({"last_scale_up_time_ms": 0}));
    for (seconds, rate, backlog, invokes, next) in VECTOR {
        let decision = group.at(NOW + seconds * 1000, poll([(Workflow, backlog, rate)]));
        assert_eq!(!decision.actions.is_empty(), invokes, "at {seconds}");
        assert_eq!(decision.next_poll_ms, next * 1000, "at {seconds}");
        let until = group.key("workflow_suppress_scale_up_until_ms").cloned();
        match seconds {
            120 => assert_eq!(until, Some(json!(NOW + 240_000))),
            210 => assert_eq!(until, Some(json!(0))),
            270 => assert_eq!(group.key("workflow_dispatch_ref_rate"), Some(&json!(11.2))),
            _ => {}
        }
    }
}

#[test]
fn a_task_that_found_no_worker_gets_one() {
    let mut group = Group::new(json!({}));
    let decision = group.at(NOW, miss(Activity, 7));
    assert_eq!(decision.actions, INVOKE);
    assert_eq!((decision.throttled, decision.wake_at_ms), (0, None));
    assert_eq!(decision.next_poll_ms, 60_000);
    assert_eq!(decision.reasons, [Reason::TasksAnnounced { misses: 7 }]);
    assert_eq!(group.key("last_scale_up_time_ms"), Some(&json!(NOW)));
}

#[test]
fn a_miss_without_a_count_gets_a_worker() {
    assert_eq!(Group::new(json!({})).at(NOW, miss(Workflow, 0)).actions, INVOKE);
}

#[test]
fn a_sync_match_calls_for_nothing_unless_its_batch_counts_misses() {
    let signal =
        TaskAdd { task_queue_type: 1, is_sync_match: true, syncs: 3, ..TaskAdd::default() };
    let mut group = Group::new(json!({}));
    let decision = group.at(NOW, Event::TaskAdd(signal.clone()));
    assert!(decision.actions.is_empty());
    assert_eq!(decision.reasons, [Reason::SyncMatch { syncs: 3 }]);
    let decision = group.at(NOW, Event::TaskAdd(TaskAdd { misses: 1, ..signal }));
    assert_eq!(decision.actions, INVOKE);
}

#[test]
fn a_task_within_the_cooloff_requests_a_tick_when_it_ends() {
    let mut group = Group::new(json!({}));
    group.at(NOW, miss(Workflow, 1));
    let decision = group.at(NOW + 60, miss(Nexus, 4));
    assert!(decision.actions.is_empty());
    assert_eq!((decision.throttled, decision.wake_at_ms), (4, Some(NOW + 100)));
    assert_eq!(
        decision.reasons,
        [Reason::TasksAnnounced { misses: 4 }, Reason::Cooloff { remaining_ms: 40 }]
    );
    assert_eq!(group.at(NOW + 100, miss(Nexus, 4)).actions, INVOKE);
}

#[test]
fn a_task_of_a_suppressed_type_waits_and_those_of_other_types_do_not() {
    let mut group = suppressed_until(NOW + 5_000);
    let decision = group.at(NOW, miss(Workflow, 2));
    assert!(decision.actions.is_empty());
    assert_eq!((decision.throttled, decision.wake_at_ms), (2, Some(NOW + 5_000)));
    assert_eq!(decision.next_poll_ms, 90_000);
    assert_eq!(names(&decision), ["tasks_announced", "suppressed"]);
    assert_eq!(group.at(NOW, miss(Activity, 2)).actions, INVOKE);
    assert_eq!(group.at(NOW + 5_000, miss(Workflow, 2)).actions, INVOKE);
}

#[test]
fn a_backlog_above_the_threshold_gets_one_worker_for_all_types() {
    let mut group = Group::new(json!({"scale_up_backlog_threshold": 5}));
    let decision = group.at(NOW, poll([(Workflow, 6, 0.0), (Activity, 500, 0.0)]));
    assert_eq!(decision.actions, INVOKE);
    assert_eq!(names(&decision), ["backlog", "backlog"]);
    let mut group = Group::with_state(
        json!({"scale_up_backlog_threshold": 5}),
        json!({"last_scale_up_time_ms": NOW - 1_000}),
    );
    let decision = group.at(NOW, poll([(Workflow, 5, 0.0)]));
    assert!(decision.actions.is_empty());
    assert_eq!(decision.reasons, [Reason::NothingWaits]);
}

#[test]
fn a_backlog_within_the_cooloff_requests_a_tick_when_it_ends() {
    let mut group = Group::new(json!({"scale_up_cooloff_ms": 30_000}));
    group.at(NOW, miss(Workflow, 1));
    let decision = group.at(NOW + 20_000, poll([(Workflow, 9, 1.0)]));
    assert!(decision.actions.is_empty());
    assert_eq!((decision.throttled, decision.wake_at_ms), (0, Some(NOW + 30_000)));
    assert_eq!(names(&decision), ["backlog", "cooloff"]);
}

#[test]
fn tasks_that_outwait_a_workers_lifetime_get_one_whatever_the_threshold() {
    let config = json!({"scale_up_backlog_threshold": 50});
    let last = json!({"last_scale_up_time_ms": NOW});
    let mut group = Group::with_state(config, last);
    assert!(group.at(NOW + 599_999, poll([(Nexus, 1, 0.0)])).actions.is_empty());
    assert!(group.at(NOW + 600_000, poll([(Nexus, 0, 0.0)])).actions.is_empty());
    let decision = group.at(NOW + 600_000, poll([(Nexus, 1, 0.0)]));
    assert_eq!(decision.actions, INVOKE);
    assert_eq!(decision.reasons, [Reason::WorkerLifetimeOver { waiting: 1, since_ms: 600_000 }]);
}

#[test]
fn tasks_that_outwait_a_workers_lifetime_get_one_in_spite_of_suppression_and_cooloff() {
    let mut group = suppressed_until(NOW + 90_000);
    group.config.insert("max_worker_lifetime_ms".into(), json!(50));
    group.state.insert("last_scale_up_time_ms".into(), json!(NOW - 50));
    let decision = group.at(NOW, poll([(Workflow, 9, 10.0)]));
    assert_eq!(decision.actions, INVOKE);
    assert_eq!(decision.next_poll_ms, 90_000);
    assert_eq!(names(&decision), ["backlog", "worker_lifetime_over"]);
}

#[test]
fn a_lifetime_of_zero_is_unlimited() {
    let config = json!({"max_worker_lifetime_ms": 0, "scale_up_backlog_threshold": 5});
    let mut group = Group::with_state(config, json!({"last_scale_up_time_ms": 1}));
    assert!(group.at(NOW, poll([(Workflow, 5, 0.0)])).actions.is_empty());
}

#[test]
fn the_last_start_is_read_once_so_that_one_type_does_not_cool_another_off() {
    let mut group = Group::new(json!({}));
    let decision = group.at(NOW, poll([(Workflow, 1, 0.0), (Nexus, 1, 0.0)]));
    assert_eq!(names(&decision), ["backlog"]);
    assert_eq!(decision.wake_at_ms, None);
}

#[test]
fn a_type_that_is_missing_from_a_poll_keeps_its_memory_and_poll_interval() {
    for suppressed_ms in [30_000, 90_000] {
        let mut group = suppressed_until(NOW + 90_000);
        group.config.insert("suppress_poll_interval_ms".into(), json!(suppressed_ms));
        let before = group.state.clone();
        let decision = group.at(NOW, poll([(Activity, 0, 1.0)]));
        assert_eq!(decision.next_poll_ms, 60_000);
        for (key, value) in before {
            assert_eq!(group.key(&key), Some(&value), "{key}");
        }
        assert_eq!(group.key("activity_dispatch_ref_rate"), Some(&json!(-1)));
    }
}

#[test]
fn without_epsilon_a_polled_type_forgets_its_rates_and_the_others_keep_theirs() {
    let mut group = suppressed_until(NOW + 90_000);
    group.config.clear();
    group.state.insert("nexus_dispatch_ref_rate".into(), json!(4));
    let decision = group.at(NOW, poll([(Workflow, 9, 10.0)]));
    assert_eq!(decision.actions, INVOKE);
    let left = json!({"last_scale_up_time_ms": NOW, "nexus_dispatch_ref_rate": 4});
    assert_eq!(group.state, support::map(left));
}

#[test]
fn a_queue_that_dispatches_nothing_is_never_suppressed() {
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let mut group = suppressed_until(NOW + 90_000);
        let decision = group.at(NOW, poll([(Workflow, 9, rate)]));
        assert_eq!(decision.actions, INVOKE, "{rate}");
        assert_eq!(group.key("workflow_dispatch_rate_within_epsilon_since_ms"), Some(&json!(0)));
        assert_eq!(group.key("workflow_dispatch_ref_rate"), Some(&json!(-1)));
        assert_eq!(group.key("workflow_suppress_scale_up_until_ms"), Some(&json!(0)));
    }
    let mut fresh = Group::with_state(detecting(), json!({}));
    fresh.at(NOW, poll([(Workflow, 9, 0.0)]));
    assert_eq!(fresh.key("workflow_dispatch_ref_rate"), Some(&json!(-1)));
}

#[test]
fn a_rate_that_is_not_a_number_never_becomes_the_reference() {
    for rate in [f64::NAN, f64::INFINITY] {
        let mut group = Group::new(detecting());
        group.at(NOW, poll([(Workflow, 9, rate)]));
        assert_eq!(group.key("workflow_dispatch_ref_rate"), Some(&json!(-1)), "{rate}");
    }
}

#[test]
fn a_slow_drift_is_measured_against_its_first_rate() {
    let mut group = Group::new(detecting());
    for (n, rate) in [(0, 10.0), (1, 10.8)] {
        group.at(NOW + n * 60_000, poll([(Workflow, 9, rate)]));
    }
    let decision = group.at(NOW + 120_000, poll([(Workflow, 9, 11.1)]));
    assert_eq!(decision.actions, INVOKE);
    assert_eq!(group.key("workflow_dispatch_ref_rate"), Some(&json!(-1)));
}

#[test]
fn the_edges_of_the_band_and_of_the_confirmation_time_are_included() {
    for (rate, seconds, suppressed) in
        [(11.0, 90, true), (9.0, 90, true), (8.9, 90, false), (11.0, 89, false)]
    {
        let mut group = Group::new(detecting());
        group.at(NOW, poll([(Workflow, 9, 10.0)]));
        let decision = group.at(NOW + seconds * 1000, poll([(Workflow, 9, rate)]));
        assert_eq!(decision.actions.is_empty(), suppressed, "{rate} after {seconds}");
    }
}

#[test]
fn a_suppressed_backlog_has_its_reason_and_the_usual_poll_interval() {
    let mut group = suppressed_until(NOW + 1_000);
    let decision = group.at(NOW, poll([(Workflow, 9, 10.0)]));
    assert_eq!(
        decision.reasons,
        [
            Reason::Backlog { waiting: 9, threshold: 0 },
            Reason::Suppressed { remaining_ms: 120_000 }
        ]
    );
    assert_eq!((decision.wake_at_ms, decision.next_poll_ms), (None, 90_000));
}

#[test]
fn a_tick_changes_nothing() {
    let mut group = suppressed_until(NOW + 90_000);
    let before = group.state.clone();
    let decision = group.at(NOW, Event::Tick {});
    assert_eq!(decision.state, before);
    assert_eq!(decision.reasons, [Reason::NothingWaits]);
    assert_eq!((decision.actions.len(), decision.wake_at_ms), (0, None));
}

#[test]
fn an_announcement_of_an_unknown_type_is_reported_and_starts_no_worker() {
    let signal = TaskAdd { task_queue_type: 99, misses: 3, ..TaskAdd::default() };
    let decision = Group::new(json!({})).at(NOW, Event::TaskAdd(signal));
    assert!(decision.actions.is_empty());
    assert_eq!(decision.reasons, [Reason::NobodyServes { tasks: 3 }]);
}
