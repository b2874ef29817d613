//! `no-sync` and `rate-based`.

use serde_json::json;
use wci_contract::decision::Event;
use wci_scaling::Algorithm::{NoSync, RateBased};

use super::{Case, KEEPS_SIZE, STARTS_NONE, case, waits};
use crate::support::{Group, NOW, misses, polled, size, started};

pub(crate) fn no_sync() -> Vec<Case> {
    let group = |config| Group::of(NoSync, config);
    let lasting = || group(json!({"scale_up_backlog_threshold": 9}));
    let long_ago = lasting().with_state(json!({"last_scale_up_time_ms": NOW - 700_000}));
    let detecting = json!({"scale_up_dispatch_rate_epsilon": 0.1});
    let steady = [polled(9, (0.0, 10.0), 0)];
    vec![
        case("backlog", group(json!({})).at(0, &[polled(1, (0.0, 0.0), 0)]), "1 task waits", |d| {
            started(d) == 1
        }),
        case(
            "backlog",
            lasting().at(0, &[polled(10, (0.0, 0.0), 0)]),
            "10 tasks wait, above the threshold of 9",
            |d| started(d) == 1,
        ),
        case(
            "worker_lifetime_over",
            { long_ago }.at(0, &[polled(2, (0.0, 0.0), 0)]),
            "2 tasks wait, and the last start was 11m40s ago, longer than a worker's lifetime",
            |d| started(d) == 1,
        ),
        case(
            "worker_lifetime_over",
            lasting().at(0, &[polled(2, (0.0, 0.0), 0)]),
            "2 tasks wait, and no start of a worker is known",
            |d| started(d) == 1,
        ),
        case(
            "cooloff",
            group(json!({"scale_up_cooloff_ms": 5_000})).then(&[misses(1)], 1_000, &[misses(1)]),
            "the last start is too recent: next start in 4s at the earliest",
            |d| waits(d, 1_000, 4_000),
        ),
        case(
            "suppressed",
            group(detecting).then(&steady, 90_000, &steady),
            "tasks wait, and the dispatch rate has stayed the same for long: no start for 2m0s",
            STARTS_NONE,
        ),
    ]
}

pub(crate) fn rate_based() -> Vec<Case> {
    let group = || Group::of(RateBased, json!({}));
    let planned = |state| group().with_state(state);
    let idle = [polled(0, (0.0, 0.0), 0)];
    let quiet = json!({"worker_count": 9, "last_no_sync_match_time_ms": NOW - 60_000});
    let cooling = json!({"worker_count": 9, "last_scale_down_time_ms": NOW - 10_000});
    vec![
        case(
            "desired",
            group().at(0, &[polled(0, (6.0, 1.0), 0)]),
            "rates and backlog call for 4 workers, 0 planned before",
            |d| size(d) == Some(4),
        ),
        case(
            "desired",
            planned(json!({"worker_count": 5})).at(0, &[Event::Tick {}]),
            "5 workers planned, as before",
            |d| size(d) == Some(5),
        ),
        case(
            "scale_up_cooldown",
            group().then(&[misses(1)], 500, &[misses(3)]),
            "the last scale-up is too recent: next scale-up in 1s at the earliest",
            |d| waits(d, 500, 1_500),
        ),
        case(
            "scale_down_cooldown",
            planned(cooling).at(0, &idle),
            "the last scale-down is too recent: next scale-down in 50s at the earliest",
            KEEPS_SIZE,
        ),
        case(
            "no_sync_quiet",
            planned(quiet).at(0, &idle),
            "tasks found no worker recently: no scale-down for 30s",
            KEEPS_SIZE,
        ),
        case(
            "max_count",
            planned(json!({"worker_count": 30})).at(0, &[misses(1)]),
            "30 workers planned, the maximum is 30",
            KEEPS_SIZE,
        ),
    ]
}
