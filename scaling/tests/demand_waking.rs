//! `demand`: the polls that it requests, and what happens between them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::json;
use support::{
    NOW,
    demand::{announced, flow, group, started},
    outcome,
};
use wci_contract::{decision::Event, launch::Outcome};

#[test]
fn a_single_task_requests_no_early_poll_and_a_burst_does() {
    assert_eq!(group(json!({})).at(NOW, announced(1)).wake_at_ms, None);
    let mut group = group(json!({}));
    assert_eq!(group.at(NOW, announced(2)).wake_at_ms, Some(NOW + 700));
    // The statistics would be the same for five seconds.
    assert_eq!(group.at(NOW + 4_999, announced(2)).wake_at_ms, None);
    assert_eq!(group.at(NOW + 5_000, announced(2)).wake_at_ms, Some(NOW + 5_700));
}

#[test]
fn queues_are_polled_every_five_seconds_while_tasks_wait_for_slow_workers() {
    let mut group = group(json!({"expected_start_ms": 20_000}));
    assert_eq!(group.at(NOW, announced(2)).next_poll_ms, 1_000);
    assert_eq!(group.at(NOW + 9_999, Event::Tick {}).next_poll_ms, 1_000);
    assert_eq!(group.at(NOW + 10_000, Event::Tick {}).next_poll_ms, 5_000);
    // Announced tasks expire in the end.
    assert_eq!(group.at(NOW + 15_000, Event::Tick {}).next_poll_ms, 60_000);
}

#[test]
fn a_successful_launch_does_not_extend_the_wait_of_announced_tasks() {
    let mut group = group(json!({"worker_slots": 1, "expected_start_ms": 30_000}));
    assert_eq!(started(&group.at(NOW, announced(3))), 3);
    group.at(NOW + 10_000, outcome(Outcome::started(3)));
    assert_eq!(group.at(NOW + 15_000, Event::Tick {}).next_poll_ms, 60_000);
}

#[test]
fn only_waiting_tasks_count_as_growth() {
    let after = |first: Event| {
        let mut group = group(json!({"worker_slots": 1, "expected_start_ms": 2_000}));
        let at_first = started(&group.at(NOW, first));
        at_first + started(&group.at(NOW + 12_000, flow(10, 4.01, 0.01)))
    };
    assert_eq!(after(flow(0, 4.01, 0.01)), 10);
    // Tasks that are dispatched as fast as they arrive are no growth either.
    assert_eq!(after(flow(1, 0.01, 0.01)), 10);
}
