//! What `demand` promises, compared with the controller built into the server.

#![allow(clippy::expect_used, missing_docs)]

mod support;

use serde_json::json;
use support::{always, contender, ms, run, scenario};
use wci_simulator::{Contender, Run, Scenario, simulate};

/// Workers with four slots that start within 300 ms and exit after five idle seconds; a provider
/// with a limit of thirty.
fn thirty_of_four(traffic: &str, service_ms: u64) -> Scenario {
    let mut scenario = scenario(traffic);
    scenario.service = always(service_ms);
    scenario.workers.slots = 4;
    scenario.workers.cold_start = always(300);
    scenario.workers.idle_exit = ms(5_000);
    scenario.provider.concurrency = Some(30);
    scenario
}

fn demand(limit: u32) -> Contender {
    let mut demand = contender("demand");
    demand.config.insert("worker_slots".to_owned(), json!(4));
    demand.config.insert("max_concurrent_workers".to_owned(), json!(limit));
    demand
}

fn of_demand(scenario: &Scenario, limit: u32) -> Run {
    simulate(scenario, &demand(limit), &mut |_| {}).expect("a scenario")
}

fn drained(run: &Run) -> f64 {
    run.drained_after_ms.expect("drained")
}

#[test]
fn a_burst_is_worked_off_in_a_quarter_of_the_time() {
    let scenario = thirty_of_four("burst:300", 2_000);
    let (ours, built_in) = (of_demand(&scenario, 30), run(&scenario, "built-in"));
    assert!(
        drained(&ours) <= 0.25 * drained(&built_in),
        "{} {}",
        drained(&ours),
        drained(&built_in)
    );
    assert_eq!(ours.invocations.throttled, 0);
}

#[test]
fn a_burst_costs_little_more_than_it_must() {
    // A worker for each four of the tasks, which are all there at once: its cold start, its work
    // and one idle timeout.
    let ideal = 25.0 * (0.3 + 5.0) + 100.0 / 4.0;
    for seed in 1..10 {
        let scenario = Scenario { seed, ..thirty_of_four("burst:100", 1_000) };
        let ours = of_demand(&scenario, 30);
        assert!(ours.workers.seconds <= 1.5 * ideal, "{seed}: {:?}", ours.workers);
        assert_eq!(ours.tasks.done, 100);
    }
}

#[test]
fn workers_that_never_poll_are_requested_up_to_the_limit_within_two_seconds_and_no_further() {
    let mut scenario = thirty_of_four("steady:rate=100,for=2s", 1_000);
    scenario.workers.no_show = 1.0;
    scenario.provider.concurrency = None;
    scenario.patience = ms(1);
    assert!(of_demand(&scenario, 30).invocations.requested >= 30);
    // An hour later it has tried one a minute, not thirty.
    scenario.patience = ms(3_600_000);
    let run = of_demand(&scenario, 30);
    assert!((60..=110).contains(&run.invocations.requested), "{:?}", run.invocations);
    assert!(run.control.reasons.contains_key("workers_do_not_appear"));
}

#[test]
fn a_provider_that_refused_for_half_a_minute_is_soon_made_up_for() {
    for seed in 1..10 {
        let mut scenario = Scenario { seed, ..thirty_of_four("burst:300", 2_000) };
        scenario.provider.outage = Some("from=0s,for=30s".parse().expect("an outage"));
        let ours = of_demand(&scenario, 30);
        assert!(ours.invocations.throttled <= 12, "{seed}: {:?}", ours.invocations);
        // Three rounds of two seconds for a hundred and twenty slots, and five seconds more.
        assert!(drained(&ours) <= 30_000.0 + 6_000.0 + 5_000.0, "{seed}: {}", drained(&ours));
    }
}

#[test]
fn burst_after_burst_finds_free_slots_where_workers_are_seen() {
    let mut scenario = thirty_of_four("burst:100,every=1m,times=5", 1_000);
    scenario.controller.sees_workers = true;
    let ours = of_demand(&scenario, 30);
    assert!(ours.queue_time_ms.max < 12_000.0, "{:?}", ours.queue_time_ms);
}

#[test]
fn hundred_tasks_one_after_another_need_few_workers() {
    let scenario = thirty_of_four("steady:rate=10,tasks=100", 200);
    let ours = of_demand(&scenario, 30);
    assert!(ours.invocations.requested <= 3, "{:?}", ours.invocations);
}

#[test]
fn a_task_now_and_then_waits_for_a_start_and_no_longer() {
    for seed in 1..10 {
        let mut scenario = Scenario { seed, ..scenario("poisson:rate=0.02,for=4h") };
        scenario.workers.idle_exit = ms(5_000);
        let ours = run(&scenario, "demand");
        // The start of a worker, and 30 ms until it is requested.
        assert!(ours.queue_time_ms.max < 2_000.0, "{seed}: {:?}", ours.queue_time_ms);
    }
}
