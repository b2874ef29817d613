//! `demand` on a queue with a rate limit: neither a worker for each task, nor a queue that stands
//! still.

#![allow(clippy::expect_used, missing_docs)]

mod support;

use support::{always, ms, run, scenario};
use wci_simulator::{Run, Scenario};

/// Sixty tasks at this rate, with workers that leave after this idle time.
fn sixty(rate: f64, idle_exit_ms: u64, change: impl FnOnce(&mut Scenario)) -> Run {
    let mut scenario = scenario("burst:60");
    scenario.queue.rate_limit = Some(rate);
    scenario.workers.idle_exit = ms(idle_exit_ms);
    change(&mut scenario);
    run(&scenario, "demand")
}

fn drained_s(run: &Run) -> f64 {
    run.drained_after_ms.expect("all tasks done") / 1_000.0
}

#[test]
fn short_tasks_are_served_at_the_limit_by_a_few_workers() {
    for rate in [1.0, 2.0] {
        let run = sixty(rate, 10_000, |_| {});
        assert!(run.invocations.started <= 20, "{rate}: {}", run.invocations.started);
        assert!(drained_s(&run) <= 60.0 / rate + 20.0, "{rate}: {}", drained_s(&run));
    }
}

#[test]
fn workers_that_leave_between_two_tasks_are_followed_by_others() {
    for rate in [1.0, 2.0] {
        let run = sixty(rate, 1_000, |_| {});
        assert!(run.invocations.started <= 60, "{rate}: {}", run.invocations.started);
        // They find the limit of each partition closed, and leave before it opens again.
        assert!(drained_s(&run) <= 3.0 * 60.0 / rate + 20.0, "{rate}: {}", drained_s(&run));
    }
}

#[test]
fn long_tasks_get_as_many_slots_as_the_limit_lets_tasks_through() {
    let run = sixty(2.0, 10_000, |scenario| scenario.service = always(45_000));
    assert!(drained_s(&run) <= 45.0 + 30.0 + 40.0, "{}", drained_s(&run));
}
