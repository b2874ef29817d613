//! Scenarios that a user would try, and their results.

#![allow(clippy::expect_used, missing_docs)]

mod support;

use support::{always, contender, invokers, ms, run, scenario};
use wci_contract::FailureClass;
use wci_simulator::{Ideal, Outage, Run, Scenario, simulate};

fn json(run: &Run) -> String {
    serde_json::to_string(run).expect("JSON")
}

#[test]
fn a_seed_that_is_repeated_gives_the_same_result_to_the_last_digit() {
    let mut scenario = scenario("poisson:rate=30,for=2m");
    scenario.service = "lognormal:median=200ms,p90=1s".parse().expect("a distribution");
    scenario.workers.cold_start = "exp:mean=500ms".parse().expect("a distribution");
    for name in invokers() {
        let first = json(&run(&scenario, name));
        assert_eq!(first, json(&run(&scenario, name)), "{name}");
        let other = Scenario { seed: 2, ..scenario.clone() };
        assert_ne!(first, json(&run(&other, name)), "{name}");
    }
}

#[test]
fn every_algorithm_meets_the_same_traffic_and_the_same_work() {
    let scenario = scenario("poisson:rate=10,for=1m");
    let arrived: Vec<u64> =
        invokers().into_iter().map(|name| run(&scenario, name).tasks.arrived).collect();
    assert!(arrived.iter().all(|count| *count == arrived[0] && *count > 400), "{arrived:?}");
}

#[test]
fn one_task_waits_for_its_cold_start_and_costs_that_its_work_and_an_idle_timeout() {
    let mut scenario = scenario("burst:1");
    scenario.workers.cold_start = always(300);
    scenario.service = always(200);
    let run = run(&scenario, "no-sync");
    // Announcement after 10 ms, decided after 20 more, then the cold start.
    assert!((run.queue_time_ms.max - 330.0).abs() < 1.0, "{:?}", run.queue_time_ms);
    assert_eq!((run.invocations.started, run.workers.at_end), (1, 0));
    assert!((run.workers.seconds - 10.5).abs() < 0.01, "{:?}", run.workers);
    // The ideal is charged for half of the worker's two slots only.
    assert!((run.workers.to_ideal - 10.5 / 10.4).abs() < 0.001, "{:?}", run.workers);
}

#[test]
fn the_end_of_a_burst_is_not_announced_and_is_found_by_the_watch() {
    let mut scenario = scenario("burst:1000");
    scenario.queue.partitions = 1;
    let run = run(&scenario, "no-sync");
    assert_eq!(run.control.signals, 1);
    assert_eq!(run.tasks.done, 1000);
    assert!(run.control.reasons.contains_key("backlog"), "{:?}", run.control.reasons);
}

#[test]
fn the_built_in_controller_reads_the_backlog_after_five_minutes() {
    let mut scenario = scenario("burst:100");
    scenario.workers.idle_exit = ms(60_000);
    // The only worker exits before the queue is empty.
    scenario.workers.lifetime = ms(30_000);
    scenario.service = always(2_000);
    let built_in = run(&scenario, "built-in");
    let ours = run(&scenario, "no-sync");
    let drained = |run: &Run| run.drained_after_ms.expect("drained");
    assert!(drained(&built_in) > 300_000.0, "{}", drained(&built_in));
    assert!(drained(&ours) < 120_000.0, "{}", drained(&ours));
}

#[test]
fn a_provider_never_runs_more_workers_than_its_limit_allows() {
    let mut scenario = scenario("poisson:rate=50,for=1m");
    scenario.service = always(1_000);
    scenario.provider.concurrency = Some(7);
    for name in invokers() {
        let run = run(&scenario, name);
        assert!(run.workers.peak <= 7, "{name}: {:?}", run.workers);
        assert_eq!(run.tasks.done, run.tasks.arrived, "{name}");
    }
    assert!(run(&scenario, "no-sync").invocations.throttled > 0);
}

#[test]
fn an_outage_is_survived_with_few_calls_that_come_further_and_further_apart() {
    let mut scenario = scenario("poisson:rate=20,for=1m");
    let class = FailureClass::Throttled;
    scenario.provider.outage = Some(Outage { from: ms(0), lasting: ms(30_000), class });
    let ours = run(&scenario, "no-sync");
    assert_eq!(ours.tasks.done, ours.tasks.arrived);
    assert!(ours.invocations.throttled <= 12, "{:?}", ours.invocations);
    assert!(ours.control.reasons.contains_key("backing_off"));
    assert!(run(&scenario, "built-in").invocations.throttled > 12);
}

#[test]
fn a_task_whose_worker_is_killed_comes_back_and_is_done() {
    let mut scenario = scenario("burst:4");
    scenario.service = "uniform:from=1s,to=9s".parse().expect("a distribution");
    scenario.workers.slots = 4;
    scenario.workers.lifetime = ms(8_000);
    scenario.workers.drain = ms(1_000);
    let run = run(&scenario, "no-sync");
    assert!(run.tasks.lost > 0, "{:?}", run.tasks);
    assert_eq!(run.tasks.done + run.tasks.away + run.tasks.running + run.tasks.waiting, 4);
}

#[test]
fn workers_that_never_poll_leave_the_tasks_waiting_and_that_shows() {
    let mut scenario = scenario("burst:10");
    scenario.workers.no_show = 1.0;
    let run = run(&scenario, "no-sync");
    assert_eq!((run.tasks.done, run.tasks.waiting), (0, 10));
    assert_eq!(run.drained_after_ms, None);
    assert!(run.queue_time_ms.p50 >= 900_000.0, "{:?}", run.queue_time_ms);
}

#[test]
fn a_set_of_workers_is_filled_up_but_not_in_a_storm_when_they_never_stay() {
    let mut scenario = scenario("steady:rate=5,for=30s");
    (scenario.workers.no_show, scenario.workers.cold_start) = (1.0, always(0));
    scenario.patience = ms(60_000);
    let run = run(&scenario, "rate-based");
    let seconds = run.simulated_ms / 1_000.0;
    let starts = f64::from(u32::try_from(run.invocations.started).expect("few"));
    assert!(starts > 10.0 && starts < 31.0 * seconds, "{starts} in {seconds} s");
}

#[test]
fn the_ideal_needs_a_worker_for_as_many_tasks_as_it_can_do_within_the_target() {
    let mut scenario = scenario("burst:100");
    scenario.workers.slots = 4;
    scenario.service = always(1_000);
    scenario.target = ms(0);
    assert_eq!(Ideal::of(&scenario).workers, 25);
    scenario.target = ms(1_000);
    assert_eq!(Ideal::of(&scenario).workers, 13);
    scenario.provider.concurrency = Some(5);
    let ideal = Ideal::of(&scenario);
    assert_eq!(ideal.workers, 5);
    // Cold starts, idle timeouts, and a hundred seconds of work in four slots.
    assert!((ideal.worker_seconds - (5.0 * 11.0 + 25.0)).abs() < 1e-9, "{ideal:?}");
}

#[test]
fn the_ideal_starts_a_new_worker_for_a_task_after_the_idle_timeout() {
    let mut scenario = scenario("steady:rate=0.04,for=5m");
    scenario.workers.idle_exit = ms(10_000);
    assert_eq!(Ideal::of(&scenario).workers, 12);
    scenario.workers.idle_exit = ms(30_000);
    assert_eq!(Ideal::of(&scenario).workers, 1);
}

#[test]
fn settings_that_an_algorithm_does_not_have_are_refused() {
    let mut contender = contender("no-sync");
    contender.config.insert("scale_up_cooloff_ms".into(), (-1).into());
    let error = simulate(&scenario("burst"), &contender, &mut |_| {}).expect_err("refused");
    assert_eq!(error.to_string(), "no-sync: scale_up_cooloff_ms must be at least 0");
    assert!(contender.knows("scale_up_cooloff_ms") && !contender.knows("scale_up"));
}
