use super::*;
use serde_json::json;
use wci_contract::{activities::ValidateOutput, messages::StartInput, state::Timestamp};

use crate::{Event, RunStatus};

const GROUPS: fn() -> Spec = || {
    serde_json::from_value(json!({"scaling_group_specs": {"g": {
        "compute": {"provider_type": "p"}}}}))
    .unwrap()
};

fn instance() -> InstanceState {
    let input: StartInput =
        serde_json::from_value(json!({"deployment_name": "d", "build_id": "b"})).unwrap();
    let mut instance = InstanceState::new(input, Timestamp::default()).unwrap();
    let (identity, output) = ("me".to_owned(), ValidateOutput::default());
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
    assert_eq!(attempt(&mut instance, 0, &[("g", "")]), Some(60_000));
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
