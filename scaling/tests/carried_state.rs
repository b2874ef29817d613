//! State from elsewhere: an older server, a faulty clock, a manual edit.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::json;
use support::{Group, INVOKE, NOW, map, miss, names, poll};
use wci_contract::{TaskType::Workflow, decision::Event};

#[test]
fn a_state_of_server_1_32_is_read_and_its_obsolete_key_dropped() {
    let last = NOW - 40;
    let mut group = Group::with_state(
        json!({}),
        json!({"last_scale_up_time_ms": last, "workflow_last_dispatch_rate": 3.5}),
    );
    let decision = group.at(NOW, miss(Workflow, 1));
    assert_eq!(decision.wake_at_ms, Some(NOW + 60));
    assert_eq!(decision.state, map(json!({ "last_scale_up_time_ms": last })));
}

#[test]
fn unknown_keys_are_dropped_except_under_the_key_of_wci() {
    let own = json!({"learned": {"service_rate": 2.5}});
    let mut group = Group::with_state(json!({}), json!({"bogus": 1, "wci": own.clone()}));
    assert_eq!(group.at(NOW, Event::Tick {}).state, map(json!({ "wci": own })));
}

#[test]
fn integral_floats_are_read_and_written_as_integers() {
    let state = json!({"last_scale_up_time_ms": 1_795_338_000_000.0,
        "nexus_dispatch_ref_rate": 2.0, "nexus_dispatch_rate_within_epsilon_since_ms": 7.0});
    let mut group = Group::with_state(json!({}), state);
    let clean = json!({"last_scale_up_time_ms": 1_795_338_000_000_i64,
        "nexus_dispatch_ref_rate": 2, "nexus_dispatch_rate_within_epsilon_since_ms": 7});
    assert_eq!(group.at(NOW, Event::Tick {}).state, map(clean));
}

#[test]
fn invalid_values_count_as_absent() {
    let garbage = [json!("soon"), json!(null), json!([1]), json!({}), json!(true), json!(1.5)];
    for value in garbage.into_iter().chain([json!(1e300), json!(u64::MAX)]) {
        let state = json!({"last_scale_up_time_ms": value, "wci": value,
            "workflow_suppress_scale_up_until_ms": value});
        let mut group = Group::with_state(json!({}), state);
        let decision = group.at(NOW, miss(Workflow, 1));
        assert_eq!(decision.actions, INVOKE, "{value}");
        assert_eq!(decision.state, map(json!({ "last_scale_up_time_ms": NOW })), "{value}");
    }
}

#[test]
fn a_clock_set_back_by_more_than_the_cooloff_defers_nothing() {
    for ahead in [100, 5_000, 3_600_000, i64::MAX / 2] {
        let state = json!({"last_scale_up_time_ms": NOW + ahead});
        let mut group = Group::with_state(json!({}), state);
        assert_eq!(group.at(NOW, miss(Workflow, 1)).actions, INVOKE, "{ahead}");
        assert_eq!(group.key("last_scale_up_time_ms"), Some(&json!(NOW)));
    }
}

#[test]
fn a_clock_set_back_a_little_at_most_doubles_the_cooloff() {
    let mut group = Group::with_state(json!({}), json!({"last_scale_up_time_ms": NOW + 99}));
    let decision = group.at(NOW, miss(Workflow, 1));
    assert_eq!((decision.actions.len(), decision.wake_at_ms), (0, Some(NOW + 199)));
}

#[test]
fn without_a_cooloff_a_clock_that_is_set_back_defers_nothing() {
    let config = json!({"scale_up_cooloff_ms": 0});
    let mut group = Group::with_state(config, json!({"last_scale_up_time_ms": NOW + 1}));
    assert_eq!(group.at(NOW, miss(Workflow, 1)).actions, INVOKE);
}

#[test]
fn a_suppression_that_ends_in_the_far_future_does_not_count() {
    let until = "workflow_suppress_scale_up_until_ms";
    for (ahead, invokes) in [(119_000, false), (3_720_000, false), (3_720_001, true)] {
        let mut group = Group::with_state(json!({}), json!({ until: NOW + ahead }));
        let decision = group.at(NOW, miss(Workflow, 1));
        assert_eq!(!decision.actions.is_empty(), invokes, "{ahead}");
    }
}

#[test]
fn a_group_that_never_started_a_worker_has_no_cooloff() {
    for now in [i64::MIN, -1, 0, 50, i64::MAX] {
        assert_eq!(Group::new(json!({})).at(now, miss(Workflow, 1)).actions, INVOKE, "{now}");
    }
}

#[test]
fn invalid_settings_count_as_their_defaults() {
    let config = json!({"scale_up_cooloff_ms": "soon", "metrics_poll_interval_ms": 100,
        "scale_up_backlog_threshold": -1, "scale_up_dispatch_rate_epsilon": 0.5, "bogus": 1});
    let mut group = Group::new(config);
    let decision = group.at(NOW, poll([(Workflow, 1, 10.0)]));
    assert_eq!(decision.actions, INVOKE);
    assert_eq!(decision.next_poll_ms, 60_000);
    assert_eq!(decision.state, map(json!({ "last_scale_up_time_ms": NOW })));
    assert_eq!(names(&group.at(NOW + 99, miss(Workflow, 1))), ["tasks_announced", "cooloff"]);
    assert_eq!(group.at(NOW + 100, miss(Workflow, 1)).actions, INVOKE);
}

#[test]
fn numbers_as_strings_and_with_fractions_are_valid_settings() {
    let mut group = Group::new(json!({"scale_up_cooloff_ms": "2000"}));
    group.at(NOW, miss(Workflow, 1));
    assert_eq!(group.at(NOW + 1_999, miss(Workflow, 1)).wake_at_ms, Some(NOW + 2_000));
    group.config.insert("scale_up_cooloff_ms".into(), json!(1.9));
    group.state.insert("last_scale_up_time_ms".into(), json!(NOW));
    assert_eq!(group.at(NOW + 1, miss(Workflow, 1)).actions, INVOKE);
}
