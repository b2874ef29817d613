//! The instance in the simulator does what the real one does.

#![allow(clippy::expect_used, missing_docs)]

mod support;

use serde_json::json;
use support::{always, contender, ms, run, scenario};
use wci_simulator::simulate;

#[test]
fn announcements_of_the_same_instant_get_one_decision() {
    let mut scenario = scenario("burst:100");
    scenario.workers.slots = 100;
    scenario.workers.cold_start = always(300);
    let run = run(&scenario, "no-sync");
    assert!(run.control.signals > 1, "{:?}", run.control);
    assert_eq!((run.control.decisions, run.invocations.started), (1, 1));
}

#[test]
fn a_launch_of_several_workers_starts_a_round_trip_after_its_decision() {
    let mut scenario = scenario("burst:100");
    scenario.workers.slots = 1;
    scenario.workers.cold_start = always(300);
    let mut demand = contender("demand");
    demand.config.insert("worker_slots".to_owned(), json!(1));
    let run = simulate(&scenario, &demand, &mut |_| {}).expect("a scenario");
    // Announced after 10 ms, decided after 20 more, requested after 8 more, then the cold start.
    let shortest = run.queue_time_ms.curve[0];
    assert!((shortest - 338.0).abs() < 1.0, "{shortest}");
}

#[test]
fn minimum_workers_are_there_before_the_first_task() {
    let mut scenario = scenario("burst:6,at=1m");
    scenario.workers.idle_exit = ms(600_000);
    let mut demand = contender("demand");
    demand.config.insert("min_workers".to_owned(), json!(3));
    let run = simulate(&scenario, &demand, &mut |_| {}).expect("a scenario");
    assert!(run.queue_time_ms.max <= 0.0, "{:?}", run.queue_time_ms);
    assert_eq!(run.workers.peak, 3);
}

#[test]
fn a_worker_set_shrinks_to_nothing_while_no_task_waits() {
    let run = run(&scenario("burst:100"), "rate-based");
    assert!(run.workers.peak > 0);
    assert_eq!(run.workers.at_end, 0);
}
