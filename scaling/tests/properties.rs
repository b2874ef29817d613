//! Properties that hold for every input.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};
use support::{
    Group, NOW,
    any::{algorithm, config, event, now, poll, state, task_add},
};
use wci_contract::{
    TaskType,
    decision::{Action, Event, GroupState},
    limits::{MAX_COUNT, MAX_REASONS},
};
use wci_scaling::{Algorithm, check_config, decide, decide_batch, offline};

proptest! {
    #[test]
    fn any_input_gets_the_same_bounded_decision_every_time(
        algorithm in algorithm(), now in now(), config in config(), state in state(),
        events in vec(event(), 0..6),
    ) {
        let ask = || decide_batch(now, algorithm, &config, &state, &events);
        let decision = ask();
        prop_assert!(decision.actions.len() <= 1);
        for action in &decision.actions {
            if let Action::InvokeWorker { count } = action {
                prop_assert!((1..=MAX_COUNT).contains(count));
            }
        }
        prop_assert!((1..=MAX_REASONS).contains(&decision.reasons.len()));
        prop_assert!(decision.next_poll_ms > 0);
        prop_assert_eq!(decision, ask());
        // No check panics either.
        let _ = check_config(algorithm, &config);
    }

    #[test]
    fn a_state_stays_finite_small_and_is_clean_after_one_decision(
        algorithm in algorithm(), now in 0..NOW + 200_000, config in config(), state in state(),
        events in vec(event(), 0..6),
    ) {
        let once = decide_batch(now, algorithm, &config, &state, &events).state;
        for (key, value) in &once {
            let is_ours = ["wci", "demand"].contains(&key.as_str());
            prop_assert!(is_ours || value.as_f64().is_some_and(f64::is_finite), "{} {}", key, value);
            prop_assert!(!["bogus", "nexus_last_dispatch_rate"].contains(&key.as_str()));
        }
        if let Some(demand) = once.get("demand") {
            prop_assert!(demand.to_string().len() < 8_192);
            prop_assert!(demand.get("bogus").is_none());
        }
        let twice = decide(now, algorithm, &config, &once, &Event::Tick {}).state;
        // A tick may start deferred workers, or retry a size. Nothing else changes in the second
        // decision.
        let without_ours = |mut state: GroupState| {
            state.remove("wci");
            state
        };
        match algorithm {
            Algorithm::NoSync => prop_assert_eq!(once, twice),
            Algorithm::RateBased => prop_assert_eq!(without_ours(once), without_ours(twice)),
            Algorithm::Demand => {
                prop_assert_eq!(twice.keys().collect::<Vec<_>>(), once.keys().collect::<Vec<_>>());
            }
        }
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
    fn the_provider_is_sent_nothing_while_the_group_backs_off(
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
    fn a_deferred_task_is_served_in_the_end(config in config(), state in state()) {
        let (mut group, mut now) = (Group { algorithm: Algorithm::NoSync, config, state }, NOW);
        for _ in 0..4 {
            let decision = group.at(now, support::miss(TaskType::Workflow, 1));
            if !decision.actions.is_empty() {
                return Ok(());
            }
            prop_assert_eq!(decision.throttled, 1);
            let wake = decision.wake_at_ms.expect("the time of the next tick");
            prop_assert!(wake > now);
            now = wake;
        }
        prop_assert!(false, "still deferred at {}", now);
    }

    #[test]
    fn any_line_gets_a_reply_of_one_line(text in ".{0,60}", state in state(), config in config()) {
        let line = json!({"algorithm": "no-sync", "config": config, "state": state,
            "now_ms": NOW, "event": {"task_add": {"task_queue_type": 1}}});
        for line in [text, line.to_string()] {
            let (answer, ok) = offline::answer(&line);
            let answer: Value = serde_json::from_str(&answer).unwrap();
            prop_assert_eq!(answer.get("error").is_none(), ok);
        }
    }
}
