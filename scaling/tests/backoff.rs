//! Backing off after provider failures.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::json;
use support::{Group, INVOKE, NOW, map, miss, names, outcome, poll};
use wci_contract::{
    FailureClass,
    TaskType::Workflow,
    decision::{Decision, Event, Reason},
    launch::Outcome,
};

fn refused(class: FailureClass) -> Event {
    outcome(Outcome::failed(1, class, "no"))
}

/// A group whose only launch, at NOW, was throttled, and the end of its back-off.
fn throttled_group() -> (Group, i64) {
    let mut group = Group::new(json!({}));
    group.at(NOW, miss(Workflow, 1));
    let decision = group.at(NOW + 10, refused(FailureClass::Throttled));
    (group, decision.wake_at_ms.unwrap())
}

fn failures(decision: &Decision) -> u64 {
    decision.state["wci"]["backoff"]["failures"].as_u64().unwrap()
}

fn wait(decision: &Decision, now: i64) -> i64 {
    decision.state["wci"]["backoff"]["until_ms"].as_i64().unwrap() - now
}

#[test]
fn a_failure_is_stored_with_its_class_and_requests_a_tick_when_the_wait_ends() {
    let mut group = Group::new(json!({}));
    group.at(NOW, miss(Workflow, 1));
    let decision = group.at(NOW + 10, refused(FailureClass::Throttled));
    let until = decision.wake_at_ms.unwrap();
    assert!((800..=1_200).contains(&(until - NOW - 10)), "{until}");
    assert_eq!(
        decision.state,
        map(json!({"last_scale_up_time_ms": NOW,
            "wci": {"backoff": {"failures": 1, "until_ms": until, "class": "throttled"}}}))
    );
    let wait_ms = until - NOW - 10;
    let class = FailureClass::Throttled;
    assert_eq!(decision.reasons, [Reason::LaunchFailed { class, failures: 1, wait_ms }]);
}

#[test]
fn the_provider_is_sent_nothing_while_the_group_backs_off() {
    let (mut group, until) = throttled_group();
    for event in [miss(Workflow, 3), poll([(Workflow, 9, 1.0)])] {
        let is_announced = matches!(event, Event::TaskAdd(_));
        let decision = group.at(until - 1, event);
        assert!(decision.actions.is_empty());
        assert_eq!(decision.throttled, if is_announced { 3 } else { 0 });
        assert_eq!(decision.wake_at_ms, Some(until));
        let class = FailureClass::Throttled;
        assert_eq!(decision.reasons[1], Reason::BackingOff { class, remaining_ms: 1 });
        assert_eq!(group.key("last_scale_up_time_ms"), Some(&json!(NOW)));
    }
}

#[test]
fn the_back_off_is_the_reason_even_within_the_cooloff() {
    let (mut group, until) = throttled_group();
    let decision = group.at(NOW + 50, miss(Workflow, 1));
    assert_eq!(decision.wake_at_ms, Some(until));
    assert_eq!(names(&decision), ["tasks_announced", "backing_off"]);
}

#[test]
fn the_detector_goes_on_learning_while_the_group_backs_off() {
    let (mut group, until) = throttled_group();
    group.config.insert("scale_up_dispatch_rate_epsilon".into(), json!(0.1));
    group.at(until - 1, poll([(Workflow, 9, 4.0)]));
    assert_eq!(group.key("workflow_dispatch_ref_rate"), Some(&json!(4)));
}

#[test]
fn every_decision_while_backing_off_requests_a_tick_at_its_end() {
    let (mut group, until) = throttled_group();
    for event in [Event::Tick {}, poll([(Workflow, 0, 0.0)])] {
        assert_eq!(group.at(NOW + 20, event).wake_at_ms, Some(until));
    }
}

#[test]
fn after_the_wait_one_worker_is_the_probe_and_nothing_else_starts_before_its_outcome() {
    let (mut group, until) = throttled_group();
    let decision = group.at(until, miss(Workflow, 5));
    assert_eq!(decision.actions, INVOKE);
    assert_eq!(names(&decision), ["tasks_announced", "probing"]);
    assert!((800..=1_200).contains(&wait(&decision, until)));
    let next = group.at(until + 500, miss(Workflow, 5));
    assert_eq!((next.actions.len(), next.throttled), (0, 5));
}

#[test]
fn a_probe_without_an_outcome_is_followed_by_another() {
    let (mut group, until) = throttled_group();
    let again = group.at(until, miss(Workflow, 1)).wake_at_ms.unwrap();
    let decision = group.at(again, poll([(Workflow, 9, 0.0)]));
    assert_eq!(decision.actions, INVOKE);
    assert_eq!(failures(&decision), 1);
}

#[test]
fn a_successful_probe_ends_the_back_off_and_requests_a_tick_at_once() {
    let (mut group, until) = throttled_group();
    group.at(until, miss(Workflow, 1));
    let decision = group.at(until + 30, outcome(Outcome::started(1)));
    assert_eq!(decision.state, map(json!({ "last_scale_up_time_ms": until })));
    assert_eq!(decision.wake_at_ms, Some(until + 30));
    assert_eq!(decision.reasons, [Reason::LaunchSucceeded { started: 1 }]);
    let decision = group.at(until + 100, miss(Workflow, 1));
    assert_eq!((names(&decision), decision.actions), (vec!["tasks_announced"], INVOKE.into()));
}

#[test]
fn each_probe_that_fails_doubles_the_wait_up_to_a_minute() {
    let (mut group, mut now) = throttled_group();
    for (n, nominal) in [2, 4, 8, 16, 32, 60, 60].into_iter().enumerate() {
        group.at(now, miss(Workflow, 1));
        let decision = group.at(now + 10, refused(FailureClass::Unavailable));
        assert_eq!(failures(&decision), n as u64 + 2);
        let off = wait(&decision, now + 10) - nominal * 1_000;
        assert!(off.abs() <= nominal * 200, "{nominal}: {off}");
        now = decision.wake_at_ms.unwrap();
    }
}

#[test]
fn a_failure_that_needs_a_change_of_configuration_waits_longer() {
    for class in [FailureClass::AccessDenied, FailureClass::Forbidden] {
        let mut group = Group::new(json!({}));
        let decision = group.at(NOW, refused(class));
        assert!((4_000..=6_000).contains(&wait(&decision, NOW)));
    }
}

#[test]
fn launches_under_way_when_the_first_failed_do_not_extend_the_wait() {
    let (mut group, until) = throttled_group();
    for n in 0..20 {
        let decision = group.at(NOW + 20 + n, refused(FailureClass::Throttled));
        assert_eq!(decision.wake_at_ms, Some(until));
        assert_eq!(failures(&decision), 1);
    }
    assert_eq!(failures(&group.at(until, refused(FailureClass::Throttled))), 2);
}

#[test]
fn a_launch_that_was_cut_short_opens_a_back_off_but_does_not_extend_it() {
    let cut_short = Outcome { started: 3, throttled: 2, ..Outcome::default() };
    let mut group = Group::new(json!({}));
    let decision = group.at(NOW, outcome(cut_short.clone()));
    assert_eq!(decision.state["wci"]["backoff"]["class"], "throttled");
    assert_eq!(failures(&decision), 1);
    let decision = group.at(NOW + 5_000, outcome(cut_short));
    assert_eq!(failures(&decision), 1);
    assert!((800..=1_200).contains(&wait(&decision, NOW + 5_000)));
}

#[test]
fn an_outcome_without_workers_changes_nothing() {
    let (mut group, until) = throttled_group();
    let decision = group.at(NOW + 20, outcome(Outcome::default()));
    assert_eq!((failures(&decision), decision.wake_at_ms), (1, Some(until)));
    assert_eq!(decision.reasons, [Reason::NothingWaits]);
}

#[test]
fn a_success_without_a_back_off_requests_nothing() {
    let decision = Group::new(json!({})).at(NOW, outcome(Outcome::started(1)));
    assert_eq!((decision.wake_at_ms, decision.state.len()), (None, 0));
}

#[test]
fn a_back_off_that_ends_in_the_far_future_does_not_count() {
    for (class, ahead, acts) in
        [("throttled", 72_000, 0), ("throttled", 72_001, 1), ("not-found", 360_001, 1)]
    {
        let own = json!({"backoff": {"failures": 9, "until_ms": NOW + ahead, "class": class}});
        let mut group = Group::with_state(json!({}), json!({ "wci": own }));
        let decision = group.at(NOW, miss(Workflow, 1));
        assert_eq!(decision.actions.len(), acts, "{class} {ahead}");
    }
}
