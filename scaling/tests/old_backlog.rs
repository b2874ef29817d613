//! `demand`: old backlogs, whose tasks may no longer exist, get one worker first.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::json;
use support::{
    Group, NOW,
    demand::{announced, group, started},
    names,
};
use wci_contract::{
    TaskType::Workflow,
    decision::{Event, Poll},
    stats::{QueueStats, WorkersSeen},
};

const OLD_MS: u64 = 60_000;

fn found(backlog: u64, age_ms: u64, dispatch_rate: f64, seen: u64) -> Event {
    let stats = QueueStats { backlog, age_ms, dispatch_rate, ..QueueStats::default() };
    let workers = Some(WorkersSeen { seen, slots_free: 0 });
    Event::Poll(Poll { stats: [(Workflow, stats)].into(), workers })
}

fn old() -> Event {
    found(60, OLD_MS, 0.0, 0)
}

/// A group that has sent one worker to an old backlog.
fn scouting() -> Group {
    let mut group = group(json!({}));
    let decision = group.at(NOW, old());
    assert_eq!((started(&decision), names(&decision)), (1, vec!["deficit", "old_backlog"]));
    assert_eq!(decision.next_poll_ms, 1_000);
    group
}

#[test]
fn tasks_that_no_longer_exist_cost_one_worker() {
    let mut group = scouting();
    for after in [1_000, 2_000, 4_000, 5_000] {
        let decision = group.at(NOW + after, found(60, OLD_MS, 0.0, 1));
        assert_eq!((started(&decision), *names(&decision).last().unwrap()), (0, "old_backlog"));
        // The time that the worker took to start is known by then.
        assert_eq!(decision.wake_at_ms, Some(NOW + 6_500));
    }
    assert_eq!(started(&group.at(NOW + 5_500, found(0, 0, 2.0, 1))), 0);
    assert_eq!(started(&group.at(NOW + 60_000, Event::Tick {})), 0);
}

#[test]
fn dispatched_tasks_bring_the_other_workers_in_a_few_steps() {
    let mut group = scouting();
    // The server counts tasks that it drops as dispatched: the workers have a moment for that.
    let early = group.at(NOW + 1_000, found(58, OLD_MS, 0.1, 1));
    assert_eq!((started(&early), early.wake_at_ms), (0, Some(NOW + 1_500)));
    let steps = [(1_500, 3), (2_500, 0), (3_000, 12), (4_500, 14)];
    for (after, workers) in steps {
        assert_eq!(started(&group.at(NOW + after, found(60, OLD_MS, 0.1, 4))), workers, "{after}");
    }
}

#[test]
fn stats_from_before_the_first_worker_bring_no_others() {
    let mut group = scouting();
    assert_eq!(started(&group.at(NOW + 500, found(25, OLD_MS, 0.5, 1))), 0);
    assert_eq!(started(&group.at(NOW + 2_000, found(60, OLD_MS, 0.0, 0))), 0);
    assert_eq!(started(&group.at(NOW + 5_000, found(0, 0, 2.0, 1))), 0);
}

#[test]
fn tasks_that_came_after_the_old_ones_get_their_workers_at_once() {
    let decision = scouting().at(NOW + 1_000, found(60, OLD_MS - 1, 0.1, 1));
    assert!(started(&decision) >= 28, "{:?}", decision.reasons);
}

#[test]
fn an_old_backlog_is_left_to_one_worker_for_seconds_only() {
    let mut group = scouting();
    assert_eq!(started(&group.at(NOW + 6_999, found(60, OLD_MS, 0.0, 0))), 0);
    let decision = group.at(NOW + 7_001, found(60, OLD_MS, 0.0, 0));
    assert!(started(&decision) >= 29, "{:?}", decision.reasons);
}

#[test]
fn tasks_that_are_announced_later_exist() {
    let decision = scouting().at(NOW + 1_001, announced(10));
    assert!(started(&decision) >= 4, "{:?}", decision.reasons);
}

#[test]
fn announcements_of_an_hour_that_arrive_together_start_one_worker() {
    let mut group = group(json!({}));
    assert_eq!(started(&group.batch(NOW, &[announced(50), old()])), 1);
    assert_eq!(started(&group.at(NOW + 400, announced(10))), 0);
    // The worker polled, and the backlog is gone.
    assert_eq!(started(&group.at(NOW + 2_000, found(0, 0, 2.0, 1))), 0);
    assert_eq!(started(&group.at(NOW + 8_000, Event::Tick {})), 0);
}

#[test]
fn announced_tasks_that_exist_get_their_workers_once_one_is_dispatched() {
    let mut group = group(json!({}));
    group.batch(NOW, &[announced(60), old()]);
    let steps = [(2_000, 56), (4_000, 40), (6_000, 40)]
        .map(|(after, waiting)| started(&group.at(NOW + after, found(waiting, OLD_MS, 0.2, 1))));
    assert!(steps[0] == 3 && steps[1] >= 10, "{steps:?}");
}

#[test]
fn a_backlog_that_somebody_works_on_gets_its_workers_at_once() {
    let young = found(60, OLD_MS - 1, 0.0, 0);
    for event in [young, found(60, OLD_MS, 0.1, 0), found(60, OLD_MS, 0.0, 2)] {
        assert_eq!(started(&group(json!({})).at(NOW, event.clone())), 30, "{event:?}");
    }
}
