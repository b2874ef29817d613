//! Properties of every simulation.

#![allow(clippy::expect_used, missing_docs)]

mod support;

use proptest::prelude::*;
use support::{always, invokers, ms, run, scenario};
use wci_contract::FailureClass;
use wci_simulator::{Ideal, Micros, Outage, Run, Scenario};

fn traffic() -> impl Strategy<Value = String> {
    prop_oneof![
        (1..40_u32, 1..60_u32).prop_map(|(rate, secs)| format!("poisson:rate={rate},for={secs}s")),
        (1..400_u32, 0..5_u32).prop_map(|(size, secs)| format!("burst:{size},over={secs}s")),
        (0..30_u32, 1..30_u32).prop_map(|(from, to)| format!("ramp:from={from},to={to},for=40s")),
        (1..30_u32).prop_map(|rate| format!("on-off:rate={rate},on=5s,off=20s,for=1m")),
        (1..9_u32).prop_map(|n| format!("burst:{n},every=20s,times={n}")),
    ]
}

prop_compose! {
    fn any_scenario()(
        traffic in prop::collection::vec(traffic(), 1..3),
        seed in any::<u64>(),
        (slots, cold_start, service) in (1..8_u32, 0..4_000_u64, 0..3_000_u64),
        (idle_exit, lifetime, drain) in (0..20_000_u64, 6_000..200_000_u64, 0..5_000_u64),
        (concurrency, rate) in (prop::option::of(1..20_u32), prop::option::of(0.1..20.0_f64)),
        (no_show, refuse) in (prop_oneof![Just(0.0), 0.0..=1.0_f64], prop_oneof![Just(0.0), 0.0..=1.0_f64]),
        outage in prop::option::of((0..20_000_u64, 0..40_000_u64)),
        (partitions, decision, sees_workers) in (1..6_u32, 1..200_u64, any::<bool>()),
    ) -> Scenario {
        let mut scenario = scenario(&traffic[0]);
        scenario.traffic = traffic.iter().map(|text| text.parse().expect("traffic")).collect();
        scenario.seed = seed;
        scenario.service = always(service);
        scenario.queue.partitions = partitions;
        scenario.controller.decision_latency = ms(decision);
        scenario.controller.sees_workers = sees_workers;
        let workers = &mut scenario.workers;
        (workers.slots, workers.cold_start) = (slots, always(cold_start));
        (workers.idle_exit, workers.lifetime) = (ms(idle_exit), ms(lifetime));
        (workers.drain, workers.no_show) = (ms(drain), no_show);
        let provider = &mut scenario.provider;
        (provider.concurrency, provider.rate, provider.refuse) = (concurrency, rate, refuse);
        provider.outage = outage.map(|(from, lasting)| {
            Outage { from: ms(from), lasting: ms(lasting), class: FailureClass::Throttled }
        });
        scenario
    }
}

fn holds(scenario: &Scenario, run: &Run) -> Result<(), TestCaseError> {
    let tasks = run.tasks;
    prop_assert_eq!(tasks.done + tasks.running + tasks.waiting + tasks.away, tasks.arrived);
    let starts = run.invocations;
    prop_assert_eq!(starts.started + starts.throttled + starts.refused, starts.requested);
    if let Some(limit) = scenario.provider.concurrency {
        prop_assert!(run.workers.peak <= limit);
    }
    let waits = &run.queue_time_ms;
    prop_assert!(waits.p50 <= waits.p95 && waits.p95 <= waits.p99 && waits.p99 <= waits.max);
    prop_assert!(waits.max <= run.simulated_ms);
    let started = run.timeline.points.iter().map(|point| point.started);
    prop_assert!(started.is_sorted());
    let longest = scenario.workers.lifetime.as_secs() * f64_of(starts.started);
    prop_assert!(run.workers.seconds <= longest + 1e-6);
    // Workers live at least as long as they work.
    let done = Ideal::of(scenario).work_seconds / f64::from(scenario.workers.slots);
    prop_assert!(tasks.done < tasks.arrived || run.workers.seconds >= done - 1e-6);
    Ok(())
}

/// Longer than the built-in controller needs for its inbox: it makes every call that a signal
/// called for, up to six times if it is refused, even if no task waits any more.
const A_DAY: Micros = ms(86_400_000);

fn all_is_done(run: &Run, name: &str) -> Result<(), TestCaseError> {
    prop_assert_eq!(run.tasks.done, run.tasks.arrived, "{}", name);
    prop_assert_eq!(run.workers.at_end, 0, "{}", name);
    Ok(())
}

#[test]
fn workers_that_are_started_long_after_the_last_task_leave_too() {
    let mut scenario = scenario("ramp:from=0,to=17,for=40s");
    scenario.seed = 534_070_285_505_527;
    scenario.service = always(396);
    scenario.queue.partitions = 5;
    (scenario.controller.decision_latency, scenario.controller.sees_workers) = (ms(59), false);
    (scenario.workers.slots, scenario.workers.cold_start) = (1, always(0));
    (scenario.workers.idle_exit, scenario.workers.lifetime) = (ms(10_627), ms(600_000));
    scenario.provider.rate = Some(0.207);
    scenario.patience = A_DAY;
    let run = run(&scenario, "built-in");
    let last_done = run.drained_after_ms.expect("all is done");
    assert!(run.simulated_ms > last_done + 900_000.0, "only until {}", run.simulated_ms);
    all_is_done(&run, "built-in").expect("all have left");
}

fn f64_of(count: u64) -> f64 {
    f64::from(u32::try_from(count).expect("few"))
}

proptest! {
    #[test]
    fn tasks_and_starts_are_neither_lost_nor_invented(scenario in any_scenario()) {
        for name in invokers() {
            holds(&scenario, &run(&scenario, name))?;
        }
    }

    #[test]
    fn a_set_of_workers_loses_no_task_either(mut scenario in any_scenario()) {
        scenario.patience = ms(60_000);
        let run = run(&scenario, "rate-based");
        let tasks = run.tasks;
        prop_assert_eq!(tasks.done + tasks.running + tasks.waiting + tasks.away, tasks.arrived);
        if let Some(limit) = scenario.provider.concurrency {
            prop_assert!(run.workers.peak <= limit);
        }
    }

    #[test]
    fn with_a_provider_that_works_every_task_is_done_in_the_end(mut scenario in any_scenario()) {
        scenario.provider.refuse = 0.0;
        scenario.workers.no_show = 0.0;
        scenario.workers.lifetime = ms(600_000);
        scenario.patience = A_DAY;
        for name in invokers() {
            all_is_done(&run(&scenario, name), name)?;
        }
    }

    #[test]
    fn the_ideal_never_needs_more_workers_than_there_are_tasks(scenario in any_scenario()) {
        let ideal = Ideal::of(&scenario);
        let arrived = run(&scenario, "no-sync").tasks.arrived;
        prop_assert!(u64::from(ideal.workers) <= arrived);
        prop_assert!(arrived == 0 || ideal.workers > 0);
    }
}
