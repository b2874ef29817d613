//! Compares the model with measurements of the controller built into Temporal Server 1.32.0, with
//! a provider that answers at once and starts nothing.

#![allow(clippy::expect_used, missing_docs)]

mod support;

use support::{ms, run, scenario};
use wci_simulator::{Run, Scenario};

/// A provider that accepts everything, and workers that never poll.
fn no_show(traffic: &str) -> Scenario {
    let mut scenario = scenario(traffic);
    scenario.workers.no_show = 1.0;
    scenario.patience = ms(60_000);
    scenario
}

/// The mean over a few seeds.
fn mean(traffic: &str, figure: impl Fn(&Run) -> u64) -> f64 {
    let runs = (1..=20).map(|seed| run(&Scenario { seed, ..no_show(traffic) }, "built-in"));
    runs.map(|run| f64::from(u32::try_from(figure(&run)).expect("few"))).sum::<f64>() / 20.0
}

fn invocations(traffic: &str) -> f64 {
    mean(traffic, |run| run.invocations.requested)
}

/// Workers requested before `at_ms`.
fn invocations_by(traffic: &str, at_ms: u64) -> f64 {
    mean(traffic, |run| {
        let nth = ms(at_ms).as_ms() / run.timeline.every.as_ms();
        let points = run.timeline.points.iter().zip(0_u32..);
        let before = points.take_while(|(_, at)| f64::from(*at) <= nth);
        before.last().map_or(0, |(point, _)| point.started)
    })
}

#[test]
fn a_hundred_tasks_at_once_bring_one_worker_as_measured() {
    assert!((invocations("burst:100") - 1.0).abs() < 0.01);
    assert!((invocations("burst:10") - 1.0).abs() < 0.01);
}

#[test]
fn a_hundred_tasks_one_after_another_bring_about_as_many_workers_as_measured() {
    let measured = 53.0;
    let modelled = invocations("steady:rate=8.85,tasks=100");
    assert!((modelled / measured - 1.0).abs() < 0.15, "{modelled}");
}

#[test]
fn a_thousand_tasks_in_eleven_seconds_bring_about_as_many_workers_as_measured() {
    let traffic = "steady:rate=91.7,tasks=1000";
    let measured = 57.0;
    let modelled = invocations(traffic);
    assert!((modelled / measured - 1.0).abs() < 0.25, "{modelled}");
    for (at_ms, measured, off) in
        [(500, 1.0, 1.0), (1_000, 3.0, 2.0), (2_000, 9.0, 3.0), (5_000, 23.0, 5.0)]
    {
        let modelled = invocations_by(traffic, at_ms);
        assert!((modelled - measured).abs() <= off, "{at_ms} ms: {modelled}");
    }
}
