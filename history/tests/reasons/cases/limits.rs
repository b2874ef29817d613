//! Limits, and workers that do not appear.

use serde_json::json;

use super::{Case, STARTS_NONE, case, waits};
use crate::support::{Group, NOW, misses, polled, seen, started};

pub(crate) fn limits() -> Vec<Case> {
    let few = || Group::demand(json!({"max_concurrent_workers": 2, "worker_slots": 1}));
    let budget = || Group::demand(json!({"max_invocations_per_minute": 10}));
    let limited = |fruitless: u32, at_ms: i64| {
        Group::demand(json!({"worker_slots": 1, "target_queue_time_ms": 0})).with_state(json!({
            "demand": {"starts": [[NOW - 60_000, 4], [NOW - 15_000, 2]], "settled_ms": NOW,
                "push": {"at_ms": at_ms, "waiting": 20, "rate": 2, "workers": 4, "fruitless": fruitless}},
        }))
    };
    let probes = limited(0, NOW - 15_000).at(0, &[polled(20, (0.0, 2.0), 1_000)]);
    let waits_long = limited(1, NOW - 15_000).at(0, &[polled(60, (0.0, 2.0), 1_000)]);
    vec![
        case(
            "at_max_concurrent",
            few().at(0, &[misses(9)]),
            "no more than 2 workers are allowed at a time",
            |d| started(d) == 2,
        ),
        case(
            "at_max_concurrent",
            few().then(&[misses(9)], 10_000, &[misses(2)]),
            "no more than 2 workers are allowed at a time",
            STARTS_NONE,
        ),
        case(
            "rate_budget_spent",
            budget().at(0, &[misses(100)]),
            "no more than 10 workers are allowed within a minute: more in 1m0s",
            |d| started(d) == 10,
        ),
        case(
            "rate_budget_spent",
            budget().then(&[misses(100)], 1_000, &[polled(100, (0.0, 1.0), 0)]),
            "no more than 10 workers are allowed within a minute: more in 59s",
            |d| waits(d, 1_000, 59_000),
        ),
        case(
            "rate_limited_queue",
            probes,
            "20 tasks wait, but 120 a minute are dispatched however many workers run: no more than one more worker",
            |d| started(d) == 1,
        ),
        case(
            "rate_limited_queue",
            waits_long,
            "60 tasks wait, but 120 a minute are dispatched however many workers run: no start for 15s",
            |d| waits(d, 0, 15_000),
        ),
    ]
}

pub(crate) fn absence() -> Vec<Case> {
    let few = || Group::demand(json!({"max_concurrent_workers": 2, "worker_slots": 1}));
    let absent = || Group::demand(json!({"max_concurrent_workers": 5}));
    let stuck = |age_ms| [polled(40, (0.0, 0.0), age_ms)];
    let mut retried = absent();
    retried.at(0, &[misses(40)]);
    retried.at(30_000, &stuck(30_000));
    vec![
        case(
            "start_timed_out",
            absent().then(&[misses(40)], 30_000, &stuck(30_000)),
            "5 workers did not start polling within 30s and count as failed",
            STARTS_NONE,
        ),
        case(
            "workers_do_not_appear",
            absent().then(&[misses(40)], 30_000, &stuck(30_000)),
            "5 workers in a row did not start polling: retry with one in 30s",
            |d| waits(d, 30_000, 30_000),
        ),
        case(
            "workers_do_not_appear",
            retried.at(60_000, &stuck(60_000)),
            "5 workers in a row did not start polling: no more than one more",
            |d| started(d) == 1,
        ),
        case(
            "workers_left",
            few().then(&[misses(9)], 12_000, &[seen(5, (0.0, 0.1), 2_000, Some((1, 0)))]),
            "1 worker stopped polling",
            |d| started(d) == 1,
        ),
    ]
}
