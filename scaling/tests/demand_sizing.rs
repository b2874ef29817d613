//! `demand`: how many workers, from what is remembered.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::{Value, json};
use support::{
    Group, NOW,
    demand::{asked, group},
    map, names,
};
use wci_contract::{
    TaskType::Activity,
    decision::{Event, Poll, Reason},
    stats::QueueStats,
};

/// A group that goes on from what `demand` remembers.
fn remembering(config: Value, memory: &Value) -> Group {
    Group { state: map(json!({ "demand": memory })), ..group(config) }
}

fn look(backlog: u64, dispatch_rate: f64, age_ms: u64) -> Event {
    let stats = QueueStats { backlog, dispatch_rate, age_ms, arrival_rate: 0.0 };
    Event::Poll(Poll { stats: [(Activity, stats)].into(), workers: None })
}

fn backlog(at_ms: i64, waiting: u64, free: u64) -> Value {
    json!({"at_ms": at_ms, "waiting": waiting, "age_ms": 100, "free": free, "dispatch": 0})
}

#[test]
fn tasks_announced_after_the_workers_came_ask_for_more_than_the_backlog_before() {
    // Four workers take eight of the ten; the three that were announced since have nobody.
    let memory = json!({"starts": [[NOW - 3_000, 4]], "settled_ms": NOW - 1_500,
        "announced": [[NOW - 100, 3]], "backlog": backlog(NOW - 200, 10, 0)});
    let decision = remembering(json!({}), &memory).at(NOW, Event::Tick {});
    assert_eq!(decision.reasons, [Reason::Deficit { waiting: 10, covered: 7, workers: 2 }]);
    assert_eq!(asked(&decision), 2);
}

#[test]
fn slots_that_were_free_at_the_last_look_take_what_waited_then() {
    let memory = json!({"backlog": backlog(NOW - 6_000, 5, 12)});
    let decision = remembering(json!({}), &memory).at(NOW, Event::Tick {});
    assert_eq!(decision.reasons, [Reason::SlotsFree { waiting: 5, free: 12 }]);
}

#[test]
fn tasks_that_only_the_backlog_told_of_are_expected_to_be_announced() {
    let memory = json!({"announced": [[NOW - 100, 4]]});
    let mut group = remembering(json!({}), &memory);
    let decision = group.at(NOW, look(10, 0.0, 100));
    assert_eq!(asked(&decision), 5);
    assert_eq!(group.state["demand"]["told"], json!([[NOW, 6]]));
}

#[test]
fn what_workers_did_counts_until_tasks_wait_for_longer_than_it_lets_expect() {
    let workers = |age_ms| {
        let config = json!({"worker_slots": 1, "max_concurrent_workers": 200});
        let mut group = remembering(config, &json!({"service_rate": 10}));
        asked(&group.at(NOW, look(110, 0.0, age_ms)))
    };
    // A second that they may wait, and five that figures are old.
    assert_eq!((workers(6_000), workers(6_001)), (10, 110));
}

#[test]
fn workers_that_were_added_have_their_time_to_show_what_they_do() {
    let at = |now_ms, waiting| {
        let config = json!({"worker_slots": 1, "target_queue_time_ms": 0});
        let memory = json!({"starts": [[NOW - 60_000, 4], [NOW - 15_000, 2]],
            "push": {"at_ms": NOW - 15_000, "waiting": 20, "rate": 2, "workers": 4}});
        let mut group = remembering(config, &memory);
        group.at(now_ms, look(waiting, 2.0, 1_000))
    };
    assert_eq!(asked(&at(NOW - 1, 20)), 0);
    let more = at(NOW - 1, 30);
    assert_eq!(more.reasons, [Reason::Deficit { waiting: 30, covered: 20, workers: 10 }]);
    let over = at(NOW, 20);
    assert_eq!((asked(&over), names(&over)), (1, vec!["deficit", "rate_limited_queue"]));
}
