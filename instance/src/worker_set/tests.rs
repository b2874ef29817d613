use super::*;
use serde_json::json;
use wci_contract::{
    FailureClass,
    activities::{BacklogGrace, ValidateOutput},
    messages::StartInput,
    state::Timestamp,
};

use crate::Event;

fn spec(provider: &str) -> Spec {
    serde_json::from_value(json!({"scaling_group_specs": {"g": {
        "compute": {"provider_type": provider}}}}))
    .unwrap()
}

fn pool() -> InstanceState {
    let input: StartInput = serde_json::from_value(json!({
        "deployment_name": "d", "build_id": "b"}))
    .unwrap();
    let mut instance = InstanceState::new(input, Timestamp::default()).unwrap();
    put_in_service(&mut instance, spec("subprocess-pool"));
    instance
}

fn put_in_service(instance: &mut InstanceState, spec: Spec) {
    let (identity, output) = (String::new(), ValidateOutput::default());
    instance.handle(0, Event::SpecChanged { spec, identity, output });
}

/// The resize of the only group, if one may begin.
fn next(instance: &mut InstanceState) -> Option<ResizeInput> {
    instance.begin_resize("g")
}

fn count(input: Option<ResizeInput>) -> Option<u32> {
    input.map(|input| input.count)
}

#[test]
fn a_newer_size_takes_the_place_of_one_that_waits() {
    let mut instance = pool();
    instance.set_size(10, "g", 1);
    let first = next(&mut instance).unwrap();
    instance.set_size(11, "g", 2);
    instance.set_size(12, "g", 3);
    assert_eq!(next(&mut instance), None, "one is under way");
    instance.end_resize(13, &first, Outcome::started(1));
    assert!(instance.is_unacknowledged("g"));
    let second = next(&mut instance).unwrap();
    assert_eq!(second.count, 3);
    instance.end_resize(14, &second, Outcome::started(2));
    assert!(!instance.is_unacknowledged("g"));
    assert_eq!((next(&mut instance), instance.wci().workers_started), (None, 3));
}

#[test]
fn a_size_that_was_not_taken_waits_for_the_decision_that_follows() {
    let mut instance = pool();
    instance.set_size(10, "g", 1);
    let first = next(&mut instance).unwrap();
    instance.set_size(11, "g", 2);
    instance.end_resize(12, &first, Outcome::failed(1, FailureClass::NotFound, "gone"));
    assert_eq!(next(&mut instance), None);
    assert!(instance.is_unacknowledged("g") && instance.wci().last_failures.contains_key("g"));
    assert!(matches!(instance.events["g"].last(), Some(ScalingEvent::Outcome(_))));
}

#[test]
fn a_group_that_gets_another_provider_lets_its_set_go_and_then_forgets_it() {
    let mut instance = pool();
    instance.set_size(10, "g", 4);
    let first = next(&mut instance).unwrap();
    instance.end_resize(11, &first, Outcome::started(4));
    put_in_service(&mut instance, spec("subprocess"));
    let last = next(&mut instance).unwrap();
    assert_eq!((last.count, last.compute.provider_type.as_str()), (0, "subprocess-pool"));
    assert!(last.requested_ms > first.requested_ms);
    instance.end_resize(12, &last, Outcome::failed(1, FailureClass::Internal, "no"));
    let again = next(&mut instance).unwrap();
    instance.end_resize(13, &again, Outcome::default());
    assert!(instance.has_no_sets());
}

#[test]
fn a_set_that_was_not_released_is_released_by_the_next_run() {
    let mut instance = pool();
    instance.set_size(10, "g", 4);
    let first = next(&mut instance).unwrap();
    instance.end_resize(11, &first, Outcome::started(4));
    put_in_service(&mut instance, spec("subprocess"));
    let mut next_run = InstanceState::new(instance.carry_over(), Timestamp::default()).unwrap();
    let effects = next_run.handle(0, Event::RunStarted);
    assert!(effects.contains(&Effect::Resize { group: "g".to_owned() }));
    assert_eq!(count(next(&mut next_run)), Some(0));
}

#[test]
fn the_end_of_an_instance_is_the_end_of_its_sets() {
    let mut instance = pool();
    instance.release_all_sets();
    assert!(instance.has_no_sets(), "there is none yet");
    let mut instance = pool();
    instance.set_size(10, "g", 4);
    instance.release_all_sets();
    assert!(!instance.has_no_sets());
    let last = next(&mut instance);
    assert_eq!(count(last.clone()), Some(0));
    instance.end_resize(11, &last.unwrap(), Outcome::default());
    assert!(instance.has_no_sets());
}

#[test]
fn a_provider_is_told_again_after_a_while() {
    let mut instance = pool();
    instance.set_size(10, "g", 4);
    let first = next(&mut instance).unwrap();
    instance.end_resize(11, &first, Outcome::started(4));
    instance.assert_size(REASSERT_MS, "g");
    assert_eq!(next(&mut instance), None);
    instance.assert_size(10 + REASSERT_MS, "g");
    assert_eq!(count(next(&mut instance)), Some(4));
}

#[test]
fn queues_of_sets_are_looked_at_whatever_they_hold() {
    let mut instance = pool();
    assert_eq!(instance.begin_watch(0).unwrap().input.until_ms, 60_000);
    instance.next_poll_ms.insert("g".to_owned(), 30_000);
    assert_eq!(instance.begin_watch(0).unwrap().input.until_ms, 30_000);
    put_in_service(&mut instance, spec("subprocess"));
    instance.backlog_grace = BacklogGrace::Until(-60_000);
    assert_eq!(instance.begin_watch(0).unwrap().input.until_ms, 3_600_000);
}
