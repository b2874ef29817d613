//! `demand`: properties that hold for any input.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use proptest::{collection::vec, prelude::*};
use serde_json::{Map, Value, json};
use support::{
    Group, NOW,
    any::{event, state},
    map, miss,
};
use wci_contract::{
    TaskType::{Activity, Workflow},
    decision::{Action, Decision, Event, Poll},
    launch::Outcome,
    signal::TaskAdd,
    stats::QueueStats,
};
use wci_scaling::{Algorithm::Demand, check_config};

/// Settings that pass the check.
fn settings() -> impl Strategy<Value = Map<String, Value>> {
    let limits = (1_u64..20, 1_u64..60, 1_u64..100, 0_u64..5);
    let times = (0_i64..5_000, 0_i64..3_000, 3_000_i64..60_000, 60_000_i64..900_000);
    (limits, times, 100_i64..5_000).prop_map(|(limits, times, backoff)| {
        let (slots, max, per_minute, min) = limits;
        let (target, start, timeout, lifetime) = times;
        map(json!({
            "worker_slots": slots,
            "max_concurrent_workers": max,
            "max_invocations_per_minute": per_minute,
            "min_workers": min.min(max),
            "target_queue_time_ms": target,
            "expected_start_ms": start,
            "start_timeout_ms": timeout,
            "worker_lifetime_ms": lifetime,
            "backoff_initial_ms": backoff,
        }))
    })
}

fn number(config: &Map<String, Value>, key: &str) -> i64 {
    config[key].as_i64().unwrap()
}

fn started(decision: &Decision) -> i64 {
    match decision.actions[..] {
        [] => 0,
        [Action::InvokeWorker { count }] => i64::from(count),
        ref other => panic!("{other:?}"),
    }
}

/// The number of workers requested after `since`.
fn sum(requests: &[(i64, i64)], since: i64) -> i64 {
    requests.iter().filter(|(at, _)| *at > since).map(|(_, count)| count).sum()
}

fn backlog(backlog: u64, age_ms: u64, dispatch_rate: f64) -> Event {
    let stats = QueueStats { backlog, age_ms, dispatch_rate, ..QueueStats::default() };
    Event::Poll(Poll { stats: [(Activity, stats)].into(), workers: None })
}

/// Any event that does not report workers that left or failed.
fn load() -> impl Strategy<Value = Event> {
    prop_oneof![
        (1_u64..300).prop_map(|misses| miss(Workflow, misses)),
        (1_u64..300).prop_map(|misses| Event::TaskAdd(TaskAdd {
            task_queue_name: "q".into(),
            task_queue_type: 2,
            misses,
            ..TaskAdd::default()
        })),
        (0_u64..300, 0_u64..90_000, 0.1..50.0_f64).prop_map(|(n, age, rate)| backlog(n, age, rate)),
        (1_u32..9).prop_map(|n| Event::Outcome(Outcome::started(n))),
        Just(Event::Tick {}),
    ]
}

proptest! {
    #[test]
    fn limits_hold_whatever_the_load(
        config in settings(),
        steps in vec((0_i64..20_000, vec(load(), 1..4)), 1..120),
    ) {
        prop_assert_eq!(check_config(Demand, &config), Ok(()));
        let (max, per_minute) =
            (number(&config, "max_concurrent_workers"), number(&config, "max_invocations_per_minute"));
        let lifetime = number(&config, "worker_lifetime_ms");
        let mut group = Group { algorithm: Demand, config, state: Map::new() };
        let (mut now, mut all) = (NOW, Vec::new());
        for (step, events) in steps {
            now += step;
            all.push((now, started(&group.batch(now, &events))));
            prop_assert!(sum(&all, now - lifetime) <= max);
            prop_assert!(sum(&all, now - 60_000) <= per_minute);
        }
    }

    #[test]
    fn the_budget_of_a_minute_holds_whatever_else_happens(
        config in settings(), events in vec((0_i64..9_000, event()), 1..60),
    ) {
        let per_minute = number(&config, "max_invocations_per_minute");
        let mut group = Group { algorithm: Demand, config, state: Map::new() };
        let (mut now, mut all) = (NOW, Vec::new());
        for (step, event) in events {
            now += step;
            all.push((now, started(&group.at(now, event))));
            prop_assert!(sum(&all, now - 60_000) <= per_minute);
        }
    }

    #[test]
    fn waiting_tasks_get_a_worker_in_bounded_time_from_any_state(
        config in settings(), state in state(), waiting in 1_u64..1_000,
    ) {
        let key = |key: &str| number(&config, key);
        // A back-off for a configuration, a worker's lifetime, the budget of a minute, and the wait
        // for workers that do not start polling.
        let bound = 360_000 + key("worker_lifetime_ms") + 60_000 + 2 * key("start_timeout_ms") + 120_000;
        let mut group = Group { algorithm: Demand, config, state };
        let mut now = NOW;
        while now - NOW <= bound {
            let age = u64::try_from(now - NOW).unwrap();
            let decision = group.at(now, backlog(waiting, age, 0.0));
            if started(&decision) > 0 {
                return Ok(());
            }
            let poll = now + i64::try_from(decision.next_poll_ms).unwrap();
            let next = decision.wake_at_ms.map_or(poll, |wake| wake.min(poll));
            prop_assert!(next > now, "the next tick is at {next}");
            now = next;
        }
        prop_assert!(false, "no worker within {} ms: {:?}", bound, group.state);
    }

    #[test]
    fn a_first_task_gets_a_worker_at_once_and_many_get_as_many_as_they_need(
        config in settings(), misses in 1_u64..2_000,
    ) {
        let slots = u64::try_from(number(&config, "worker_slots")).unwrap();
        let limits = ["max_concurrent_workers", "max_invocations_per_minute"];
        let room = limits.map(|key| number(&config, key)).into_iter().min().unwrap();
        let least = number(&config, "min_workers");
        let needed = i64::try_from(misses.div_ceil(slots)).unwrap();
        let mut group = Group { algorithm: Demand, config, state: Map::new() };
        prop_assert_eq!(started(&group.at(NOW, miss(Workflow, misses))), needed.max(least).min(room));
    }

    #[test]
    fn tasks_that_are_announced_and_polled_repeatedly_start_no_worker_twice(
        slots in 1_u64..20, tasks in 1_u64..500, looks in vec(1_i64..1_000, 1..6),
    ) {
        let config = map(json!({"worker_slots": slots, "max_concurrent_workers": 1_000}));
        let mut group = Group { algorithm: Demand, config, state: Map::new() };
        let (mut now, mut all) = (NOW, started(&group.at(NOW, miss(Workflow, tasks))));
        for step in looks {
            now += step;
            all += started(&group.at(now, backlog(tasks, 0, 0.0)));
        }
        prop_assert_eq!(all, i64::try_from(tasks.div_ceil(slots)).unwrap());
    }
}
