mod run_history;

use std::path::Path;

use serde_json::{Value, json};
use temporalio_common::protos::temporal::api::{
    common::v1::{ActivityType, Payload, Payloads},
    history::v1::{
        ActivityTaskCompletedEventAttributes, ActivityTaskScheduledEventAttributes, HistoryEvent,
        WorkflowExecutionStartedEventAttributes, history_event::Attributes,
    },
};
use wci_contract::activities::WATCH;

use super::{Close, EventKind, History, RunHistory, sentences, waits};
use crate::{json, time::Millis};

fn events_of(file: &Path) -> Vec<HistoryEvent> {
    json::parse(&std::fs::read(file).unwrap()).unwrap().events
}

/// A recorded run.
fn recording(name: &str) -> Vec<HistoryEvent> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-histories/v1");
    events_of(&folder.join(format!("{name}.json")))
}

fn history(name: &str) -> History {
    History::read([&*recording(name)], None)
}

fn texts(history: &History) -> Vec<String> {
    sentences(&history.events).into_iter().map(|sentence| sentence.text).collect()
}

#[track_caller]
fn assert_in_order(history: &History, expected: &[&str]) {
    let texts = texts(history);
    let mut rest = texts.iter();
    for words in expected {
        assert!(rest.any(|text| text.contains(words)), "{words:?} is missing in order: {texts:#?}");
    }
}

#[test]
fn a_scale_from_zero_is_told_from_the_announcement_to_the_started_worker() {
    let history = history("create-and-scale-from-zero");
    assert_eq!(history.id.as_ref().unwrap().to_string(), "zero:v1");
    assert_eq!(history.close(), Some(&Close::Completed));
    assert_in_order(
        &history,
        &[
            "The instance started.",
            "The change of the compute config was requested by wci:",
            "The new compute config is in effect.",
            "Started a worker for default, so that the server learns of its task queues.",
            "On task queue zero, 1 workflow task found no worker.",
            "Decided for default to start 1 worker: 1 task found no worker.",
            "Requested 1 worker for default from subprocess.",
            "subprocess started 1 worker for default after 52 ms.",
            "The deletion of the instance was requested by recorder.",
            "The instance completed.",
        ],
    );
}

#[test]
fn a_backlog_that_nobody_announced_is_told_with_its_age() {
    assert_in_order(
        &history("backlog-alone"),
        &[
            "The watch found waiting tasks: 1 workflow task (the oldest for 5s); 0.2 per second arrive, none are dispatched.",
            "Decided for default to start 1 worker: 1 task waits.",
        ],
    );
}

#[test]
fn trouble_is_told_in_the_words_of_the_provider() {
    assert_in_order(
        &history("provider-refuses-then-recovers"),
        &[
            "aws-lambda throttled the start of 1 worker for default after 58 ms: operation error",
            "backing off, because the last request was throttled: retry in 925 ms",
            "probing the provider with one worker after 2 failures in a row",
            "aws-lambda started 1 worker for default",
            "Decided for default to start no workers: a launch started 1 worker.",
        ],
    );
}

#[test]
fn a_launch_that_was_lost_with_its_worker_tells_how_often_it_was_tried() {
    assert_in_order(&history("worker-killed-in-mid-launch"), &["after 5s (attempt 2)."]);
}

#[test]
fn runs_that_continue_each_other_are_one_history() {
    let first = recording("continue-as-new-with-signals-pending");
    let next = recording("continue-as-new-with-signals-pending-next-run");
    let history = History::read([&*first, &*next], None);
    assert_eq!(history.runs.len(), 2);
    assert_eq!(history.runs[1].continued_from.as_deref(), Some(history.runs[0].run_id.as_str()));
    assert_in_order(
        &history,
        &[
            "Timer fired: continue as new.",
            "The run continued as new.",
            "A new run continues the previous one, which left 3 launches under way.",
            "Decided for default to start 1 worker: 22 tasks found no worker.",
        ],
    );
}

#[test]
fn a_history_up_to_a_time_has_what_was_the_case_then() {
    let events = recording("provider-refuses-then-recovers");
    let at: Millis = 1_795_352_172_700; // 12:56:12.700Z, right after the first refusal
    let history = History::read([&*events], Some(at));
    let group = &history.groups["default"];
    let back_off = group.back_off.as_ref().unwrap();
    assert_eq!((back_off.class.as_str(), back_off.failures), ("throttled", 1));
    assert!(back_off.until > at);
    assert_eq!(group.last_decision.as_ref().unwrap().1.workers, 0);
    let waits: Vec<String> = waits(&history, at).into_iter().map(|waiting| waiting.text).collect();
    assert!(waits[0].starts_with("A timer in "), "{waits:?}");
    assert!(
        waits[1].starts_with("The watch of the workflow, activity and nexus queues"),
        "{waits:?}"
    );
    assert!(history.events.iter().all(|event| event.at <= at));
}

#[test]
fn an_instance_whose_last_group_is_gone_and_one_that_was_left_alone_are_told_so() {
    let recorded = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-histories/v3");
        let events = events_of(&folder.join(format!("{name}.json")));
        History::read([&*events], None)
    };
    assert_in_order(
        &recorded("remove-the-last-group"),
        &[
            "The new compute config is in effect.",
            "The change of the compute config was requested by recorder.",
            "The last scaling group was removed: no workers are started until one is added.",
            "The new compute config is in effect.",
            "subprocess started 1 worker for default",
        ],
    );
    assert_in_order(
        &recorded("claimed-and-left"),
        &["Timer fired: complete, because no compute config was set.", "The instance completed."],
    );
}

/// The watch that looks at other types from now on is asked for before the old one has ended.
#[test]
fn of_a_watch_and_its_successor_the_latest_alone_is_waited_for() {
    let mut events = recording("backlog-alone");
    let is_watch = |event: &HistoryEvent| match &event.attributes {
        Some(Attributes::ActivityTaskScheduledEventAttributes(asked)) => {
            asked.activity_type.as_ref().is_some_and(|kind| kind.name == WATCH)
        }
        _ => false,
    };
    let first = events.iter().position(is_watch).unwrap();
    events.truncate(first + 1);
    let mut second = events[first].clone();
    second.event_id += 1;
    events.push(second);
    let history = History::read([&*events], None);
    let pending = history.pending.activities.iter();
    assert_eq!(pending.filter(|activity| activity.activity_type == WATCH).count(), 2);
    let waits = waits(&history, 0).into_iter().filter(|waiting| waiting.kind == "watch");
    assert_eq!(waits.count(), 1);
}

#[test]
fn an_instance_without_a_compute_config_waits_for_one() {
    let events = recording("backlog-alone");
    let history = History::read([&events[..6]], None);
    let waits: Vec<String> =
        waits(&history, history.runs[0].last_event).into_iter().map(|w| w.text).collect();
    assert_eq!(
        waits,
        [
            "A timer in 10m0s: complete, because no compute config was set.",
            "A compute config: without one, no workers are started (wci apply).",
        ]
    );
}

#[test]
fn every_recording_can_be_told_up_to_each_of_its_events() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-histories/v1");
    let mut runs = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let events = events_of(&file.unwrap().path());
        for end in 0..=events.len() {
            let history = History::read([&events[..end]], None);
            let now = history.runs.last().map_or(0, |run| run.last_event);
            let (texts, waits) = (sentences(&history.events), waits(&history, now));
            assert!(end == 0 || history.close().is_some() || !waits.is_empty());
            assert!(end == 0 || !texts.is_empty());
        }
        runs += 1;
    }
    assert!(runs >= 10, "{runs}");
}

fn payloads(value: &Value) -> Option<Payloads> {
    let data = serde_json::to_vec(value).unwrap();
    Some(Payloads { payloads: vec![Payload { data, ..Payload::default() }] })
}

/// A run of one activity.
fn run_of(kind: &str, input: &Value, result: &Value) -> Vec<HistoryEvent> {
    let attributes = [
        Attributes::WorkflowExecutionStartedEventAttributes(
            WorkflowExecutionStartedEventAttributes::default(),
        ),
        Attributes::ActivityTaskScheduledEventAttributes(ActivityTaskScheduledEventAttributes {
            activity_type: Some(ActivityType { name: kind.into() }),
            input: payloads(input),
            ..Default::default()
        }),
        Attributes::ActivityTaskCompletedEventAttributes(ActivityTaskCompletedEventAttributes {
            scheduled_event_id: 2,
            result: payloads(result),
            ..Default::default()
        }),
    ];
    run(attributes.into()).events
}

#[test]
fn what_a_later_build_wrote_is_told_as_far_as_it_is_understood() {
    let input = json!({"now_ms": 5, "groups": {"g": {"provider_type": "k8s",
        "events": [{"eclipse": {"total": true}}, {"task_add": {"task_queue_type": 1}}]}}});
    let result = json!({"groups": {"g": {"actions": [{"action": "pray"},
        {"action": "invoke-worker", "count": 2}], "reasons": ["moon_is_full phase=3", 7],
        "throttled": 1, "more": []}}});
    let history = History::read([&*run_of("DecideScaling", &input, &result)], None);
    assert_in_order(&history, &["Decided for g to start 2 workers: moon_is_full phase=3."]);
    let EventKind::Decided(decision) = &history.events[1].kind else {
        panic!("{:?}", history.events)
    };
    assert_eq!(decision.events, ["eclipse", "task-add"]);
    let history = History::read([&*run_of("Sacrifice", &json!([]), &json!(null))], None);
    assert_in_order(
        &history,
        &["Activity Sacrifice completed, which this version of wci does not know."],
    );
}

#[test]
fn nonsense_in_payloads_is_no_reason_to_fail() {
    for kind in [
        "DecideScaling",
        "WatchTaskQueues",
        "InvokeWorker",
        "ValidateSpec",
        "InvokeWorkersToRegisterTaskQueues",
    ] {
        for nonsense in
            [json!(null), json!("x"), json!([1]), json!({"groups": 7, "stats": [], "started": -1})]
        {
            let history = History::read([&*run_of(kind, &nonsense, &nonsense)], None);
            let _ = (sentences(&history.events), waits(&history, 0));
        }
    }
}

fn run(attributes: Vec<Attributes>) -> RunHistory {
    let events = (1..).zip(attributes).map(|(event_id, attributes)| HistoryEvent {
        event_id,
        attributes: Some(attributes),
        ..Default::default()
    });
    RunHistory { events: events.collect() }
}
