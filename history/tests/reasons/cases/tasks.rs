//! Tasks that wait, and what covers them.

use serde_json::json;
use wci_contract::decision::Event;

use super::{ANY, Case, STARTS_NONE, case};
use crate::support::{Group, misses, of_no_type, polled, seen, started, syncs};

pub(crate) fn tasks() -> Vec<Case> {
    let slots = || Group::demand(json!({"worker_slots": 4}));
    let burst = || slots().at(0, &[misses(9)]);
    let growing = Group::demand(json!({"worker_slots": 1, "expected_start_ms": 2_000})).then(
        &[polled(1, (4.01, 0.01), 0)],
        12_000,
        &[polled(10, (4.01, 0.01), 0)],
    );
    let mut late = slots();
    late.at(0, &[misses(57)]);
    late.at(1_000, &[polled(100, (0.0, 0.0), 0)]);
    vec![
        case("tasks_announced", burst(), "9 tasks found no worker", ANY),
        case(
            "announced_late",
            late.at(60_000, &[misses(41)]),
            "the backlog already counted 40 announced tasks",
            |d| started(d) == 1,
        ),
        case(
            "sync_match",
            slots().at(0, &[syncs(2)]),
            "2 tasks found a worker at once",
            STARTS_NONE,
        ),
        case("deficit", burst(), "9 tasks wait: this needs 3 workers", |d| started(d) == 3),
        case(
            "deficit",
            slots().then(&[misses(4)], 400, &[misses(9)]),
            "13 tasks wait, 4 of them covered by running and starting workers: the rest needs 3 workers",
            |d| started(d) == 3,
        ),
        case(
            "backlog_grows",
            growing.clone(),
            "the backlog grows: 8 more tasks are expected before a new worker polls, and count as waiting",
            |d| started(d) == 17,
        ),
        case(
            "deficit",
            growing,
            "18 tasks wait, 1 of them covered by running and starting workers: the rest needs 17 workers",
            |d| started(d) == 17,
        ),
        case(
            "nobody_serves",
            slots().at(0, &[of_no_type(0)]),
            "no group serves the task type of 1 announced task",
            STARTS_NONE,
        ),
        case("nothing_waits", slots().at(0, &[Event::Tick {}]), "nothing to do", STARTS_NONE),
        case(
            "below_min",
            Group::demand(json!({"min_workers": 3})).at(0, &[Event::Tick {}]),
            "0 workers running or starting, below the minimum of 3",
            |d| started(d) == 3,
        ),
    ]
}

pub(crate) fn covered() -> Vec<Case> {
    let slots = || Group::demand(json!({"worker_slots": 4}));
    let starting = slots().then(&[misses(1)], 400, &[misses(3)]);
    let just_arrived = slots().then(&[misses(100)], 3_000, &[polled(100, (0.0, 0.0), 3_000)]);
    let free = |age_ms| slots().at(0, &[seen(10, (0.0, 0.0), age_ms, Some((3, 12)))]);
    vec![
        case(
            "in_flight_covers",
            starting,
            "4 tasks wait, and 1 worker is starting: no more are needed yet",
            STARTS_NONE,
        ),
        case(
            "in_flight_covers",
            just_arrived,
            "100 tasks wait, and workers that were started recently are expected to take them",
            STARTS_NONE,
        ),
        case(
            "slots_free",
            free(50),
            "10 tasks wait, and running workers have 12 free slots",
            STARTS_NONE,
        ),
        case(
            "in_doubt",
            free(30_000),
            "10 tasks wait, the oldest for 30s: one more worker, whatever the numbers say",
            |d| started(d) == 1,
        ),
    ]
}
