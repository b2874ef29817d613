//! `rate-based`: the numbers of the server's controller.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::float_cmp)]

mod support;

use serde_json::{Value, json};
use support::{Group, NOW, map, miss, names, outcome};
use wci_contract::{
    FailureClass,
    TaskType::{Activity, Nexus, Workflow},
    decision::{Action, Decision, Event, Poll, Reason},
    launch::Outcome,
    signal::TaskAdd,
    stats::QueueStats,
};
use wci_scaling::Algorithm::RateBased;

const SECOND: i64 = 1_000;

fn group(config: Value, state: Value) -> Group {
    Group { state: map(state), ..Group::of(RateBased, config) }
}

fn stats(backlog: u64, arrival_rate: f64, dispatch_rate: f64) -> Event {
    let stats = QueueStats { backlog, arrival_rate, dispatch_rate, ..QueueStats::default() };
    Event::Poll(Poll { stats: [(Workflow, stats)].into(), workers: None })
}

fn size(decision: &Decision) -> Option<u32> {
    match decision.actions[..] {
        [] => None,
        [Action::UpdateWorkerSetSize { count }] => Some(count),
        ref other => panic!("{other:?}"),
    }
}

fn desired(decision: &Decision) -> u32 {
    let desired = |reason: &Reason| match reason {
        Reason::Desired { workers, .. } => Some(*workers),
        _ => None,
    };
    decision.reasons.iter().find_map(desired).unwrap()
}

#[test]
fn the_number_of_workers_follows_from_rate_capacity_and_backlog() {
    for (arrival, capacity, backlog, workers) in [
        (0.0, 2.0, 0, 0),
        (0.0, 2.0, 1, 2),
        (1.0, 2.0, 0, 1),
        (6.0, 2.0, 0, 4),
        (10.0, 2.0, 0, 7),
        (10.0, 2.0, 5, 8),
        (10.0, 5.0, 0, 3),
        (200.0, 2.0, 0, 30),
    ] {
        let state = json!({"ewma_arrival_rate": arrival, "ewma_per_consumer_capacity": capacity});
        let decision = group(json!({}), state).at(NOW, stats(backlog, arrival, 1.0));
        assert_eq!(desired(&decision), workers, "{arrival} {capacity} {backlog}");
    }
}

#[test]
fn the_square_root_rule_applies_where_it_calls_for_more() {
    let config = json!({"utilization_target": 1.0, "max_count": 1000});
    for (arrival, workers) in [(2.0, 2), (20.0, 12), (200.0, 105)] {
        let decision = group(config.clone(), json!({})).at(NOW, stats(0, arrival, 1.0));
        assert_eq!(desired(&decision), workers, "{arrival}");
    }
}

#[test]
fn a_load_is_followed_up_and_down_as_the_server_does() {
    let mut group = Group::of(RateBased, json!({}));
    assert_eq!(size(&group.at(NOW, miss(Workflow, 1))), Some(1));
    for (seconds, (backlog, arrival, dispatch), (planned, wanted), (mean_in, mean_out, capacity)) in [
        (60, (120, 10.0, 2.0), (5, 8), (10.0, 2.0, 2.0)),
        (120, (100, 10.0, 6.0), (9, 10), (10.0, 3.8, 1.64)),
        (180, (40, 10.0, 10.0), (10, 10), (10.0, 6.59, 1.64)),
        (240, (0, 10.0, 12.0), (9, 8), (10.0, 9.0245, 1.64)),
        (300, (0, 0.0, 0.0), (8, 0), (0.0, 0.0, 1.64)),
    ] {
        let decision = group.at(NOW + seconds * SECOND, stats(backlog, arrival, dispatch));
        assert_eq!((size(&decision), desired(&decision)), (Some(planned), wanted), "{seconds}");
        let float = |key| group.key(key).and_then(Value::as_f64).unwrap();
        for (key, value) in [
            ("worker_count", f64::from(planned)),
            ("ewma_arrival_rate", mean_in),
            ("ewma_dispatch_rate", mean_out),
            ("ewma_per_consumer_capacity", capacity),
        ] {
            assert!((float(key) - value).abs() < 1e-9, "{key} at {seconds}: {}", float(key));
        }
        assert_eq!(decision.next_poll_ms, 60_000);
    }
    assert_eq!(group.key("last_scale_up_time_ms"), Some(&json!(NOW + 180 * SECOND)));
    assert_eq!(group.key("last_scale_down_time_ms"), Some(&json!(NOW + 300 * SECOND)));
    assert_eq!(group.key("last_no_sync_match_time_ms"), Some(&json!(NOW)));
}

#[test]
fn a_miss_within_the_cooldown_requests_a_tick_at_its_end() {
    let mut group = Group::of(RateBased, json!({}));
    group.at(NOW, miss(Workflow, 1));
    let decision = group.at(NOW + 500, miss(Activity, 3));
    assert_eq!((size(&decision), decision.throttled), (None, 3));
    assert_eq!(decision.wake_at_ms, Some(NOW + 2_000));
    assert_eq!(
        decision.reasons,
        [Reason::TasksAnnounced { misses: 3 }, Reason::ScaleUpCooldown { remaining_ms: 1_500 }]
    );
    assert_eq!(group.key("last_no_sync_match_time_ms"), Some(&json!(NOW + 500)));
    assert_eq!(size(&group.at(NOW + 1_999, miss(Activity, 3))), None);
    assert_eq!(size(&group.at(NOW + 2_000, miss(Activity, 3))), Some(2));
}

#[test]
fn misses_of_several_types_at_once_add_one_worker_and_defer_nothing() {
    let mut group = Group::of(RateBased, json!({}));
    let decision = group.batch(NOW, &[miss(Workflow, 2), miss(Activity, 3)]);
    assert_eq!((size(&decision), decision.throttled), (Some(1), 0));
}

#[test]
fn no_worker_is_added_above_the_maximum_or_removed_below_the_minimum() {
    let limits = json!({"min_count": 2, "initial_count": 3, "max_count": 3});
    let mut group = Group::of(RateBased, limits);
    let decision = group.at(NOW, miss(Workflow, 7));
    assert_eq!((size(&decision), decision.throttled), (None, 7));
    assert_eq!(names(&decision), ["tasks_announced", "max_count"]);
    let calm = NOW + 90 * SECOND;
    assert_eq!(size(&group.at(calm, stats(0, 0.0, 0.0))), Some(2));
    let decision = group.at(calm + 60 * SECOND, stats(0, 0.0, 0.0));
    assert_eq!((size(&decision), desired(&decision)), (None, 2));
}

#[test]
fn workers_are_removed_one_by_one_after_quiet_and_cooldown() {
    let state = json!({"worker_count": 9, "last_no_sync_match_time_ms": NOW - 89_999,
        "last_scale_down_time_ms": NOW - 10_000});
    let mut group = group(json!({}), state);
    let decision = group.at(NOW, stats(0, 0.0, 0.0));
    assert_eq!(decision.reasons[1..], [Reason::NoSyncQuiet { remaining_ms: 1 }]);
    let decision = group.at(NOW + 1, stats(0, 0.0, 0.0));
    assert_eq!(decision.reasons[1..], [Reason::ScaleDownCooldown { remaining_ms: 49_999 }]);
    assert_eq!(size(&group.at(NOW + 50_000, stats(0, 0.0, 0.0))), Some(8));
}

#[test]
fn only_a_material_backlog_shows_the_capacity_of_a_worker() {
    let capacity = |config, workers, backlog, dispatch| {
        let mut group = group(config, json!({ "worker_count": workers }));
        group.at(NOW, stats(backlog, 1.0, dispatch));
        group.key("ewma_per_consumer_capacity").and_then(Value::as_f64)
    };
    assert_eq!(capacity(json!({}), 2, 49, 8.0), None);
    assert_eq!(capacity(json!({}), 2, 50, 8.0), Some(0.45 * 4.0 + 0.55 * 2.0));
    assert_eq!(capacity(json!({}), 0, 50, 8.0), None);
    // Workers with no tasks, or hardly any, show no capacity.
    assert_eq!(capacity(json!({}), 2, 50, 0.0), None);
    assert_eq!(capacity(json!({"ewma_alpha": 1}), 2, 50, f64::from_bits(1)), None);
}

#[test]
fn statistics_with_announced_tasks_are_learned_from_and_start_nothing() {
    let mut group = group(json!({}), json!({"worker_count": 3}));
    let decision = group.batch(NOW, &[miss(Workflow, 1), stats(1, 50.0, 16.0)]);
    assert_eq!(size(&decision), Some(4));
    assert_eq!(group.key("ewma_per_consumer_capacity"), Some(&json!(0.45 * 4.0 + 0.55 * 2.0)));
    assert_eq!(group.key("ewma_arrival_rate"), None);
}

#[test]
fn a_type_with_invalid_statistics_is_ignored() {
    let stats = |backlog, arrival_rate| QueueStats {
        backlog,
        arrival_rate,
        dispatch_rate: 1.0,
        ..QueueStats::default()
    };
    let poll = Poll {
        stats: [(Workflow, stats(7, f64::NAN)), (Activity, stats(7, -1.0)), (Nexus, stats(0, 6.0))]
            .into(),
        workers: None,
    };
    let decision = Group::of(RateBased, json!({})).at(NOW, Event::Poll(poll));
    assert_eq!(desired(&decision), 4);
}

#[test]
fn huge_rates_stay_finite() {
    let huge = QueueStats {
        backlog: 50,
        arrival_rate: f64::MAX,
        dispatch_rate: f64::MAX,
        ..QueueStats::default()
    };
    let stats = [(Workflow, huge), (Activity, huge)].into();
    let mut group = Group::of(RateBased, json!({}));
    group.at(NOW, Event::Poll(Poll { stats, workers: None }));
    for key in ["ewma_arrival_rate", "ewma_dispatch_rate"] {
        assert_eq!(group.key(key).and_then(Value::as_f64), Some(f64::MAX), "{key}");
    }
}

#[test]
fn a_sync_match_starts_nothing() {
    let sync = TaskAdd { task_queue_type: 1, is_sync_match: true, syncs: 4, ..TaskAdd::default() };
    let mut group = Group::of(RateBased, json!({}));
    let decision = group.at(NOW, Event::TaskAdd(sync));
    assert_eq!((size(&decision), names(&decision)), (None, vec!["sync_match"]));
    assert_eq!(group.state, map(json!({"worker_count": 0})));
}

#[test]
fn a_provider_that_refuses_is_sent_nothing_for_a_while() {
    let mut group = Group::of(RateBased, json!({}));
    let refused = outcome(Outcome::failed(1, FailureClass::Unavailable, "no answer"));
    let until = group.at(NOW, refused).wake_at_ms.unwrap();
    let decision = group.at(NOW + 1, miss(Workflow, 2));
    assert_eq!((size(&decision), decision.throttled), (None, 2));
    assert_eq!(group.key("worker_count"), Some(&json!(0)));
    assert_eq!(size(&group.at(until, miss(Workflow, 2))), Some(1));
}

#[test]
fn a_state_of_the_server_is_read_and_invalid_values_are_dropped() {
    let state = json!({"worker_count": 5.0, "ewma_arrival_rate": 2, "ewma_dispatch_rate": 1.5,
        "ewma_per_consumer_capacity": 2, "last_scale_up_time_ms": 1_795_338_000_000.0});
    let mut sound = group(json!({}), state.clone());
    sound.at(NOW, Event::Tick {});
    let clean = json!({"worker_count": 5, "ewma_arrival_rate": 2, "ewma_dispatch_rate": 1.5,
        "ewma_per_consumer_capacity": 2, "last_scale_up_time_ms": 1_795_338_000_000_i64});
    assert_eq!(sound.state, map(clean));
    let state = json!({"worker_count": 2_147_483_648_i64, "ewma_arrival_rate": "many",
        "ewma_dispatch_rate": -1, "ewma_per_consumer_capacity": 0, "last_scale_up_time_ms": -1,
        "last_scale_down_time_ms": 1.5, "bogus": 1, "wci": {"later": 1}});
    let mut broken = group(json!({"initial_count": 4}), state);
    broken.at(NOW, Event::Tick {});
    assert_eq!(broken.state, map(json!({"worker_count": 4, "wci": {"later": 1}})));
}

#[test]
fn a_set_may_shrink_by_its_whole_surplus_where_the_spec_allows_it() {
    let shrunk = |config: Value| {
        let mut group = group(config, json!({"worker_count": 20}));
        size(&group.at(NOW, stats(0, 0.0, 0.0)))
    };
    assert_eq!(shrunk(json!({})), Some(19));
    assert_eq!(shrunk(json!({"max_scale_down_step": 5})), Some(15));
    let all = json!({"max_scale_down_step": 100, "min_count": 2, "initial_count": 2});
    assert_eq!(shrunk(all), Some(2));
}

#[test]
fn a_set_of_the_right_size_is_left_alone_and_one_above_it_shrinks_to_it() {
    let config = json!({"max_scale_down_step": 5, "ewma_alpha": 1});
    // Six tasks a second need four workers of two tasks a second each.
    for (planned, sent) in [(4, None), (6, Some(4)), (8, Some(4)), (10, Some(5))] {
        let mut group = group(config.clone(), json!({ "worker_count": planned }));
        assert_eq!(size(&group.at(NOW, stats(0, 6.0, 1.0))), sent, "{planned}");
    }
}

#[test]
fn a_tick_sends_the_planned_size_to_the_provider() {
    let mut fresh = group(json!({"initial_count": 3}), json!({}));
    assert_eq!(size(&fresh.at(NOW, Event::Tick {})), Some(3));
    let mut known = group(json!({}), json!({"worker_count": 7}));
    assert_eq!(size(&known.at(NOW, Event::Tick {})), Some(7));
}

#[test]
fn an_accepted_size_ends_the_back_off_even_without_a_new_worker() {
    let mut group = group(json!({}), json!({"worker_count": 7}));
    let refused = outcome(Outcome::failed(7, FailureClass::Unavailable, "no answer"));
    let until = group.at(NOW, refused).wake_at_ms.unwrap();
    assert_eq!(size(&group.at(NOW + 1, Event::Tick {})), None);
    assert_eq!(size(&group.at(until, Event::Tick {})), Some(7));
    group.at(until + 1, outcome(Outcome::started(0)));
    assert_eq!(size(&group.at(until + 2, miss(Workflow, 1))), Some(8));
}

#[test]
fn a_clock_that_is_set_back_does_not_block_the_group_for_ever() {
    let mut group = group(json!({}), json!({"last_scale_up_time_ms": NOW + 86_400_000}));
    assert_eq!(size(&group.at(NOW, miss(Workflow, 1))), Some(1));
}
