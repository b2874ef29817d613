//! The book's rules, told as an operator would.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wci_contract::{
    FailureClass, Refusal, TaskType,
    activities::{DecideInput, DecideOutput, WatchOutput},
    decision::{Action, DecisionResult, Event},
    launch::Outcome,
    messages::StartInput,
    signal::TaskAdd,
    state::Timestamp,
};

use crate::book::{Book, Phase};

fn start(state: Value) -> StartInput {
    serde_json::from_value(json!({"namespace_name": "default", "deployment_name": "d",
        "build_id": "b", "state": state}))
    .unwrap()
}

fn book(groups: Value) -> Book {
    let state = json!({"spec": {"scaling_group_specs": groups}});
    Book::open(Ok(start(state)), Timestamp { seconds: 1, nanos: 0 })
}

fn one_group() -> Book {
    book(json!({"g": {"compute": {"provider_type": "p"}}}))
}

fn miss(kind: i64, misses: u64) -> TaskAdd {
    TaskAdd { task_queue_name: "q".into(), task_queue_type: kind, misses, ..TaskAdd::default() }
}

/// Launches of a decision at 100 are named `launch-100-0` and so on.
fn question(book: &mut Book, now_ms: i64) -> DecideInput {
    let mut ids = (0..).map(|n| format!("launch-{now_ms}-{n}"));
    book.question(now_ms, || ids.next().unwrap())
}

/// Decides for the only group that was asked about.
fn decide(book: &mut Book, now_ms: i64, decision: DecisionResult) -> DecideInput {
    let asked = question(book, now_ms);
    let groups = asked.groups.keys().map(|name| (name.clone(), decision.clone())).collect();
    book.apply(asked.clone(), answer(groups));
    asked
}

fn answer(groups: BTreeMap<String, DecisionResult>) -> DecideOutput {
    DecideOutput { groups, ..DecideOutput::default() }
}

fn invoke(count: u32) -> DecisionResult {
    DecisionResult { actions: vec![Action::InvokeWorker { count }], ..Default::default() }
}

fn throttle(wake_at_ms: i64) -> DecisionResult {
    DecisionResult { throttled: 1, wake_at_ms: Some(wake_at_ms), ..Default::default() }
}

#[test]
fn a_missed_task_becomes_a_launch() {
    let mut book = one_group();
    book.hear(Some(miss(1, 3)));
    assert!(book.wants_decision(0));
    decide(&mut book, 100, invoke(2));
    let launch = book.to_launch.pop_front().unwrap();
    assert_eq!((launch.group.as_str(), launch.count), ("g", 2));
    assert!(!book.wants_decision(100));
    assert_eq!(book.dump().wci.unwrap().launches[0].since, 100);
}

#[test]
fn a_launch_that_ended_with_its_decision_is_not_asked_for_again() {
    let mut book = one_group();
    book.hear(Some(miss(1, 1)));
    let asked = question(&mut book, 100);
    assert!(asked.groups["g"].report_outcome && asked.groups["g"].speculative_launch.is_some());
    let mut told = answer([("g".to_owned(), invoke(1))].into());
    told.launched.insert("g".to_owned(), Outcome::started(1));
    book.apply(asked, told);
    assert!(book.to_launch.is_empty() && !book.wants_decision(100));
    let wci = book.dump().wci.unwrap();
    assert_eq!((wci.workers_started, wci.launches.len(), wci.decisions[0].invoked), (1, 0, 1));
}

#[test]
fn a_launch_that_failed_with_its_decision_is_decided_about_at_once() {
    let mut book = one_group();
    book.hear(Some(miss(1, 1)));
    let asked = question(&mut book, 100);
    let mut told = answer([("g".to_owned(), invoke(1))].into());
    let outcome = Outcome::failed(1, FailureClass::Throttled, "slow down");
    told.launched.insert("g".to_owned(), outcome.clone());
    book.apply(asked, told);
    assert!(book.wants_decision(100));
    let asked = question(&mut book, 101);
    assert_eq!(asked.groups["g"].events[0], Event::Outcome(outcome));
}

#[test]
fn a_decision_does_not_wait_for_a_provider_that_keeps_its_group_waiting() {
    let mut book = one_group();
    book.hear(Some(miss(1, 1)));
    decide(&mut book, 100, invoke(1));
    book.hear(Some(miss(1, 1)));
    assert!(!question(&mut book, 200).groups["g"].report_outcome);
}

#[test]
fn tasks_that_were_put_off_are_asked_about_again_when_their_time_comes() {
    let mut book = one_group();
    book.hear(Some(miss(1, 3)));
    decide(&mut book, 100, throttle(200));
    assert!(!book.wants_decision(199) && book.wants_decision(200));
    let asked = decide(&mut book, 200, invoke(1));
    assert_eq!(asked.groups["g"].events, [Event::TaskAdd(miss(1, 3))]);
}

#[test]
fn tasks_behind_a_launch_that_failed_are_not_forgotten() {
    let mut book = one_group();
    book.hear(Some(miss(2, 1)));
    decide(&mut book, 100, invoke(1));
    let outcome = Outcome::failed(1, FailureClass::Throttled, "slow down");
    book.finish(150, "launch-100-0", outcome.clone());
    let asked = question(&mut book, 150);
    let events = &asked.groups["g"].events;
    assert_eq!(events[0], Event::Outcome(outcome));
    assert!(matches!(&events[1], Event::TaskAdd(signal) if signal.misses == 1));
    assert_eq!(book.dump().wci.unwrap().last_failures["g"].outcome.message, "slow down");
}

#[test]
fn a_launch_that_went_well_costs_no_decision_of_its_own() {
    let mut book = one_group();
    book.hear(Some(miss(1, 1)));
    decide(&mut book, 100, invoke(1));
    book.finish(150, "launch-100-0", Outcome::started(1));
    assert!(!book.wants_decision(150));
    assert_eq!(book.dump().wci.unwrap().workers_started, 1);
}

#[test]
fn a_launch_that_went_well_ends_a_back_off() {
    let mut book = one_group();
    book.state.scaling_state.insert("g".into(), json!({"wci": {}}).as_object().unwrap().clone());
    book.hear(Some(miss(1, 1)));
    let state = book.state.scaling_state["g"].clone();
    decide(&mut book, 100, DecisionResult { state, ..invoke(1) });
    book.finish(150, "launch-100-0", Outcome::started(1));
    assert!(book.wants_decision(150));
}

#[test]
fn a_group_whose_launches_hang_waits_and_leaves_room_for_others() {
    let mut book = book(json!({"a": {"task_types": [1]}, "b": {"task_types": [2]}}));
    for n in 0..20 {
        book.hear(Some(miss(1, 1)));
        decide(&mut book, n * 2000, invoke(1));
    }
    assert_eq!(book.to_launch.len(), 8);
    assert!(book.inbox.next_wake_ms().is_some());
    book.hear(Some(miss(2, 1)));
    decide(&mut book, 38_001, invoke(1));
    assert_eq!(book.to_launch.back().unwrap().group, "b");
}

#[test]
fn nothing_is_lost_when_nothing_could_be_decided() {
    let mut book = one_group();
    book.hear(Some(miss(1, 5)));
    let asked = question(&mut book, 100);
    book.put_back(asked);
    assert_eq!(book.dump().pending_task_add_signals, [miss(1, 5)]);
    assert!(book.wants_decision(100 + 1_000));
}

#[test]
fn the_next_run_knows_everything_and_asks_for_nothing_twice() {
    let mut book = one_group();
    book.hear(Some(miss(1, 1)));
    decide(&mut book, 100, invoke(1));
    book.hear(Some(miss(2, 4)));
    let carried = serde_json::to_value(book.carry()).unwrap();
    let mut next = Book::open(Ok(serde_json::from_value(carried).unwrap()), Timestamp::default());
    assert_eq!(next.state.create_time, Some(Timestamp { seconds: 1, nanos: 0 }));
    assert_eq!(next.unknown.len(), 1);
    assert!(next.to_launch.is_empty() && next.wants_decision(0));
    question(&mut next, 100 + 60_000);
    assert!(next.unknown.is_empty());
}

#[test]
fn a_launch_that_fails_while_the_run_ends_is_left_to_the_next_run() {
    let mut book = one_group();
    book.hear(Some(miss(1, 1)));
    decide(&mut book, 100, invoke(1));
    book.phase = Phase::Closing;
    let outcome = Outcome::failed(1, FailureClass::Unavailable, "no answer");
    book.finish(150, "launch-100-0", outcome);
    assert_eq!(book.dump().pending_task_add_signals.len(), 1);
}

#[test]
fn tasks_of_a_group_that_is_replaced_go_to_the_new_one() {
    let mut book = one_group();
    book.hear(Some(miss(1, 1)));
    decide(&mut book, 100, invoke(1));
    book.finish(150, "launch-100-0", Outcome::failed(1, FailureClass::NotFound, "gone"));
    let next = json!({"scaling_group_specs": {"other": {"compute": {"provider_type": "p"}}}});
    book.put_in_service(serde_json::from_value(next).unwrap());
    assert!(question(&mut book, 200).groups.contains_key("other"));
}

#[test]
fn tasks_of_a_group_that_is_replaced_while_a_decision_is_out_go_to_the_new_one() {
    let mut book = one_group();
    book.hear(Some(miss(1, 2)));
    let asked = question(&mut book, 100);
    let next = json!({"scaling_group_specs": {"other": {"compute": {"provider_type": "p"}}}});
    book.put_in_service(serde_json::from_value(next).unwrap());
    book.apply(asked, answer([("g".to_owned(), invoke(1))].into()));
    assert!(book.to_launch.is_empty() && !book.state.scaling_state.contains_key("g"));
    assert_eq!(question(&mut book, 200).groups["other"].events, [Event::TaskAdd(miss(1, 2))]);
}

#[test]
fn a_launch_may_begin_with_its_decision_unless_too_many_are_under_way() {
    let mut book = one_group();
    book.hear(Some(miss(1, 1)));
    let asked = question(&mut book, 100);
    let speculative_launch = asked.groups["g"].speculative_launch.clone().unwrap();
    book.apply(asked, answer([("g".to_owned(), invoke(1))].into()));
    assert_eq!(book.to_launch.pop_front(), Some(speculative_launch));
    for n in 1..9 {
        book.hear(Some(miss(1, 1)));
        let asked = decide(&mut book, 100 + n * 2_000, invoke(1));
        assert_eq!(asked.groups["g"].speculative_launch.is_some(), n < 8);
    }
}

#[test]
fn a_type_that_nobody_serves_is_recorded_and_launches_nothing() {
    let mut book = book(json!({"wf": {"task_types": [1]}}));
    book.hear(Some(miss(3, 2)));
    assert!(question(&mut book, 100).groups.is_empty());
    let decisions = book.dump().wci.unwrap().decisions;
    assert_eq!(decisions[0].reasons, ["nobody_serves tasks=2"]);
}

#[test]
fn nonsense_is_counted_and_forgotten() {
    let mut book = one_group();
    book.hear(None);
    assert!(!book.wants_decision(0));
    assert_eq!(book.dump().wci.unwrap().signals_dropped, 1);
}

#[test]
fn decisions_are_remembered_up_to_a_bound() {
    let mut book = one_group();
    for n in 0..50 {
        book.hear(Some(miss(1, 1)));
        decide(&mut book, n, DecisionResult::default());
    }
    let decisions = book.dump().wci.unwrap().decisions;
    assert_eq!((decisions.len(), decisions[0].at_ms, decisions[19].at_ms), (20, 30, 49));
}

#[test]
fn a_backlog_that_no_worker_takes_from_is_reported_less_and_less_often() {
    let mut book = one_group();
    let stuck: WatchOutput =
        serde_json::from_value(json!({"stats": {"workflow": {"backlog": 3}}})).unwrap();
    let quiet = |book: &mut Book, output: &WatchOutput| {
        book.saw(0, output);
        book.next_watch(0, 0).unwrap().quiet_until_ms
    };
    let waits: Vec<_> = (0..6).map(|_| quiet(&mut book, &stuck)).collect();
    assert_eq!(waits, [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
    let mut served = stuck.clone();
    served.stats.get_mut(&TaskType::Workflow).unwrap().dispatch_rate = 1.0;
    assert_eq!(quiet(&mut book, &served), 5_000);
}

#[test]
fn a_deleted_instance_says_so() {
    let mut book = one_group();
    book.phase = Phase::Deleted;
    assert_eq!(book.describe().unwrap_err().message, "worker deployment deleted");
}

#[test]
fn a_start_that_names_no_version_is_unusable() {
    let nameless = StartInput::default();
    assert!(Book::open(Ok(nameless), Timestamp::default()).unusable.is_some());
    let refusal = Refusal::invalid("unable to decode");
    assert_eq!(Book::open(Err(refusal.clone()), Timestamp::default()).unusable, Some(refusal));
}

#[test]
fn workers_are_kept_warm_though_no_task_waits() {
    let config =
        wci_contract::ConfigPayload::from_map(json!({"min_workers": 2}).as_object().unwrap());
    let scaling = json!({"scaling_algorithm": "demand", "config": config});
    let mut book = book(json!({"warm": {"compute": {"provider_type": "p"}, "scaling": scaling},
        "cold": {"task_types": [3], "compute": {"provider_type": "p"}}}));
    assert!(book.wants_decision(0));
    let wake = DecisionResult { wake_at_ms: Some(600_000), ..invoke(2) };
    let asked = decide(&mut book, 0, wake);
    assert_eq!(asked.groups.keys().collect::<Vec<_>>(), ["warm"]);
    assert_eq!(asked.groups["warm"].events, [Event::Tick {}]);
    assert!(!book.wants_decision(599_999) && book.wants_decision(600_000));
    assert_eq!(question(&mut book, 600_000).groups["warm"].events, [Event::Tick {}]);
    let spec = book.spec().cloned().unwrap();
    book.put_in_service(spec);
    assert!(book.wants_decision(0));
}

#[test]
fn a_book_whose_last_group_is_gone_forgets_what_was_about_it_and_keeps_announced_tasks() {
    let mut book = one_group();
    book.plan(0, None, false);
    book.wci().warnings.push("g: odd".into());
    book.hear(Some(miss(1, 2)));
    let launch = decide(&mut book, 10, invoke(1));
    assert_eq!(launch.groups.len(), 1);
    book.hear(Some(miss(1, 3)));
    book.vacate(20, "me".into());
    assert!(!book.wants_decision(i64::MAX));
    assert_eq!(book.next_watch(20, 1_000), None);
    assert_eq!(book.unclaimed_until_ms(0), Some(600_020));
    let state = book.dump();
    assert_eq!((state.spec, state.validation_state), (None, None));
    assert_eq!(state.pending_task_add_signals, [miss(1, 3)]);
    assert_eq!(state.last_modifier_identity, "me");
    let wci = state.wci.unwrap();
    assert!(wci.check.is_none() && wci.warnings.is_empty() && !wci.register);

    let spec = json!({"scaling_group_specs": {"h": {"compute": {"provider_type": "p"}}}});
    book.put_in_service(serde_json::from_value(spec).unwrap());
    assert_eq!(book.unclaimed_until_ms(0), None);
    assert!(book.wants_decision(30));
}
