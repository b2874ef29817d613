//! What holds for every input.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use proptest::{collection::vec, prelude::*};
use serde_json::{Map, Number, Value, json};
use support::{Group, NOW};
use wci_contract::{
    FailureClass, TaskType,
    decision::{Event, Poll},
    launch::Outcome,
    limits::MAX_REASONS,
    signal::TaskAdd,
    stats::QueueStats,
};
use wci_scaling::{Algorithm, check_config, decide, decide_batch, offline};

const CONFIG_KEYS: [&str; 9] = [
    "scale_up_cooloff_ms",
    "scale_up_backlog_threshold",
    "max_worker_lifetime_ms",
    "metrics_poll_interval_ms",
    "scale_up_dispatch_rate_epsilon",
    "scale_up_dispatch_rate_epsilon_confirm_ms",
    "suppress_scale_up_ms",
    "suppress_poll_interval_ms",
    "bogus",
];

const STATE_KEYS: [&str; 8] = [
    "last_scale_up_time_ms",
    "workflow_dispatch_rate_within_epsilon_since_ms",
    "workflow_dispatch_ref_rate",
    "workflow_suppress_scale_up_until_ms",
    "activity_suppress_scale_up_until_ms",
    "nexus_last_dispatch_rate",
    "wci",
    "bogus",
];

/// Any JSON, more often than not something that could stand there.
fn value() -> impl Strategy<Value = Value> {
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
            object(&["backoff", "failures", "until_ms", "class"], inner).prop_map(Value::Object),
        ]
    })
}

fn object(
    keys: &'static [&'static str],
    value: impl Strategy<Value = Value>,
) -> impl Strategy<Value = Map<String, Value>> {
    let key = proptest::sample::select(keys).prop_map(str::to_owned);
    vec((key, value), 0..=keys.len()).prop_map(|fields| fields.into_iter().collect())
}

fn config() -> impl Strategy<Value = Map<String, Value>> {
    object(&CONFIG_KEYS, value())
}

fn state() -> impl Strategy<Value = Map<String, Value>> {
    let backoff = (any::<u32>(), -400_000_i64..400_000, any::<bool>()).prop_map(
        |(failures, ahead, probing)| {
            json!({"backoff": {"failures": failures, "until_ms": NOW + ahead,
                "class": "not-found", "probing": probing}})
        },
    );
    (object(&STATE_KEYS, value()), proptest::option::of(backoff)).prop_map(|(mut state, own)| {
        state.extend(own.map(|own| ("wci".to_owned(), own)));
        state
    })
}

fn now() -> impl Strategy<Value = i64> {
    prop_oneof![1 => any::<i64>(), 9 => NOW - 200_000..NOW + 200_000]
}

fn task_add() -> impl Strategy<Value = Event> {
    let kind = prop_oneof![9 => 1_i64..=3, 1 => any::<i64>()];
    (kind, any::<bool>(), any::<u64>(), any::<u64>()).prop_map(
        |(task_queue_type, is_sync_match, misses, syncs)| {
            let task_queue_name = "q".to_owned();
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

fn poll() -> impl Strategy<Value = Event> {
    let kind = proptest::sample::select(TaskType::ALL.to_vec());
    let backlog = prop_oneof![Just(0), 0_u64..100, any::<u64>()];
    let rate = prop_oneof![9.0..11.0_f64, any::<f64>(), Just(f64::NAN)];
    let stats = (backlog, rate).prop_map(|(backlog, dispatch_rate)| QueueStats {
        backlog,
        dispatch_rate,
        ..QueueStats::default()
    });
    vec((kind, stats), 0..4)
        .prop_map(|stats| Event::Poll(Poll { stats: stats.into_iter().collect(), workers: None }))
}

fn outcome() -> impl Strategy<Value = Event> {
    let class = proptest::sample::select(vec![
        None,
        Some(FailureClass::Throttled),
        Some(FailureClass::AccessDenied),
        Some(FailureClass::Unavailable),
    ]);
    (0_u32..3, 0_u32..3, any::<u32>(), class).prop_map(|(started, throttled, refused, class)| {
        Event::Outcome(Outcome { started, throttled, refused, class, message: String::new() })
    })
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![task_add(), poll(), outcome(), Just(Event::Tick {})]
}

proptest! {
    #[test]
    fn any_question_gets_the_same_bounded_answer_every_time(
        now in now(), config in config(), state in state(), events in vec(event(), 0..6),
    ) {
        let ask = || decide_batch(now, Algorithm::NoSync, &config, &state, &events);
        let decision = ask();
        prop_assert!(decision.actions.len() <= 1);
        prop_assert!((1..=MAX_REASONS).contains(&decision.reasons.len()));
        prop_assert!(decision.next_poll_ms > 0);
        prop_assert_eq!(decision, ask());
        // Whatever is checked, it does not panic either.
        let _ = check_config(Algorithm::NoSync, &config);
    }

    #[test]
    fn a_state_stays_finite_and_is_clean_after_one_decision(
        now in now(), config in config(), state in state(), events in vec(event(), 0..6),
    ) {
        let once = decide_batch(now, Algorithm::NoSync, &config, &state, &events).state;
        for (key, value) in &once {
            prop_assert!(key == "wci" || value.as_f64().is_some_and(f64::is_finite), "{} {}", key, value);
            prop_assert!(!["bogus", "nexus_last_dispatch_rate"].contains(&key.as_str()));
        }
        let twice = decide(now, Algorithm::NoSync, &config, &once, &Event::Tick {}).state;
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn two_workers_for_announced_tasks_are_never_closer_than_the_cooloff(
        cooloff in 0_i64..500, steps in vec((-50_i64..300, 1_usize..4), 1..40),
    ) {
        let mut group = Group::new(json!({"scale_up_cooloff_ms": cooloff}));
        let (mut now, mut last) = (NOW, None::<i64>);
        for (step, signals) in steps {
            now += step;
            let signals = vec![support::miss(TaskType::Workflow, 1); signals];
            let decision = group.batch(now, &signals);
            prop_assert!(decision.actions.len() <= 1);
            if !decision.actions.is_empty() {
                prop_assert!(last.is_none_or(|last| (now - last).abs() >= cooloff));
                last = Some(now);
            }
        }
    }

    #[test]
    fn nothing_is_asked_of_a_provider_while_the_group_backs_off(
        config in config(), class in 0_usize..2, ahead in 1_i64..60_000, failures in any::<u32>(),
        probing in any::<bool>(), events in vec(prop_oneof![task_add(), poll()], 1..6),
    ) {
        let class = ["throttled", "not-found"][class];
        let backoff = json!({"failures": failures, "until_ms": NOW + ahead, "class": class,
            "probing": probing});
        let state = support::map(json!({"last_scale_up_time_ms": 5, "wci": {"backoff": backoff}}));
        let decision = decide_batch(NOW, Algorithm::NoSync, &config, &state, &events);
        prop_assert!(decision.actions.is_empty());
        prop_assert_eq!(decision.wake_at_ms, Some(NOW + ahead));
        prop_assert_eq!(&decision.state["last_scale_up_time_ms"], &json!(5));
    }

    #[test]
    fn a_task_that_is_held_back_is_served_in_the_end(config in config(), state in state()) {
        let (mut group, mut now) = (Group { algorithm: Algorithm::NoSync, config, state }, NOW);
        for _ in 0..4 {
            let decision = group.at(now, support::miss(TaskType::Workflow, 1));
            if !decision.actions.is_empty() {
                return Ok(());
            }
            prop_assert_eq!(decision.throttled, 1);
            let wake = decision.wake_at_ms.expect("a time to ask again");
            prop_assert!(wake > now);
            now = wake;
        }
        prop_assert!(false, "still held back at {}", now);
    }

    #[test]
    fn any_line_gets_a_line(text in ".{0,60}", state in state(), config in config()) {
        let line = json!({"algorithm": "no-sync", "config": config, "state": state,
            "now_ms": NOW, "event": {"task_add": {"task_queue_type": 1}}});
        for line in [text, line.to_string()] {
            let (answer, ok) = offline::answer(&line);
            let answer: Value = serde_json::from_str(&answer).unwrap();
            prop_assert_eq!(answer.get("error").is_none(), ok);
        }
    }
}
