//! `demand` on a queue with a rate limit: workers for what it lets through, and no more.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::json;
use support::{
    Group, NOW,
    demand::{announced, group, started},
    names,
};
use wci_contract::{
    TaskType::{Activity, Workflow},
    decision::{Decision, Event, Poll, Reason},
    stats::{QueueStats, WorkersSeen},
};

/// A poll of a queue that lets through `rate` tasks a second, of which workers are seen.
fn limited(rate: f64, backlog: u64, dispatch_rate: f64, seen: u64) -> Event {
    let stats = QueueStats {
        backlog,
        dispatch_rate,
        age_ms: 3_000,
        rate_limit: Some(rate),
        ..QueueStats::default()
    };
    let workers = Some(WorkersSeen { seen, slots_free: 0 });
    Event::Poll(Poll { stats: [(Workflow, stats)].into(), workers })
}

/// Polls a queue of `tasks` with short tasks every second, whose workers leave after a second
/// without one, until it is empty. Returns the number of workers started, and all reasons.
fn drain(rate: f64, tasks: u32) -> (u32, Vec<&'static str>) {
    let mut group = group(json!({}));
    let (mut workers, mut reasons) = (0, Vec::new());
    for second in 0..3_600_u32 {
        let allowed = rate * f64::from(second.saturating_sub(2));
        let dispatched = (1..=tasks).take_while(|task| f64::from(*task) <= allowed).count();
        let waiting = u64::from(tasks) - u64::try_from(dispatched).unwrap();
        if waiting == 0 {
            break;
        }
        let dispatch = rate * f64::from(second.saturating_sub(2).min(27)) / 27.5;
        let decision =
            group.at(NOW + i64::from(second) * 1_000, limited(rate, waiting, dispatch, 1));
        workers += started(&decision);
        reasons.extend(names(&decision));
    }
    (workers, reasons)
}

#[test]
fn sixty_tasks_of_a_slow_queue_start_a_fraction_of_sixty_workers() {
    let (workers, reasons) = drain(1.0, 60);
    assert!((2..=16).contains(&workers), "{workers}");
    assert!(reasons.contains(&"queue_rate_limit") && reasons.contains(&"rate_limited_queue"));
    let (workers, reasons) = drain(2.0, 60);
    assert!((2..=24).contains(&workers), "{workers}");
    assert!(reasons.contains(&"rate_limited_queue"));
}

#[test]
fn an_hour_at_the_limit_starts_a_worker_every_two_minutes() {
    let (of_minutes, _) = drain(2.0, 300);
    let (of_an_hour, _) = drain(2.0, 7_000);
    assert!(of_an_hour - of_minutes <= 30, "{of_minutes}, then {of_an_hour}");
}

#[test]
fn the_first_launch_is_for_what_the_limit_lets_through_until_more_could_be_there() {
    let decision = group(json!({})).at(NOW, limited(2.0, 60, 0.0, 0));
    // Seven seconds at two tasks a second, two for each worker.
    assert_eq!(started(&decision), 7);
    assert_eq!(
        decision.reasons,
        [
            Reason::QueueRateLimit { waiting: 60, per_minute: 120 },
            Reason::Deficit { waiting: 60, covered: 46, workers: 7 }
        ]
    );
}

#[test]
fn a_limit_far_above_the_backlog_changes_nothing() {
    let decision = group(json!({})).at(NOW, limited(500.0, 60, 0.0, 0));
    assert_eq!((started(&decision), names(&decision)), (30, vec!["deficit"]));
}

#[test]
fn a_limited_type_does_not_hold_back_the_workers_of_another() {
    let stats = |backlog, rate_limit| QueueStats { backlog, rate_limit, ..QueueStats::default() };
    let poll = Poll {
        stats: [(Workflow, stats(60, Some(0.5))), (Activity, stats(40, None))].into(),
        workers: Some(WorkersSeen::default()),
    };
    // All of the activities, and four of the workflow tasks.
    assert_eq!(started(&group(json!({})).at(NOW, Event::Poll(poll))), 22);
}

#[test]
fn announced_tasks_do_not_start_more_workers_than_the_limit_has_tasks_for() {
    let mut group = group(json!({}));
    group.at(NOW, limited(1.0, 1, 0.0, 0));
    assert_eq!(started(&group.at(NOW + 60_000, announced(50))), 4);
}

#[test]
fn tasks_that_are_dispatched_below_the_limit_get_more_workers() {
    // Long tasks: all slots are taken, and the queue stands still.
    let mut group = group(json!({}));
    assert_eq!(started(&group.at(NOW, limited(2.0, 60, 0.0, 0))), 7);
    let mut workers = 0;
    for second in 8..40 {
        let dispatch = 14.0 / 27.5;
        let at = NOW + second * 1_000;
        workers += started(&group.at(at, limited(2.0, 46, dispatch, 7)));
    }
    assert!(workers >= 14, "{workers}");
}

#[test]
fn a_limit_that_is_lifted_gets_all_workers_at_once() {
    let mut group = group(json!({}));
    let at = |group: &mut Group, second: i64, event| -> Decision {
        group.at(NOW + second * 1_000, event)
    };
    for second in 0..40 {
        let dispatch = f64::from(i32::try_from(second).unwrap().min(27)) / 27.5;
        at(&mut group, second, limited(1.0, 100, dispatch, 1));
    }
    let decision = at(&mut group, 41, limited(10_000.0, 100, 1.0, 1));
    // As many as the hundred need at the learned speed of a worker, and no limit is given as a reason.
    assert!(started(&decision) >= 15, "{:?}", decision.reasons);
    assert_eq!(names(&decision), ["deficit"]);
}

#[test]
fn the_last_worker_of_a_slow_queue_is_replaced_once_another_task_may_pass() {
    // One task in five seconds; every worker leaves when it finds none.
    let mut group = group(json!({"worker_slots": 1}));
    let mut idle_s = 0;
    for second in 0..300 {
        let seen = u64::from(second % 5 < 2);
        let decision = group.at(NOW + second * 1_000, limited(0.2, 50, 0.2, seen));
        idle_s = if started(&decision) > 0 { 0 } else { idle_s + 1 };
        let workers = group.state["demand"]["starts"].as_array().map_or(0, Vec::len);
        assert!(workers > 0 || idle_s <= 8, "nobody was sent for {idle_s} s");
    }
}

#[test]
fn a_paused_queue_is_tried_now_and_then() {
    let mut group = group(json!({}));
    let mut workers = 0;
    for second in 0..600 {
        let stats = QueueStats {
            backlog: 60,
            age_ms: second * 1_000,
            rate_limit: Some(0.0),
            ..QueueStats::default()
        };
        let workers_seen = Some(WorkersSeen { seen: 1, slots_free: 0 });
        let poll = Poll { stats: [(Workflow, stats)].into(), workers: workers_seen };
        let at = NOW + i64::try_from(second).unwrap() * 1_000;
        workers += started(&group.at(at, Event::Poll(poll)));
    }
    assert!((1..=20).contains(&workers), "{workers}");
}
