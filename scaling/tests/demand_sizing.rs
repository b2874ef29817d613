//! `demand`: the number of workers, from its memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::{Value, json};
use support::{
    Group, NOW,
    demand::{group, started},
    map, names,
};
use wci_contract::{
    TaskType::Activity,
    decision::{Event, Poll, Reason},
    stats::QueueStats,
};

/// A group with this memory of `demand`.
fn remembering(config: Value, memory: &Value) -> Group {
    Group { state: map(json!({ "demand": memory })), ..group(config) }
}

fn polled(backlog: u64, dispatch_rate: f64, age_ms: u64) -> Event {
    let stats = QueueStats { backlog, dispatch_rate, age_ms, ..QueueStats::default() };
    Event::Poll(Poll { stats: [(Activity, stats)].into(), workers: None })
}

fn backlog(at_ms: i64, waiting: u64, free: u64) -> Value {
    json!({"at_ms": at_ms, "waiting": waiting, "age_ms": 100, "free": free, "dispatch": 0})
}

#[test]
fn tasks_announced_after_the_workers_arrived_need_more_than_the_earlier_backlog() {
    // Four workers cover eight of the ten; the three that were announced since have no worker.
    let memory = json!({"starts": [[NOW - 3_000, 4]], "settled_ms": NOW - 1_500,
        "announced": [[NOW - 100, 3]], "backlog": backlog(NOW - 200, 10, 0)});
    let decision = remembering(json!({}), &memory).at(NOW, Event::Tick {});
    assert_eq!(decision.reasons, [Reason::Deficit { waiting: 10, covered: 7, workers: 2 }]);
    assert_eq!(started(&decision), 2);
}

#[test]
fn slots_that_were_free_at_the_last_poll_cover_its_backlog() {
    let memory = json!({"backlog": backlog(NOW - 6_000, 5, 12)});
    let decision = remembering(json!({}), &memory).at(NOW, Event::Tick {});
    assert_eq!(decision.reasons, [Reason::SlotsFree { waiting: 5, free: 12 }]);
}

#[test]
fn tasks_that_only_the_backlog_showed_are_expected_to_be_announced() {
    let memory = json!({"announced": [[NOW - 100, 4]]});
    let mut group = remembering(json!({}), &memory);
    let decision = group.at(NOW, polled(10, 0.0, 100));
    assert_eq!(started(&decision), 5);
    assert_eq!(group.state["demand"]["told"], json!([[NOW, 6]]));
}

#[test]
fn the_learned_rate_counts_until_tasks_wait_for_longer_than_it_implies() {
    let workers = |age_ms| {
        let config = json!({"worker_slots": 1, "max_concurrent_workers": 200});
        let mut group = remembering(config, &json!({"service_rate": 10}));
        started(&group.at(NOW, polled(110, 0.0, age_ms)))
    };
    // A second that they may wait, and the five that statistics may be old.
    assert_eq!((workers(6_000), workers(6_001)), (10, 110));
}

#[test]
fn added_workers_have_time_to_raise_the_rate() {
    let at = |now_ms, waiting| {
        let config = json!({"worker_slots": 1, "target_queue_time_ms": 0});
        let memory = json!({"starts": [[NOW - 60_000, 4], [NOW - 15_000, 2]],
            "push": {"at_ms": NOW - 15_000, "waiting": 20, "rate": 2, "workers": 4}});
        let mut group = remembering(config, &memory);
        group.at(now_ms, polled(waiting, 2.0, 1_000))
    };
    assert_eq!(started(&at(NOW - 1, 20)), 0);
    let more = at(NOW - 1, 30);
    assert_eq!(more.reasons, [Reason::Deficit { waiting: 30, covered: 20, workers: 10 }]);
    let over = at(NOW, 20);
    assert_eq!((started(&over), names(&over)), (1, vec!["deficit", "rate_limited_queue"]));
}
