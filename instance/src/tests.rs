//! The rules of an instance, as an operator would tell them.

mod driver;
mod ending;
mod spec_change;

use serde_json::json;
use wci_contract::{
    FailureClass, TaskType,
    activities::WatchOutput,
    decision::{DecisionResult, Event as ScalingEvent},
    launch::Outcome,
    messages::StartInput,
    state::Timestamp,
};

use crate::{Effect, Event, InstanceState, state::Phase};
use driver::{Driver, answer, invoke, miss, throttle};

fn one_group() -> Driver {
    Driver::new(json!({"g": {"compute": {"provider_type": "p"}}}))
}

#[test]
fn a_missed_task_becomes_a_launch() {
    let mut instance = one_group();
    instance.announce(miss(1, 3));
    assert!(instance.wants_decision(0));
    instance.decide(100, invoke(2));
    let launch = instance.launches.pop_front().unwrap();
    assert_eq!((launch.group.as_str(), launch.count), ("g", 2));
    assert!(!instance.wants_decision(100));
    assert_eq!(instance.dump().wci.unwrap().launches[0].since, 100);
}

#[test]
fn a_launch_that_ended_with_its_decision_is_not_asked_for_again() {
    let mut instance = one_group();
    instance.announce(miss(1, 1));
    let input = instance.decide_input(100);
    assert!(input.groups["g"].report_outcome && input.groups["g"].speculative_launch.is_some());
    let mut output = answer([("g".to_owned(), invoke(1))].into());
    output.launched.insert("g".to_owned(), Outcome::started(1));
    instance.decided(input, output);
    assert!(instance.launches.is_empty() && !instance.wants_decision(100));
    let wci = instance.dump().wci.unwrap();
    assert_eq!((wci.workers_started, wci.launches.len(), wci.decisions[0].invoked), (1, 0, 1));
}

#[test]
fn a_launch_that_failed_with_its_decision_is_decided_about_at_once() {
    let mut instance = one_group();
    instance.announce(miss(1, 1));
    let input = instance.decide_input(100);
    let mut output = answer([("g".to_owned(), invoke(1))].into());
    let outcome = Outcome::failed(1, FailureClass::Throttled, "slow down");
    output.launched.insert("g".to_owned(), outcome.clone());
    instance.decided(input, output);
    assert!(instance.wants_decision(100));
    let input = instance.decide_input(101);
    assert_eq!(input.groups["g"].events[0], ScalingEvent::Outcome(outcome));
}

#[test]
fn a_decision_does_not_wait_for_a_provider_that_keeps_its_group_waiting() {
    let mut instance = one_group();
    instance.announce(miss(1, 1));
    instance.decide(100, invoke(1));
    instance.announce(miss(1, 1));
    assert!(!instance.decide_input(200).groups["g"].report_outcome);
}

#[test]
fn tasks_that_were_put_off_are_asked_about_again_when_their_time_comes() {
    let mut instance = one_group();
    instance.announce(miss(1, 3));
    instance.decide(100, throttle(200));
    assert!(!instance.wants_decision(199) && instance.wants_decision(200));
    let input = instance.decide(200, invoke(1));
    assert_eq!(input.groups["g"].events, [ScalingEvent::TaskAdd(miss(1, 3))]);
}

#[test]
fn tasks_behind_a_launch_that_failed_are_not_forgotten() {
    let mut instance = one_group();
    instance.announce(miss(2, 1));
    instance.decide(100, invoke(1));
    let outcome = Outcome::failed(1, FailureClass::Throttled, "slow down");
    instance.end_launch(150, "launch-100-0", outcome.clone());
    let input = instance.decide_input(150);
    let events = &input.groups["g"].events;
    // With the time of its request, because later workers may have been requested meanwhile.
    let outcome = Outcome { requested_ms: Some(100), ..outcome };
    assert_eq!(events[0], ScalingEvent::Outcome(outcome));
    assert!(matches!(&events[1], ScalingEvent::TaskAdd(signal) if signal.misses == 1));
    assert_eq!(instance.dump().wci.unwrap().last_failures["g"].outcome.message, "slow down");
}

#[test]
fn a_launch_that_went_well_costs_no_decision_of_its_own() {
    let mut instance = one_group();
    instance.announce(miss(1, 1));
    instance.decide(100, invoke(1));
    instance.end_launch(150, "launch-100-0", Outcome::started(1));
    assert!(!instance.wants_decision(150));
    assert_eq!(instance.dump().wci.unwrap().workers_started, 1);
}

#[test]
fn a_launch_that_went_well_ends_a_back_off() {
    let mut instance = one_group();
    instance
        .state
        .scaling_state
        .insert("g".into(), json!({"wci": {}}).as_object().unwrap().clone());
    instance.announce(miss(1, 1));
    let state = instance.state.scaling_state["g"].clone();
    instance.decide(100, DecisionResult { state, ..invoke(1) });
    instance.end_launch(150, "launch-100-0", Outcome::started(1));
    assert!(instance.wants_decision(150));
}

#[test]
fn a_group_whose_launches_hang_waits_and_leaves_room_for_others() {
    let mut instance = Driver::new(json!({"a": {"task_types": [1]}, "b": {"task_types": [2]}}));
    for n in 0..20 {
        instance.announce(miss(1, 1));
        instance.decide(n * 2000, invoke(1));
    }
    assert_eq!(instance.launches.len(), 8);
    assert!(instance.inbox.next_wake_ms().is_some());
    instance.announce(miss(2, 1));
    instance.decide(38_001, invoke(1));
    assert_eq!(instance.launches.back().unwrap().group, "b");
}

#[test]
fn nothing_is_lost_when_nothing_could_be_decided() {
    let mut instance = one_group();
    instance.announce(miss(1, 5));
    let input = instance.decide_input(100);
    instance.on(100, Event::DecisionFailed { input });
    assert_eq!(instance.dump().pending_task_add_signals, [miss(1, 5)]);
    assert!(instance.wants_decision(100 + 1_000));
}

#[test]
fn the_next_run_knows_everything_and_asks_for_nothing_twice() {
    let mut instance = one_group();
    instance.announce(miss(1, 1));
    instance.decide(100, invoke(1));
    instance.announce(miss(2, 4));
    let carried = serde_json::to_value(instance.carry_over()).unwrap();
    let input = serde_json::from_value(carried).unwrap();
    let mut next = InstanceState::new(input, Timestamp::default()).unwrap();
    assert_eq!(next.state.create_time, Some(Timestamp { seconds: 1, nanos: 0 }));
    assert_eq!(next.orphaned_launches.len(), 1);
    let effects = next.handle(0, Event::RunStarted);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Launch(_))));
    assert!(next.wants_decision(0));
    next.begin_decision(100 + 60_000, String::new);
    assert!(next.orphaned_launches.is_empty());
}

#[test]
fn a_launch_that_fails_while_the_run_ends_is_left_to_the_next_run() {
    let mut instance = one_group();
    instance.announce(miss(1, 1));
    instance.decide(100, invoke(1));
    instance.phase = Phase::Closing;
    let outcome = Outcome::failed(1, FailureClass::Unavailable, "no answer");
    instance.end_launch(150, "launch-100-0", outcome);
    assert_eq!(instance.dump().pending_task_add_signals.len(), 1);
}

#[test]
fn a_launch_may_begin_with_its_decision_unless_too_many_are_under_way() {
    let mut instance = one_group();
    instance.announce(miss(1, 1));
    let input = instance.decide_input(100);
    let speculative_launch = input.groups["g"].speculative_launch.clone().unwrap();
    instance.decided(input, answer([("g".to_owned(), invoke(1))].into()));
    assert_eq!(instance.launches.pop_front(), Some(speculative_launch));
    for n in 1..9 {
        instance.announce(miss(1, 1));
        let input = instance.decide(100 + n * 2_000, invoke(1));
        assert_eq!(input.groups["g"].speculative_launch.is_some(), n < 8);
    }
}

#[test]
fn a_type_that_nobody_serves_is_recorded_and_launches_nothing() {
    let mut instance = Driver::new(json!({"wf": {"task_types": [1]}}));
    instance.announce(miss(3, 2));
    assert!(instance.decide_input(100).groups.is_empty());
    let decisions = instance.dump().wci.unwrap().decisions;
    assert_eq!(decisions[0].reasons, ["nobody_serves tasks=2"]);
}

#[test]
fn nonsense_is_counted_and_forgotten() {
    let mut instance = one_group();
    instance.on(0, Event::SignalDropped { reason: "not a signal".into() });
    assert!(!instance.wants_decision(0));
    assert_eq!(instance.dump().wci.unwrap().signals_dropped, 1);
}

#[test]
fn counters_stop_at_their_largest_number() {
    let mut instance = one_group();
    let wci = instance.wci();
    (wci.workers_started, wci.signals_dropped) = (u64::MAX, u64::MAX);
    instance.on(0, Event::SignalDropped { reason: "not a signal".into() });
    instance.announce(miss(1, 1));
    instance.decide(100, invoke(1));
    instance.end_launch(150, "launch-100-0", Outcome::started(1));
    let wci = instance.dump().wci.unwrap();
    assert_eq!((wci.workers_started, wci.signals_dropped), (u64::MAX, u64::MAX));
}

#[test]
fn decisions_are_remembered_up_to_a_bound() {
    let mut instance = one_group();
    for n in 0..50 {
        instance.announce(miss(1, 1));
        instance.decide(n, DecisionResult::default());
    }
    let decisions = instance.dump().wci.unwrap().decisions;
    assert_eq!((decisions.len(), decisions[0].at_ms, decisions[19].at_ms), (20, 30, 49));
}

#[test]
fn a_backlog_that_no_worker_takes_from_is_reported_less_and_less_often() {
    let mut instance = one_group();
    let stuck: WatchOutput =
        serde_json::from_value(json!({"stats": {"workflow": {"backlog": 3}}})).unwrap();
    let mut grace = |output: &WatchOutput| {
        instance.on(0, Event::WatchEnded(output.clone()));
        i64::from(instance.begin_watch(0).unwrap().input.backlog_grace)
    };
    let waits: Vec<_> = (0..6).map(|_| grace(&stuck)).collect();
    assert_eq!(waits, [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
    let mut served = stuck.clone();
    served.stats.get_mut(&TaskType::Workflow).unwrap().dispatch_rate = 1.0;
    assert_eq!(grace(&served), 5_000);
}

#[test]
fn a_deleted_instance_says_so() {
    let mut instance = one_group();
    instance.phase = Phase::Deleted;
    assert_eq!(instance.describe().unwrap_err().message, "worker deployment deleted");
}

#[test]
fn a_start_that_names_no_version_is_refused() {
    let refusal = InstanceState::new(StartInput::default(), Timestamp::default()).unwrap_err();
    assert!(refusal.message.starts_with("the start input names no version: "));
}

#[test]
fn workers_are_kept_warm_though_no_task_waits() {
    let config =
        wci_contract::ConfigPayload::from_map(json!({"min_workers": 2}).as_object().unwrap());
    let scaling = json!({"scaling_algorithm": "demand", "config": config});
    let groups = json!({"warm": {"compute": {"provider_type": "p"}, "scaling": scaling},
        "cold": {"task_types": [3], "compute": {"provider_type": "p"}}});
    let mut instance = Driver::new(groups.clone());
    assert!(instance.wants_decision(0));
    let wake = DecisionResult { wake_at_ms: Some(600_000), ..invoke(2) };
    let input = instance.decide(0, wake);
    assert_eq!(input.groups.keys().collect::<Vec<_>>(), ["warm"]);
    assert_eq!(input.groups["warm"].events, [ScalingEvent::Tick {}]);
    assert!(!instance.wants_decision(599_999) && instance.wants_decision(600_000));
    assert_eq!(instance.decide_input(600_000).groups["warm"].events, [ScalingEvent::Tick {}]);
    instance.change_spec(600_000, groups);
    assert!(instance.wants_decision(0));
}
