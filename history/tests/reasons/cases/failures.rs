//! Failures of the provider.

use serde_json::json;
use wci_contract::{
    FailureClass::{AccessDenied, Throttled},
    decision::{Decision, Event, Reason},
    launch::Outcome,
};
use wci_scaling::Algorithm::RateBased;

use super::{ANY, Case, KEEPS_SIZE, STARTS_NONE, case, waits};
use crate::support::{Group, NOW, failed, misses, started};

pub(crate) fn failures() -> Vec<Case> {
    let fails = |class, workers| {
        Group::demand(json!({})).then(&[misses(1)], 100, &[failed(workers, class), misses(1)])
    };
    let mut partly = Group::demand(json!({"worker_slots": 1}));
    partly.at(0, &[misses(5)]);
    // An outcome that names no class.
    let cut_short = Outcome { started: 3, throttled: 2, ..Outcome::default() };
    let mut recovers = Group::demand(json!({}));
    recovers.at(0, &[misses(3)]);
    let until_ms = recovers.at(100, &[failed(2, Throttled)]).wake_at_ms.unwrap() - NOW;
    let probe = recovers.at(until_ms, &[misses(9)]);
    let ended = recovers.at(until_ms + 100, &[Event::Outcome(Outcome::started(1))]);
    let set = || Group::of(RateBased, json!({}));
    vec![
        case(
            "launch_failed",
            fails(AccessDenied, 1),
            "a launch failed (access-denied), 1 in a row: retry in 5s",
            |d| waits(d, 100, retry_ms(d)),
        ),
        case(
            "launch_failed",
            fails(Throttled, 1),
            "a launch was throttled, 1 in a row: retry in 1s",
            |d| waits(d, 100, retry_ms(d)),
        ),
        case(
            "launch_failed",
            partly.at(100, &[Event::Outcome(cut_short)]),
            "a launch was throttled, 1 in a row: retry in 1s",
            |d| waits(d, 100, retry_ms(d)),
        ),
        case(
            "launch_failed",
            set().then(&[misses(1)], 100, &[failed(1, AccessDenied)]),
            "a request for the size failed (access-denied), 1 in a row: retry in 5s",
            KEEPS_SIZE,
        ),
        case(
            "backing_off",
            fails(AccessDenied, 1),
            "backing off, because the last request failed (access-denied): retry in 5s",
            STARTS_NONE,
        ),
        case(
            "backing_off",
            fails(Throttled, 1),
            "backing off, because the last request was throttled: retry in 1s",
            STARTS_NONE,
        ),
        case("probing", probe, "probing the provider with one worker after 1 failure", |d| {
            started(d) == 1
        }),
        case("launch_succeeded", ended, "a launch started 1 worker", ANY),
    ]
}

/// The wait that the reason of a failed launch has.
fn retry_ms(decision: &Decision) -> i64 {
    let wait = |reason: &Reason| match reason {
        Reason::LaunchFailed { wait_ms, .. } => Some(*wait_ms),
        _ => None,
    };
    decision.reasons.iter().find_map(wait).unwrap()
}
