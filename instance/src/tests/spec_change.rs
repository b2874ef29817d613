//! Tasks and findings when scaling groups are replaced or removed.

use serde_json::json;
use wci_contract::{FailureClass, decision::Event as ScalingEvent, launch::Outcome};

use super::{
    driver::{answer, invoke, miss},
    one_group,
};
use crate::Event;

#[test]
fn tasks_of_a_group_that_is_replaced_go_to_the_new_one() {
    let mut instance = one_group();
    instance.announce(miss(1, 1));
    instance.decide(100, invoke(1));
    instance.end_launch(150, "launch-100-0", Outcome::failed(1, FailureClass::NotFound, "gone"));
    instance.change_spec(160, json!({"other": {"compute": {"provider_type": "p"}}}));
    assert!(instance.decide_input(200).groups.contains_key("other"));
}

#[test]
fn tasks_of_a_group_that_is_replaced_while_a_decision_is_out_go_to_the_new_one() {
    let mut instance = one_group();
    instance.announce(miss(1, 2));
    let input = instance.decide_input(100);
    instance.change_spec(160, json!({"other": {"compute": {"provider_type": "p"}}}));
    instance.decided(input, answer([("g".to_owned(), invoke(1))].into()));
    assert!(instance.launches.is_empty() && !instance.state.scaling_state.contains_key("g"));
    assert_eq!(
        instance.decide_input(200).groups["other"].events,
        [ScalingEvent::TaskAdd(miss(1, 2))]
    );
}

#[test]
fn tasks_of_a_group_that_is_replaced_while_a_decision_fails_go_to_the_new_one() {
    let mut instance = one_group();
    instance.announce(miss(1, 2));
    let input = instance.decide_input(100);
    instance.change_spec(160, json!({"other": {"compute": {"provider_type": "p"}}}));
    instance.on(200, Event::DecisionFailed { input });
    assert!(instance.wants_decision(200));
    assert_eq!(
        instance.decide_input(200).groups["other"].events,
        [ScalingEvent::TaskAdd(miss(1, 2))]
    );
}

#[test]
fn an_instance_whose_last_group_is_gone_forgets_what_was_about_it_and_keeps_announced_tasks() {
    let mut instance = one_group();
    instance.plan_revalidation(0, None, false);
    instance.wci().warnings.push("g: odd".into());
    instance.announce(miss(1, 2));
    let launch = instance.decide(10, invoke(1));
    assert_eq!(launch.groups.len(), 1);
    instance.announce(miss(1, 3));
    instance.on(20, Event::SpecRemoved { identity: "me".into() });
    assert!(!instance.wants_decision(i64::MAX));
    assert_eq!(instance.begin_watch(20), None);
    assert_eq!(instance.unclaimed_until_ms(), Some(600_020));
    let state = instance.dump();
    assert_eq!((state.spec, state.validation_state), (None, None));
    assert_eq!(state.pending_task_add_signals, [miss(1, 3)]);
    assert_eq!(state.last_modifier_identity, "me");
    let wci = state.wci.unwrap();
    assert!(wci.check.is_none() && wci.warnings.is_empty() && !wci.register);

    instance.change_spec(30, json!({"h": {"compute": {"provider_type": "p"}}}));
    assert_eq!(instance.unclaimed_until_ms(), None);
    assert!(instance.wants_decision(30));
}
