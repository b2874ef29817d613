//! `demand`: when it asks to be asked again, and what it makes of what it hears meanwhile.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::json;
use support::{
    NOW,
    demand::{announced, asked, flow, group},
    outcome,
};
use wci_contract::{decision::Event, launch::Outcome};

#[test]
fn a_lone_task_calls_for_no_second_look_and_a_burst_does() {
    assert_eq!(group(json!({})).at(NOW, announced(1)).wake_at_ms, None);
    let mut group = group(json!({}));
    assert_eq!(group.at(NOW, announced(2)).wake_at_ms, Some(NOW + 700));
    // The figures would be the same for five seconds.
    assert_eq!(group.at(NOW + 4_999, announced(2)).wake_at_ms, None);
    assert_eq!(group.at(NOW + 5_000, announced(2)).wake_at_ms, Some(NOW + 5_700));
}

#[test]
fn queues_are_looked_at_every_five_seconds_while_tasks_wait_for_slow_workers() {
    let mut group = group(json!({"expected_start_ms": 20_000}));
    assert_eq!(group.at(NOW, announced(2)).next_poll_ms, 1_000);
    assert_eq!(group.at(NOW + 9_999, Event::Tick {}).next_poll_ms, 1_000);
    assert_eq!(group.at(NOW + 10_000, Event::Tick {}).next_poll_ms, 5_000);
    // What was announced is forgotten in the end.
    assert_eq!(group.at(NOW + 15_000, Event::Tick {}).next_poll_ms, 60_000);
}

#[test]
fn a_launch_that_ended_well_keeps_nothing_waiting_for_longer() {
    let mut group = group(json!({"worker_slots": 1, "expected_start_ms": 30_000}));
    assert_eq!(asked(&group.at(NOW, announced(3))), 3);
    group.at(NOW + 10_000, outcome(Outcome::started(3)));
    assert_eq!(group.at(NOW + 15_000, Event::Tick {}).next_poll_ms, 60_000);
}

#[test]
fn only_tasks_that_wait_put_pressure_on() {
    let after = |first: Event| {
        let mut group = group(json!({"worker_slots": 1, "expected_start_ms": 2_000}));
        let at_first = asked(&group.at(NOW, first));
        at_first + asked(&group.at(NOW + 12_000, flow(10, 4.01, 0.01)))
    };
    assert_eq!(after(flow(0, 4.01, 0.01)), 10);
    // What is taken as fast as it comes is no pressure either.
    assert_eq!(after(flow(1, 0.01, 0.01)), 10);
}
