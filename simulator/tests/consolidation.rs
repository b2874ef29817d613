//! Workers that consolidate cost less under steady traffic, with any controller, and nobody waits
//! longer for it.

#![allow(clippy::expect_used, missing_docs)]

mod support;

use support::{ms, run, scenario};
use wci_simulator::Run;

fn simulated(traffic: &str, algorithm: &str, consolidate: bool) -> Run {
    let mut scenario = scenario(traffic);
    scenario.workers.consolidate = consolidate;
    run(&scenario, algorithm)
}

#[test]
fn under_steady_traffic_workers_that_consolidate_cost_half_at_most() {
    for algorithm in ["demand", "built-in"] {
        for traffic in ["poisson:rate=20,for=20m", "poisson:rate=100,for=20m"] {
            let before = simulated(traffic, algorithm, false);
            let after = simulated(traffic, algorithm, true);
            let seconds = (before.workers.seconds, after.workers.seconds);
            assert!(seconds.1 <= 0.8 * seconds.0, "{algorithm} {traffic} {seconds:?}");
            assert!(after.workers.surplus > 0);
            assert_eq!(after.tasks.done, after.tasks.arrived);
            assert_eq!(after.tasks.lost, 0);
        }
    }
}

#[test]
fn almost_no_task_waits_longer_because_workers_consolidate() {
    let after = simulated("poisson:rate=20,for=20m", "demand", true);
    assert!(after.queue_time_ms.p95 <= 100.0, "{:?}", after.queue_time_ms);
}

#[test]
fn without_consolidation_nobody_leaves_as_surplus() {
    let run = simulated("poisson:rate=20,for=1m", "demand", false);
    assert_eq!(run.workers.surplus, 0);
}

#[test]
fn a_worker_set_keeps_its_size() {
    let run = simulated("poisson:rate=20,for=2m", "rate-based", true);
    assert_eq!(run.workers.surplus, 0);
}

#[test]
fn the_last_worker_leaves_when_it_is_idle() {
    let mut scenario = scenario("poisson:rate=2,for=1m");
    scenario.workers.consolidate = true;
    scenario.workers.idle_exit = ms(10_000);
    let run = run(&scenario, "demand");
    assert_eq!(run.workers.at_end, 0);
    assert_eq!(run.tasks.done, run.tasks.arrived);
}
