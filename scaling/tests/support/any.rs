//! Strategies for any input.

use proptest::{collection::vec, prelude::*};
use serde_json::{Map, Number, Value, json};
use wci_contract::{
    FailureClass, TaskType,
    decision::{Event, Poll},
    launch::Outcome,
    signal::TaskAdd,
    stats::{QueueStats, WorkersSeen},
};
use wci_scaling::Algorithm;

use super::NOW;

/// Any algorithm.
pub(crate) fn algorithm() -> impl Strategy<Value = Algorithm> {
    proptest::sample::select(Algorithm::ALL.to_vec())
}

const CONFIG_KEYS: [&str; 33] = [
    "scale_up_cooloff_ms",
    "scale_up_backlog_threshold",
    "max_worker_lifetime_ms",
    "metrics_poll_interval_ms",
    "scale_up_dispatch_rate_epsilon",
    "scale_up_dispatch_rate_epsilon_confirm_ms",
    "suppress_scale_up_ms",
    "suppress_poll_interval_ms",
    "min_count",
    "max_count",
    "initial_count",
    "ewma_alpha",
    "initial_per_consumer_capacity",
    "target_backlog_drain_rate",
    "material_backlog_threshold",
    "utilization_target",
    "halfin_whitt_beta",
    "max_scale_up_step",
    "scale_up_cooldown_ms",
    "scale_down_cooldown_ms",
    "no_sync_quiet_ms",
    "worker_slots",
    "max_concurrent_workers",
    "max_invocations_per_minute",
    "min_workers",
    "min_workers_schedule",
    "target_queue_time_ms",
    "expected_start_ms",
    "start_timeout_ms",
    "worker_lifetime_ms",
    "backoff_initial_ms",
    "backoff_max_ms",
    "bogus",
];

const STATE_KEYS: [&str; 14] = [
    "last_scale_up_time_ms",
    "workflow_dispatch_rate_within_epsilon_since_ms",
    "workflow_dispatch_ref_rate",
    "workflow_suppress_scale_up_until_ms",
    "activity_suppress_scale_up_until_ms",
    "nexus_last_dispatch_rate",
    "worker_count",
    "ewma_arrival_rate",
    "ewma_dispatch_rate",
    "ewma_per_consumer_capacity",
    "last_scale_down_time_ms",
    "last_no_sync_match_time_ms",
    "wci",
    "bogus",
];

const DEMAND_KEYS: [&str; 18] = [
    "starts",
    "settled_ms",
    "asked",
    "announced",
    "told",
    "put_off",
    "backlog",
    "trial_ms",
    "no_shows",
    "stuck_ms",
    "absent_ms",
    "service_rate",
    "start_ms",
    "push",
    "pressed_ms",
    "looked_ms",
    "bogus",
    "wci",
];

/// Keys of objects within a state.
const INNER_KEYS: [&str; 12] = [
    "backoff",
    "failures",
    "until_ms",
    "class",
    "at_ms",
    "waiting",
    "age_ms",
    "free",
    "dispatch",
    "rate",
    "workers",
    "fruitless",
];

/// Any JSON, mostly plausible values.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-200_000_i64..200_000).prop_map(|ms| Value::from(NOW + ms)),
        (0_i64..200_000).prop_map(Value::from),
        (0.0..0.2_f64).prop_map(Value::from),
        any::<f64>().prop_map(|n| Number::from_f64(n).map_or(Value::Null, Value::Number)),
        "[0-9.eE+x -]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            object(&INNER_KEYS, inner.clone()).prop_map(Value::Object),
            vec((-700_000_i64..10_000, any::<u32>()), 0..50).prop_map(|pairs| {
                pairs.into_iter().map(|(ahead, n)| json!([NOW + ahead, n])).collect()
            }),
        ]
    })
}

/// An object with some of these keys.
pub(crate) fn object(
    keys: &'static [&'static str],
    value: impl Strategy<Value = Value>,
) -> impl Strategy<Value = Map<String, Value>> {
    let key = proptest::sample::select(keys).prop_map(str::to_owned);
    vec((key, value), 0..=keys.len()).prop_map(|fields| fields.into_iter().collect())
}

/// Any config.
pub(crate) fn config() -> impl Strategy<Value = Map<String, Value>> {
    object(&CONFIG_KEYS, value())
}

/// Any state.
pub(crate) fn state() -> impl Strategy<Value = Map<String, Value>> {
    let backoff = (any::<u32>(), -400_000_i64..400_000, any::<bool>()).prop_map(
        |(failures, ahead, probing)| {
            json!({"backoff": {"failures": failures, "until_ms": NOW + ahead,
                "class": "not-found", "probing": probing}})
        },
    );
    let demand = object(&DEMAND_KEYS, value()).prop_map(Value::Object);
    let own = (proptest::option::of(backoff), proptest::option::of(demand));
    (object(&STATE_KEYS, value()), own).prop_map(|(mut state, (own, demand))| {
        state.extend(own.map(|own| ("wci".to_owned(), own)));
        state.extend(demand.map(|demand| ("demand".to_owned(), demand)));
        state
    })
}

/// Any time.
pub(crate) fn now() -> impl Strategy<Value = i64> {
    prop_oneof![1 => any::<i64>(), 9 => NOW - 200_000..NOW + 200_000]
}

/// Any announcement.
pub(crate) fn task_add() -> impl Strategy<Value = Event> {
    let kind = prop_oneof![9 => 1_i64..=3, 1 => any::<i64>()];
    (kind, any::<bool>(), any::<u64>(), any::<u64>()).prop_map(
        |(task_queue_type, is_sync_match, misses, syncs)| {
            let task_queue_name = if syncs % 5 == 0 { "" } else { "q" }.to_owned();
            Event::TaskAdd(TaskAdd {
                task_queue_name,
                task_queue_type,
                is_sync_match,
                misses,
                syncs,
            })
        },
    )
}

/// Any poll.
pub(crate) fn poll() -> impl Strategy<Value = Event> {
    let kind = proptest::sample::select(TaskType::ALL.to_vec());
    let backlog = prop_oneof![Just(0), 0_u64..100, any::<u64>()];
    let rate =
        || prop_oneof![Just(0.0), 0.0..20.0_f64, 9.0..11.0_f64, any::<f64>(), Just(f64::NAN)];
    let age = prop_oneof![Just(0), 0_u64..100_000, any::<u64>()];
    let (limit, partial) = (proptest::option::of(rate()), proptest::bool::weighted(0.1));
    let stats = (backlog, rate(), rate(), age, limit, partial).prop_map(
        |(backlog, arrival_rate, dispatch_rate, age_ms, rate_limit, partial)| QueueStats {
            backlog,
            arrival_rate,
            dispatch_rate,
            age_ms,
            rate_limit,
            partial,
        },
    );
    let few = || prop_oneof![0_u64..10, any::<u64>()];
    let workers = proptest::option::of((few(), few()))
        .prop_map(|w| w.map(|(seen, slots_free)| WorkersSeen { seen, slots_free }));
    (vec((kind, stats), 0..4), workers).prop_map(|(stats, workers)| {
        Event::Poll(Poll { stats: stats.into_iter().collect(), workers })
    })
}

/// Any outcome.
pub(crate) fn outcome() -> impl Strategy<Value = Event> {
    let class = proptest::sample::select(vec![
        None,
        Some(FailureClass::Throttled),
        Some(FailureClass::AccessDenied),
        Some(FailureClass::Unavailable),
    ]);
    (0_u32..3, 0_u32..3, any::<u32>(), class).prop_map(|(started, throttled, refused, class)| {
        Event::Outcome(Outcome { started, throttled, refused, class, ..Outcome::default() })
    })
}

/// Any event.
pub(crate) fn event() -> impl Strategy<Value = Event> {
    prop_oneof![task_add(), poll(), outcome(), Just(Event::Tick {})]
}
