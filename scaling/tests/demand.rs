//! `demand`: the workers that it starts, and why.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::json;
use support::{
    NOW,
    demand::{announced, group, started},
    map, miss, names, outcome,
};
use wci_contract::{
    FailureClass,
    TaskType::{Activity, Workflow},
    decision::{Event, Poll, Reason},
    launch::Outcome,
    stats::{QueueStats, WorkersSeen},
};

fn polled(backlog: u64, dispatch_rate: f64, age_ms: u64) -> Event {
    seen(backlog, dispatch_rate, age_ms, None)
}

fn seen(backlog: u64, dispatch_rate: f64, age_ms: u64, workers: Option<(u64, u64)>) -> Event {
    let stats = QueueStats { backlog, dispatch_rate, age_ms, ..QueueStats::default() };
    let workers = workers.map(|(seen, slots_free)| WorkersSeen { seen, slots_free });
    Event::Poll(Poll { stats: [(Activity, stats)].into(), workers })
}

#[test]
fn the_first_miss_starts_a_worker_at_once() {
    let decision = group(json!({})).at(NOW, announced(1));
    assert_eq!((started(&decision), decision.throttled), (1, 0));
    assert_eq!(
        decision.reasons,
        [
            Reason::TasksAnnounced { misses: 1 },
            Reason::Deficit { waiting: 1, covered: 0, workers: 1 }
        ]
    );
}

#[test]
fn a_burst_gets_all_its_workers_in_one_launch() {
    let config = json!({"worker_slots": 4, "max_concurrent_workers": 30});
    assert_eq!(started(&group(config.clone()).at(NOW, announced(100))), 25);
    assert_eq!(started(&group(config.clone()).at(NOW, polled(100, 0.0, 0))), 25);
    let decision = group(config).at(NOW, announced(300));
    assert_eq!((started(&decision), decision.throttled), (30, 180));
    assert_eq!(names(&decision), ["tasks_announced", "deficit", "at_max_concurrent"]);
}

#[test]
fn tasks_that_starting_workers_cover_start_no_more() {
    let mut group = group(json!({"worker_slots": 4}));
    assert_eq!(started(&group.at(NOW, announced(1))), 1);
    let decision = group.at(NOW + 400, announced(3));
    assert_eq!((started(&decision), decision.throttled), (0, 0));
    assert_eq!(decision.reasons[1], Reason::InFlightCovers { waiting: 4, in_flight: 1 });
    assert_eq!(started(&group.at(NOW + 500, announced(1))), 1);
}

#[test]
fn announcements_and_backlog_are_never_added_together() {
    let config = json!({"worker_slots": 4});
    assert_eq!(
        started(&group(config.clone()).batch(NOW, &[announced(40), polled(40, 0.0, 0)])),
        10
    );
    let mut group = group(config);
    assert_eq!(started(&group.at(NOW, announced(40))), 10);
    for after in [300, 900, 1_500, 3_000, 5_900] {
        assert_eq!(started(&group.at(NOW + after, polled(40, 0.0, 0))), 0, "{after}");
    }
}

#[test]
fn the_backlog_completes_a_burst_whose_end_was_not_announced() {
    let mut group = group(json!({"worker_slots": 4}));
    assert_eq!(started(&group.at(NOW, announced(57))), 15);
    assert_eq!(started(&group.at(NOW + 1_000, polled(100, 0.0, 0))), 10);
    // Tasks that the backlog showed are announced with the next task, whenever that arrives.
    let decision = group.at(NOW + 60_000, announced(41));
    assert_eq!(started(&decision), 1);
    assert_eq!(decision.reasons[1], Reason::AnnouncedLate { misses: 40 });
}

#[test]
fn tasks_that_miss_after_the_workers_arrived_get_more_workers() {
    let mut group = group(json!({"worker_slots": 4}));
    assert_eq!(started(&group.at(NOW, announced(4))), 1);
    assert_eq!(started(&group.at(NOW + 1_200, announced(1))), 1);
}

#[test]
fn free_slots_of_running_workers_are_used_first() {
    let decision = group(json!({})).at(NOW, seen(10, 0.0, 50, Some((3, 12))));
    assert_eq!(decision.reasons, [Reason::SlotsFree { waiting: 10, free: 12 }]);
    assert_eq!(started(&decision), 0);
    assert_eq!(started(&group(json!({})).at(NOW, seen(10, 0.0, 50, Some((3, 6))))), 2);
}

#[test]
fn a_task_that_free_slots_do_not_take_gets_a_worker_in_the_end() {
    let decision = group(json!({})).at(NOW, seen(10, 0.0, 30_000, Some((3, 12))));
    assert_eq!(decision.reasons, [Reason::InDoubt { waiting: 10, age_ms: 30_000 }]);
    assert_eq!(started(&decision), 1);
}

#[test]
fn a_worker_started_in_doubt_has_its_start_time_before_the_next() {
    let mut group = group(json!({}));
    let mut at = |after_ms: u64| {
        let look = seen(10, 0.0, 30_000 + after_ms, Some((3, 12)));
        started(&group.at(NOW + i64::try_from(after_ms).unwrap(), look))
    };
    assert_eq!([at(0), at(10_000), at(29_999), at(30_000)], [1, 0, 0, 1]);
}

#[test]
fn a_limit_that_defers_nothing_is_no_reason() {
    let mut full = group(json!({"max_concurrent_workers": 1, "worker_slots": 1}));
    assert_eq!(full.at(NOW, announced(1)).reasons.len(), 2);
    assert_eq!(full.at(NOW + 2_100, Event::Tick {}).reasons, [Reason::NothingWaits]);
    // Ten more workers did not help once, but the ten that are starting cover the waiting tasks.
    let mut limited = group(json!({"worker_slots": 1}));
    limited.state =
        map(json!({"demand": {"starts": [[NOW - 1_000, 20]], "settled_ms": NOW - 2_000,
        "push": {"at_ms": NOW - 1_000, "waiting": 20, "rate": 2, "workers": 10, "fruitless": 1}}}));
    let decision = limited.at(NOW, polled(20, 2.0, 1_000));
    assert_eq!(names(&decision), ["in_flight_covers"]);
}

#[test]
fn the_budget_of_a_minute_is_never_exceeded_and_recovers() {
    let mut group = group(json!({"max_invocations_per_minute": 10}));
    let decision = group.at(NOW, announced(100));
    assert_eq!((started(&decision), decision.wake_at_ms), (10, Some(NOW + 700)));
    let decision = group.at(NOW + 1_000, polled(100, 1.0, 0));
    assert_eq!(started(&decision), 0);
    assert!(names(&decision).contains(&"rate_budget_spent"));
    assert_eq!(decision.wake_at_ms, Some(NOW + 60_000));
    assert_eq!(started(&group.at(NOW + 60_000, polled(100, 1.0, 0))), 10);
}

#[test]
fn at_the_maximum_a_worker_that_left_allows_another() {
    let mut group = group(json!({"max_concurrent_workers": 2, "worker_lifetime_ms": 60_000}));
    assert_eq!(started(&group.at(NOW, announced(9))), 2);
    let decision = group.at(NOW + 10_000, announced(2));
    assert_eq!((started(&decision), decision.throttled), (0, 2));
    assert_eq!(decision.wake_at_ms, Some(NOW + 15_000));
    assert_eq!(decision.reasons.last(), Some(&Reason::AtMaxConcurrent { workers: 2, max: 2 }));
    let decision = group.at(NOW + 12_000, seen(5, 0.1, 2_000, Some((1, 0))));
    assert_eq!(started(&decision), 1);
    assert!(decision.reasons.contains(&Reason::WorkersLeft { workers: 1 }));
    assert_eq!(started(&group.at(NOW + 60_000, announced(1))), 1);
}

#[test]
fn workers_that_never_poll_are_reported_and_the_group_slows_down() {
    let mut group = group(json!({"max_concurrent_workers": 5}));
    assert_eq!(started(&group.at(NOW, announced(40))), 5);
    for second in 1..30 {
        let age = u64::try_from(second).unwrap() * 1_000;
        let decision = group.at(NOW + second * 1_000, polled(40, 0.0, age));
        assert_eq!(started(&decision), 0, "{second}");
    }
    let decision = group.at(NOW + 30_000, polled(40, 0.0, 30_000));
    assert_eq!(started(&decision), 0);
    assert_eq!(decision.reasons[0], Reason::StartTimedOut { workers: 5, after_ms: 30_000 });
    assert!(
        decision.reasons.contains(&Reason::WorkersDoNotAppear { failed: 5, remaining_ms: 30_000 })
    );
    assert_eq!(decision.wake_at_ms, Some(NOW + 60_000));
    assert_eq!(started(&group.at(NOW + 60_000, polled(40, 0.0, 60_000))), 1);
    assert_eq!(started(&group.at(NOW + 65_000, polled(40, 0.0, 65_000))), 0);
    // A worker that appears ends it.
    let decision = group.at(NOW + 66_000, seen(40, 0.5, 66_000, Some((1, 0))));
    assert_eq!(started(&decision), 4);
}

#[test]
fn a_task_much_later_than_the_workers_does_not_show_that_they_failed() {
    let timed_out = |age_ms| {
        let mut group = group(json!({"worker_slots": 1}));
        group.at(NOW, announced(2));
        let decision = group.at(NOW + 40_000, polled(2, 0.0, age_ms));
        names(&decision).contains(&"start_timed_out")
    };
    // The server's statistics are up to five seconds old, and so are the ages in them.
    assert!(timed_out(35_000));
    assert!(!timed_out(34_999));
}

#[test]
fn three_workers_in_a_row_that_never_poll_slow_the_group_down() {
    let reported = |workers| {
        let mut group = group(json!({"worker_slots": 1}));
        group.at(NOW, announced(workers));
        let decision = group.at(NOW + 30_000, polled(workers, 0.0, 30_000));
        assert_eq!(decision.reasons[0], Reason::StartTimedOut { workers, after_ms: 30_000 });
        names(&decision).contains(&"workers_do_not_appear")
    };
    assert!(!reported(2));
    assert!(reported(3));
}

#[test]
fn workers_that_came_and_left_between_two_polls_did_appear() {
    let mut group = group(json!({}));
    for n in 0..6 {
        let at = NOW + n * 40_000;
        assert_eq!(started(&group.at(at, announced(1))), 1, "{n}");
        let decision = group.at(at + 700, seen(1, 0.0, 700, Some((0, 0))));
        assert!(!names(&decision).contains(&"start_timed_out"));
    }
}

#[test]
fn a_provider_that_refuses_is_retried_when_the_back_off_ends() {
    let mut group = group(json!({"backoff_initial_ms": 2_000, "worker_slots": 1}));
    assert_eq!(started(&group.at(NOW, announced(10))), 10);
    let refused = outcome(Outcome::failed(10, FailureClass::Throttled, "slow down"));
    let decision = group.batch(NOW + 100, &[refused, miss(Workflow, 10)]);
    assert_eq!((started(&decision), decision.throttled), (0, 10));
    let wake = decision.wake_at_ms.unwrap() - NOW - 100;
    assert!((1_600..=2_400).contains(&wake), "{wake}");
    let decision = group.at(NOW + 100 + wake, miss(Workflow, 10));
    assert_eq!(started(&decision), 1);
    let decision = group.at(NOW + 200 + wake, outcome(Outcome::started(1)));
    assert_eq!(started(&decision), 9);
}

#[test]
fn a_minimum_is_started_and_replaced_when_its_lifetime_is_over() {
    let mut group = group(json!({"min_workers": 3, "worker_lifetime_ms": 100_000}));
    let decision = group.at(NOW, Event::Tick {});
    assert_eq!(started(&decision), 3);
    assert_eq!(decision.reasons, [Reason::BelowMin { workers: 0, min: 3 }]);
    assert_eq!(decision.wake_at_ms, Some(NOW + 100_000));
    assert_eq!(started(&group.at(NOW + 50_000, Event::Tick {})), 0);
    assert_eq!(started(&group.at(NOW + 100_000, Event::Tick {})), 3);
}

#[test]
fn no_more_workers_start_for_a_queue_that_gets_no_faster() {
    let config = json!({"worker_slots": 1, "max_concurrent_workers": 1_000});
    let mut group = group(config);
    group.at(NOW, announced(1));
    let (mut workers, mut limited) = (0, 0);
    for second in 2..120 {
        let age = u64::try_from(second).unwrap() * 1_000;
        let decision = group.at(NOW + second * 1_000, polled(20, 2.0, age));
        workers += started(&decision);
        let is_limited = |reason: &&Reason| matches!(reason, Reason::RateLimitedQueue { .. });
        for reason in decision.reasons.iter().filter(is_limited) {
            limited += 1;
            assert!(reason.to_string().contains("waiting=20 per_minute=120"), "{reason}");
        }
    }
    assert!((20..=24).contains(&workers), "{workers}");
    assert!(limited > 20, "{limited}");
}

#[test]
fn fewer_fast_workers_are_started() {
    let mut group = group(json!({"worker_slots": 1}));
    group.at(NOW, announced(10));
    group.at(NOW + 60_000, polled(0, 100.0, 0));
    // Ten workers finish 100 a second: one takes 11 within the second that a task may wait.
    assert_eq!(started(&group.at(NOW + 61_000, polled(110, 100.0, 100))), 10);
    // Tasks that wait for longer than that rate implies get a slot each.
    group.at(NOW + 90_000, polled(0, 100.0, 0));
    assert_eq!(started(&group.at(NOW + 120_000, polled(20, 100.0, 7_000))), 20);
}

#[test]
fn an_implausible_number_of_tasks_counts_as_one() {
    assert_eq!(started(&group(json!({})).at(NOW, announced(u64::from(u32::MAX)))), 1);
    assert_eq!(started(&group(json!({})).at(NOW, announced(1_000_000))), 50);
}
