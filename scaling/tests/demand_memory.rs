//! `demand`: its memory, and invalid or unusual input.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::json;
use support::{
    Group, NOW,
    demand::{announced, flow, group, started},
    map, miss, names, outcome,
};
use wci_contract::{
    FailureClass,
    TaskType::{Activity, Nexus, Workflow},
    decision::{Event, Poll, Reason},
    launch::Outcome,
    signal::TaskAdd,
    stats::{QueueStats, WorkersSeen},
};
use wci_scaling::Algorithm::Demand;

fn count(seen: u64) -> Event {
    let workers = Some(WorkersSeen { seen, slots_free: 0 });
    Event::Poll(Poll { workers, ..Poll::default() })
}

#[test]
fn a_group_without_events_has_no_memory() {
    let mut group = group(json!({}));
    let decision = group.at(NOW, Event::Tick {});
    assert_eq!((decision.state, decision.next_poll_ms), (map(json!({})), 60_000));
    assert_eq!((decision.wake_at_ms, decision.reasons), (None, vec![Reason::NothingWaits]));
}

#[test]
fn the_memory_is_plain_and_small() {
    let mut group = group(json!({"worker_slots": 4}));
    group.at(NOW, announced(6));
    let remembered = json!({"demand": {"starts": [[NOW, 2]], "asked": [[NOW, 2]], "settled_ms": NOW - 1_500,
        "announced": [[NOW, 6]], "trial_ms": NOW, "looked_ms": NOW}});
    assert_eq!(group.state, map(remembered));
}

#[test]
fn the_state_of_another_algorithm_is_dropped() {
    let mut group = group(json!({}));
    group.state = map(json!({"last_scale_up_time_ms": NOW, "worker_count": 7, "wci": {"x": 1}}));
    let decision = group.at(NOW, announced(1));
    assert_eq!(started(&decision), 1);
    let mut keys: Vec<&String> = decision.state.keys().collect();
    keys.sort();
    assert_eq!(keys, ["demand", "wci"]);
}

#[test]
fn a_worker_count_alone_allows_a_start_and_changes_no_backlog() {
    let mut group = group(json!({"max_concurrent_workers": 3, "worker_slots": 1}));
    assert_eq!(started(&group.at(NOW, announced(3))), 3);
    let full = group.at(NOW + 9_000, announced(2));
    assert_eq!(started(&full), 0);
    let mut group = Group { algorithm: Demand, config: group.config, state: group.state };
    group.at(NOW + 9_100, flow(0, 0.0, 0.05));
    let decision = group.batch(NOW + 14_000, &[announced(2), count(1)]);
    assert_eq!(started(&decision), 2);
    assert!(decision.reasons.contains(&Reason::WorkersLeft { workers: 2 }));
}

#[test]
fn starting_workers_do_not_count_as_gone() {
    let mut group = group(json!({"worker_slots": 1}));
    group.at(NOW, announced(5));
    for after in [100, 3_000, 6_000] {
        let decision = group.at(NOW + after, count(0));
        assert!(!names(&decision).contains(&"workers_left"), "{after}");
    }
}

#[test]
fn a_launch_that_failed_in_part_allows_the_missing_workers() {
    let mut group = group(json!({"max_concurrent_workers": 4, "worker_slots": 1}));
    assert_eq!(started(&group.at(NOW, announced(4))), 4);
    let partly = Outcome { started: 1, ..Outcome::failed(3, FailureClass::Throttled, "") };
    let decision = group.batch(NOW + 50, &[outcome(partly), miss(Workflow, 3)]);
    assert_eq!((started(&decision), decision.throttled), (0, 3));
    let at = decision.wake_at_ms.unwrap();
    assert_eq!(started(&group.at(at, miss(Workflow, 3))), 1);
    assert_eq!(started(&group.at(at + 10, outcome(Outcome::started(1)))), 2);
}

#[test]
fn a_refusal_that_arrives_late_takes_away_no_worker_that_was_requested_since() {
    let limits = json!({"max_concurrent_workers": 1, "worker_slots": 1,
        "worker_lifetime_ms": 20_000, "start_timeout_ms": 5_000, "expected_start_ms": 100});
    let refused = Outcome::failed(1, FailureClass::Throttled, "");
    let started_after = |requested_ms| {
        let mut group = group(limits.clone());
        assert_eq!(started(&group.at(NOW, announced(1))), 1);
        // That worker never appeared, and the next one is requested.
        assert_eq!(started(&group.at(NOW + 25_000, announced(1))), 1);
        let late = Outcome { requested_ms: Some(requested_ms), ..refused.clone() };
        group.at(NOW + 26_000, outcome(late));
        started(&group.at(NOW + 35_000, announced(3)))
    };
    assert_eq!([NOW + 10, NOW + 25_010].map(started_after), [0, 1]);
}

#[test]
fn deferred_tasks_are_not_counted_again_once_the_backlog_is_known() {
    let mut group = group(json!({"max_concurrent_workers": 1, "worker_slots": 1,
        "worker_lifetime_ms": 40_000, "start_timeout_ms": 5_000, "expected_start_ms": 100}));
    assert_eq!(started(&group.at(NOW, announced(1))), 1);
    let full = group.at(NOW + 3_000, announced(30));
    assert_eq!(full.throttled, 30);
    group.at(NOW + 30_000, flow(0, 1.0, 1.0));
    group.config = map(json!({"worker_slots": 1}));
    // The worker is gone, and one of the thirty may still wait.
    assert_eq!(started(&group.at(NOW + 41_000, announced(30))), 1);
}

#[test]
fn workers_are_started_ahead_of_a_backlog_that_has_grown_for_a_while() {
    let workers = |arrival| {
        let mut group = group(json!({"worker_slots": 1, "expected_start_ms": 2_000}));
        group.at(NOW, flow(1, arrival, 0.01));
        started(&group.at(NOW + 12_000, flow(10, arrival, 0.01)))
    };
    // The worker of the first task still has time to raise the rate.
    assert_eq!(workers(0.01), 9);
    // The backlog grows by four tasks a second, for the two seconds that a worker needs to start.
    assert_eq!(workers(4.01), 17);
}

#[test]
fn a_state_from_a_clock_that_ran_ahead_defers_nothing() {
    let ahead = NOW + 86_400_000;
    let mut group = group(json!({"worker_slots": 1}));
    group.state = map(json!({"demand": {"starts": [[ahead, 2]], "asked": [[ahead, 2]],
        "settled_ms": ahead, "backlog": {"at_ms": ahead, "waiting": 1}, "looked_ms": ahead,
        "trial_ms": ahead, "no_shows": 0}}));
    assert_eq!(started(&group.at(NOW, announced(9))), 9);
}

#[test]
fn a_task_of_a_type_that_no_group_serves_starts_no_worker() {
    let signal = TaskAdd { task_queue_type: 9, misses: 4, ..TaskAdd::default() };
    let decision = group(json!({})).at(NOW, Event::TaskAdd(signal));
    assert_eq!((started(&decision), decision.throttled), (0, 4));
    assert_eq!(decision.reasons, [Reason::NobodyServes { tasks: 4 }]);
}

#[test]
fn queues_are_polled_often_while_the_group_is_busy() {
    let mut group = group(json!({}));
    assert_eq!(group.at(NOW, announced(2)).next_poll_ms, 1_000);
    assert_eq!(group.at(NOW + 9_999, flow(9, 0.0, 1.0)).next_poll_ms, 1_000);
    assert_eq!(group.at(NOW + 40_000, flow(0, 0.0, 1.0)).next_poll_ms, 60_000);
    let mut full = Group::of(Demand, json!({"max_concurrent_workers": 1, "worker_slots": 1}));
    full.at(NOW, announced(1));
    assert_eq!(full.at(NOW + 20_000, flow(9, 0.0, 1.0)).next_poll_ms, 5_000);
}

#[test]
fn a_schedule_sets_the_minimum_and_requests_a_tick_at_its_next_change() {
    // A Sunday, 09:00.
    let mut group =
        group(json!({"min_workers_schedule": ["sun 09:00-10:00 4", "mon 09:00-10:00 9"]}));
    let decision = group.at(NOW, Event::Tick {});
    assert_eq!(started(&decision), 4);
    let ten = NOW + 3_600_000;
    assert_eq!(decision.wake_at_ms, Some(NOW + 600_000));
    let decision = group.at(ten, Event::Tick {});
    assert_eq!((started(&decision), decision.wake_at_ms), (0, Some(ten + 23 * 3_600_000)));
    assert_eq!(started(&group.at(ten + 23 * 3_600_000, Event::Tick {})), 9);
}

#[test]
fn statistics_of_several_types_are_summed() {
    let stats = |backlog| QueueStats { backlog, ..QueueStats::default() };
    let poll = Poll {
        stats: [(Workflow, stats(3)), (Activity, stats(4)), (Nexus, stats(1))].into(),
        workers: None,
    };
    assert_eq!(started(&group(json!({})).at(NOW, Event::Poll(poll))), 4);
}

#[test]
fn deferred_tasks_count_when_they_are_announced_again_and_so_do_new_ones() {
    let mut group = group(json!({"max_concurrent_workers": 1, "worker_slots": 1}));
    group.at(NOW, announced(1));
    assert_eq!(group.at(NOW + 2_000, announced(30)).throttled, 30);
    group.config = map(json!({"worker_slots": 1}));
    assert_eq!(started(&group.batch(NOW + 4_000, &[announced(30), announced(10)])), 40);
}

#[test]
fn a_worker_count_alone_leaves_the_backlog_as_it_was() {
    let mut group = group(json!({"max_concurrent_workers": 1, "worker_slots": 1}));
    assert_eq!(started(&group.at(NOW, announced(1))), 1);
    assert_eq!(started(&group.at(NOW + 9_000, flow(5, 0.0, 0.05))), 0);
    assert_eq!(started(&group.at(NOW + 9_100, count(0))), 1);
}

#[test]
fn workers_that_never_poll_are_detected_without_the_age_of_tasks() {
    let mut group = group(json!({"worker_slots": 1}));
    assert_eq!(started(&group.at(NOW, announced(3))), 3);
    for second in 1..30 {
        assert_eq!(started(&group.at(NOW + second * 1_000, flow(3, 0.0, 0.0))), 0, "{second}");
    }
    let decision = group.at(NOW + 30_000, flow(3, 0.0, 0.0));
    assert_eq!(names(&decision)[0], "start_timed_out");
    // A poll long ago shows nothing about the time since.
    let mut group = Group::of(Demand, json!({"worker_slots": 1}));
    group.at(NOW, announced(3));
    group.at(NOW + 1_000, flow(3, 0.0, 0.0));
    assert!(!names(&group.at(NOW + 40_000, flow(3, 0.0, 0.0))).contains(&"start_timed_out"));
}

#[test]
fn the_learned_rate_follows_a_slower_worker_gradually() {
    let mut group = group(json!({"worker_slots": 1, "max_concurrent_workers": 10}));
    let rate = |group: &Group| group.state["demand"]["service_rate"].as_f64().unwrap();
    group.at(NOW, announced(10));
    group.at(NOW + 60_000, flow(0, 0.0, 100.0));
    assert!((rate(&group) - 10.0).abs() < 1e-9);
    // Without enough tasks, before or now, a rate shows nothing.
    group.at(NOW + 61_000, flow(0, 0.0, 50.0));
    group.at(NOW + 61_500, flow(40, 0.0, 50.0));
    group.at(NOW + 61_700, flow(0, 0.0, 50.0));
    group.at(NOW + 62_000, flow(40, 0.0, 50.0));
    assert!((rate(&group) - 10.0).abs() < 1e-9);
    group.at(NOW + 63_000, flow(40, 0.0, 50.0));
    assert!((rate(&group) - 9.0).abs() < 1e-9, "{}", rate(&group));
    group.at(NOW + 64_000, flow(40, 0.0, 110.0));
    assert!((rate(&group) - 10.0).abs() < 1e-9, "{}", rate(&group));
}

#[test]
fn tasks_that_filled_the_slots_of_new_workers_are_not_finished_work() {
    let rate = |after| {
        let mut group = group(json!({"worker_slots": 1}));
        group.at(NOW, announced(10));
        group.at(NOW + after, flow(0, 0.0, 100.0));
        group.state["demand"]["service_rate"].as_f64().unwrap()
    };
    // They arrive after a second, and 2750 tasks were dispatched in the window of the rates.
    assert!((rate(35_999) - 2_740.0 / 275.0).abs() < 1e-9, "{}", rate(35_999));
    assert!((rate(36_000) - 10.0).abs() < 1e-9, "{}", rate(36_000));
}

#[test]
fn the_start_time_is_learned_where_workers_are_seen() {
    let seen = |seen: u64| {
        let stats = QueueStats { backlog: 1, ..QueueStats::default() };
        let workers = Some(WorkersSeen { seen, slots_free: 0 });
        Event::Poll(Poll { stats: [(Workflow, stats)].into(), workers })
    };
    let mut group = group(json!({"worker_slots": 1}));
    group.at(NOW, announced(1));
    group.at(NOW + 3_000, seen(0));
    group.at(NOW + 4_000, seen(1));
    assert_eq!(group.state["demand"]["start_ms"], json!(3_500));
    // The first may have come and left unnoticed: this may be the second.
    let mut either = Group::of(Demand, json!({"worker_slots": 1}));
    either.at(NOW, announced(1));
    either.at(NOW + 20_000, announced(1));
    either.at(NOW + 20_700, seen(0));
    either.at(NOW + 21_700, seen(1));
    assert!(either.state["demand"].get("start_ms").is_none());
    // Of two that were requested within three seconds, either will do.
    let mut both = Group::of(Demand, json!({"worker_slots": 1}));
    both.at(NOW, announced(1));
    both.at(NOW + 3_000, announced(1));
    both.at(NOW + 3_500, seen(0));
    both.at(NOW + 4_500, seen(1));
    assert_eq!(both.state["demand"]["start_ms"], json!(4_000));
    // A gap of ten seconds is too inexact.
    let mut vague = Group::of(Demand, json!({"worker_slots": 1}));
    vague.at(NOW, announced(1));
    vague.at(NOW + 1_000, seen(0));
    vague.at(NOW + 11_000, seen(1));
    assert!(vague.state["demand"].get("start_ms").is_none());
}

#[test]
fn work_is_attributed_to_all_workers_that_are_seen() {
    let mut group = group(json!({"worker_slots": 1}));
    group.at(NOW, announced(10));
    let stats = QueueStats { dispatch_rate: 100.0, ..QueueStats::default() };
    let workers = Some(WorkersSeen { seen: 25, slots_free: 0 });
    let poll = Poll { stats: [(Workflow, stats)].into(), workers };
    group.at(NOW + 60_000, Event::Poll(poll));
    // The group started ten of them.
    assert_eq!(group.state["demand"]["service_rate"], json!(4));
}
