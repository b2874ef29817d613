use super::*;
use serde_json::json;
use wci_contract::{
    activities::ValidateOutput, messages::StartInput, signal::TaskAdd, state::Timestamp,
};

use crate::{Event, Rules, RunStatus};

const GROUPS: fn() -> Spec = || {
    serde_json::from_value(json!({"scaling_group_specs": {"g": {
        "compute": {"provider_type": "p"}}}}))
    .unwrap()
};

fn instance() -> InstanceState {
    instance_with(Rules::Fifth)
}

fn instance_with(rules: Rules) -> InstanceState {
    let input: StartInput =
        serde_json::from_value(json!({"deployment_name": "d", "build_id": "b"})).unwrap();
    let mut instance = InstanceState::new(input, Timestamp::default()).unwrap();
    let (identity, output) = ("me".to_owned(), ValidateOutput::default());
    instance.handle(0, Event::RulesFollowed(rules));
    instance.handle(0, Event::RunStarted);
    let effects = instance.handle(0, Event::SpecChanged { spec: GROUPS(), identity, output });
    assert!(effects.contains(&Effect::Register));
    instance
}

/// An attempt at `now_ms` that starts a worker and leaves `unregistered`; when the next one is due.
fn attempt(
    instance: &mut InstanceState,
    now_ms: i64,
    unregistered: &[(&str, &str)],
) -> Option<i64> {
    let input = instance.begin_registration(now_ms, String::new).unwrap();
    assert!(input.underway.is_empty(), "a worker is started at {now_ms}");
    let unregistered = unregistered.iter().map(|(g, why)| (g.to_string(), why.to_string()));
    let output = RegisterOutput {
        started: vec!["g".to_owned()],
        unregistered: unregistered.collect(),
        ..RegisterOutput::default()
    };
    let result = Ok(output);
    instance.handle(now_ms, Event::RegistrationEnded { spec: GROUPS(), result });
    let effects = instance.advance(now_ms, RunStatus::default(), String::new);
    effects.into_iter().find_map(|effect| match effect {
        Effect::SetTimer { at_ms } => Some(at_ms),
        _ => None,
    })
}

#[test]
fn a_group_is_registered_again_after_growing_waits_until_the_server_knows_it() {
    let mut instance = instance();
    let boom = [("g", "the worker exited with code 3: boom")];
    let mut now_ms = 0;
    for wait_ms in [5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000] {
        assert_eq!(attempt(&mut instance, now_ms, &boom), Some(now_ms + wait_ms));
        now_ms += wait_ms;
        instance.handle(now_ms, Event::TimerFired);
        let effects = instance.advance(now_ms, RunStatus::default(), String::new);
        assert!(effects.contains(&Effect::Register));
    }
    let group = &instance.dump().wci.unwrap().unregistered["g"];
    assert_eq!((group.attempts, &*group.message), (8, boom[0].1));
    assert_eq!(attempt(&mut instance, now_ms, &[]), None);
    assert!(instance.dump().wci.unwrap().unregistered.is_empty());
}

#[test]
fn a_worker_that_may_still_be_starting_is_not_started_again() {
    let mut instance = instance();
    assert_eq!(attempt(&mut instance, 0, &[("g", "")]), Some(5_000));
    let (identity, output) = ("me".to_owned(), ValidateOutput::default());
    let mut spec = GROUPS();
    spec.scaling_group_specs.get_mut("g").unwrap().task_types = Some(vec![1, 2]);
    instance.handle(1_000, Event::SpecChanged { spec, identity, output });
    let input = instance.begin_registration(1_000, String::new).unwrap();
    assert!(input.underway.contains("g"));
}

#[test]
fn a_group_that_is_registered_at_last_has_no_failure_any_more() {
    let mut instance = instance();
    instance.begin_registration(0, String::new).unwrap();
    let failed = || [("g".to_owned(), "429".to_owned())].into();
    let output =
        RegisterOutput { failed: failed(), unregistered: failed(), ..RegisterOutput::default() };
    let result = Ok(output);
    instance.handle(0, Event::RegistrationEnded { spec: GROUPS(), result });
    assert!(instance.dump().wci.unwrap().last_failures.contains_key("g"));
    attempt(&mut instance, 5_000, &[]);
    assert!(instance.dump().wci.unwrap().last_failures.is_empty());
}

#[test]
fn the_next_run_goes_on_with_the_attempts() {
    let mut instance = instance();
    attempt(&mut instance, 0, &[("g", "boom")]);
    let mut next = InstanceState::new(instance.carry_over(), Timestamp::default()).unwrap();
    next.handle(6_000, Event::RunStarted);
    let effects = next.advance(6_000, RunStatus::default(), String::new);
    assert!(effects.contains(&Effect::Register));
}

#[test]
fn another_spec_begins_anew() {
    let mut instance = instance();
    attempt(&mut instance, 0, &[("g", "boom")]);
    let mut spec = GROUPS();
    spec.scaling_group_specs.get_mut("g").unwrap().compute.provider_type = "q".to_owned();
    let (identity, output) = ("me".to_owned(), ValidateOutput::default());
    let effects = instance.handle(1_000, Event::SpecChanged { spec, identity, output });
    assert!(effects.contains(&Effect::Register));
    assert!(instance.dump().wci.unwrap().unregistered.is_empty());
}

#[test]
fn an_attempt_without_a_result_is_repeated_unless_the_run_is_of_an_earlier_revision() {
    for is_retried in [false, true] {
        let mut instance = instance();
        instance.begin_registration(0, String::new).unwrap();
        let result = Err(RegistrationFailure { message: "no server".to_owned(), is_retried });
        instance.handle(0, Event::RegistrationEnded { spec: GROUPS(), result });
        assert_eq!(instance.next_registration_ms().is_some(), is_retried);
        assert!(instance.dump().wci.unwrap().last_failures.contains_key("g"));
    }
}

const BOOM: &str = "the worker exited with code 3: boom";

/// Announces a task at `now_ms`, and takes the next step.
fn announce(instance: &mut InstanceState, now_ms: i64) -> Vec<Effect> {
    let task = TaskAdd { task_queue_type: 1, misses: 1, ..TaskAdd::default() };
    let mut effects = instance.handle(now_ms, Event::TasksAnnounced(task));
    effects.extend(instance.advance(now_ms, RunStatus::default(), String::new));
    effects
}

#[test]
fn a_task_brings_the_next_attempt_forward_but_not_closer_than_the_shortest_wait() {
    for rules in [Rules::Fourth, Rules::Fifth] {
        let mut instance = instance_with(rules);
        let mut now_ms = 0;
        for wait_ms in [5_000, 10_000, 20_000] {
            attempt(&mut instance, now_ms, &[("g", BOOM)]);
            now_ms += wait_ms;
            instance.handle(now_ms, Event::TimerFired);
            instance.advance(now_ms, RunStatus::default(), String::new);
        }
        assert_eq!(attempt(&mut instance, now_ms, &[("g", BOOM)]), Some(now_ms + 40_000));
        let registers = |effects: Vec<Effect>| effects.contains(&Effect::Register);
        assert!(!registers(announce(&mut instance, now_ms + 1)), "too soon after the last attempt");
        instance.handle(now_ms + 6_000, Event::DecisionFailed { input: Default::default() });
        let effects = announce(&mut instance, now_ms + 6_000);
        assert_eq!(registers(effects), rules == Rules::Fifth);
    }
}

#[test]
fn applying_again_begins_the_waits_anew_and_attempts_at_once() {
    let mut instance = instance();
    for now_ms in [0, 100_000, 200_000, 300_000] {
        instance.wci().register = true;
        attempt(&mut instance, now_ms, &[("g", BOOM)]);
    }
    let (identity, output) = ("me".to_owned(), ValidateOutput::default());
    let spec = GROUPS();
    let effects = instance.handle(301_000, Event::SpecChanged { spec, identity, output });
    assert!(effects.contains(&Effect::Register));
    attempt(&mut instance, 301_000, &[("g", BOOM)]);
    assert_eq!(instance.next_registration_ms(), Some(306_000));
}

#[test]
fn a_worker_that_may_still_arrive_is_looked_for_often_and_counts_as_one_attempt() {
    let mut instance = instance();
    attempt(&mut instance, 0, &[("g", "")]);
    for now_ms in [20_000, 40_000] {
        instance.wci().register = true;
        assert!(instance.begin_registration(now_ms, String::new).unwrap().underway.contains("g"));
        let unregistered = [("g".to_owned(), String::new())].into();
        let result = Ok(RegisterOutput { unregistered, ..RegisterOutput::default() });
        instance.handle(now_ms, Event::RegistrationEnded { spec: GROUPS(), result });
    }
    let trouble = instance.wci().unregistered["g"].clone();
    assert_eq!((trouble.attempts, trouble.next_attempt_ms), (1, 50_000));
    assert_eq!(trouble.reported.as_deref(), Some(""), "it has not failed yet");
    attempt(&mut instance, 61_000, &[("g", "")]);
    let status = instance.describe().unwrap().validation_state.unwrap();
    let expected = "not registered: g: no worker has polled its task queues";
    assert_eq!((&*status.status, &*status.err_message), ("failed", expected));
}

#[test]
fn the_server_is_told_that_a_version_is_not_registered_until_it_is() {
    for rules in [Rules::Fourth, Rules::Fifth] {
        let mut instance = instance_with(rules);
        let known = instance.begin_notification().unwrap();
        assert!(known.is_success());
        instance.handle(0, Event::VersionNotified(known));
        attempt(&mut instance, 0, &[("g", BOOM)]);
        let Some(told) = instance.begin_notification() else {
            assert_eq!(rules, Rules::Fourth, "earlier revisions tell nothing");
            continue;
        };
        assert_eq!(told.err_message, format!("not registered: g: {BOOM}"));
        instance.handle(0, Event::VersionNotified(told));
        // The third attempt fails otherwise: the server hears of it at the fourth.
        for (now_ms, why, is_told) in
            [(10_000, BOOM, false), (30_000, "bang", false), (70_000, "bang", true)]
        {
            instance.wci().register = true;
            attempt(&mut instance, now_ms, &[("g", why)]);
            assert_eq!(instance.begin_notification().is_some(), is_told, "{now_ms}");
        }
        instance.wci().register = true;
        attempt(&mut instance, 150_000, &[]);
        assert!(instance.begin_notification().unwrap().is_success());
    }
}

#[test]
fn why_the_server_was_not_told_is_kept_until_it_is() {
    let mut instance = instance();
    let status = instance.begin_notification().unwrap();
    for n in 1..=2 {
        let message = "no such workflow".to_owned();
        instance.handle(n * 1_000, Event::NotificationFailed { message, wait_ms: 500 });
    }
    let untold = instance.dump().wci.unwrap().untold.unwrap();
    assert_eq!((untold.attempts, untold.since_ms, untold.next_attempt_ms), (2, 1_000, 2_500));
    instance.handle(3_000, Event::VersionNotified(status));
    assert_eq!(instance.dump().wci.unwrap().untold, None);
}

#[test]
fn a_worker_of_a_config_that_is_gone_does_not_delay_the_registration_of_the_next() {
    let mut instance = instance();
    instance.begin_registration(0, String::new).unwrap();
    let other: Spec = serde_json::from_value(json!({"scaling_group_specs": {"g": {
        "compute": {"provider_type": "another"}}}}))
    .unwrap();
    let (identity, output) = ("me".to_owned(), ValidateOutput::default());
    instance.handle(1, Event::SpecChanged { spec: other.clone(), identity, output });
    let ended = RegisterOutput {
        started: vec!["g".to_owned()],
        unregistered: [("g".to_owned(), String::new())].into(),
        ..RegisterOutput::default()
    };
    instance.handle(15_000, Event::RegistrationEnded { spec: GROUPS(), result: Ok(ended) });
    let input = instance.begin_registration(15_000, String::new).unwrap();
    assert_eq!((input.spec, input.underway.len()), (other, 0));
}
