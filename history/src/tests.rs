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

use super::{Ending, Story, What, activity::Kind, sentences, waits};
use crate::{json, time::Millis};

fn events_of(file: &Path) -> Vec<HistoryEvent> {
    json::parse(&std::fs::read(file).unwrap()).unwrap().events
}

/// A recorded run.
fn recording(name: &str) -> Vec<HistoryEvent> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-histories/v1");
    events_of(&folder.join(format!("{name}.json")))
}

fn story(name: &str) -> Story {
    Story::read([&*recording(name)], None)
}

fn told(story: &Story) -> Vec<String> {
    sentences(&story.moments).into_iter().map(|sentence| sentence.text).collect()
}

#[track_caller]
fn assert_in_order(story: &Story, expected: &[&str]) {
    let told = told(story);
    let mut rest = told.iter();
    for words in expected {
        assert!(rest.any(|told| told.contains(words)), "{words:?} is missing in order: {told:#?}");
    }
}

#[test]
fn a_scale_from_zero_is_told_from_the_announcement_to_the_started_worker() {
    let story = story("create-and-scale-from-zero");
    assert_eq!(story.id.as_ref().unwrap().to_string(), "zero:v1");
    assert_eq!(story.ended(), Some(&Ending::Completed));
    assert_in_order(
        &story,
        &[
            "The instance began.",
            "A change of the compute config was asked for by wci:",
            "The new compute config is in force.",
            "A worker was started for default, so that the server learns of its task queues.",
            "On task queue zero, 1 workflow task found no worker.",
            "Decided for default to start 1 worker: 1 task found no worker.",
            "A start of 1 worker for default was asked of subprocess.",
            "1 worker for default was started by subprocess, after 52 ms.",
            "The end of the instance was asked for by recorder.",
            "The instance ended.",
        ],
    );
}

#[test]
fn a_backlog_that_nobody_announced_is_told_with_its_age() {
    assert_in_order(
        &story("backlog-alone"),
        &[
            "The watch saw 1 workflow task (the oldest for 5s) wait; 0.2 a second arrive, none are taken.",
            "Decided for default to start 1 worker: 1 task waits.",
        ],
    );
}

#[test]
fn trouble_is_told_in_the_words_of_the_provider() {
    assert_in_order(
        &story("provider-refuses-then-recovers"),
        &[
            "Of 1 worker for default, aws-lambda started none after 58 ms: throttled, operation error",
            "backing off after a provider failure (throttled): retry in 925 ms",
            "probing the provider with one worker after 2 failures in a row",
            "1 worker for default was started by aws-lambda",
            "Decided for default to start nothing: a launch started 1 worker.",
        ],
    );
}

#[test]
fn a_launch_that_was_lost_with_its_worker_tells_how_often_it_was_tried() {
    assert_in_order(&story("worker-killed-in-mid-launch"), &["after 5s, at attempt 2."]);
}

#[test]
fn runs_that_continue_each_other_are_one_story() {
    let first = recording("continue-as-new-with-signals-pending");
    let next = recording("continue-as-new-with-signals-pending-next-run");
    let story = Story::read([&*first, &*next], None);
    assert_eq!(story.runs.len(), 2);
    assert_eq!(story.runs[1].continues.as_deref(), Some(story.runs[0].run_id.as_str()));
    assert_in_order(
        &story,
        &[
            "The time had come to hand over to the next run.",
            "The run handed over to the next.",
            "A new run took over from the one before, which did not see 3 launches end.",
            "Decided for default to start 1 worker: 22 tasks found no worker.",
        ],
    );
}

#[test]
fn a_story_up_to_a_time_tells_what_was_the_case_then() {
    let events = recording("provider-refuses-then-recovers");
    let at: Millis = 1_795_352_172_700; // 12:56:12.700Z, right after the first refusal
    let story = Story::read([&*events], Some(at));
    let group = &story.groups["default"];
    let back_off = group.back_off.as_ref().unwrap();
    assert_eq!((back_off.class.as_str(), back_off.failures), ("throttled", 1));
    assert!(back_off.until > at);
    assert_eq!(group.last.as_ref().unwrap().1.workers, 0);
    let waits: Vec<String> = waits(&story, at).into_iter().map(|waiting| waiting.text).collect();
    assert!(
        waits[0].starts_with("The time to decide again about what was put off, in "),
        "{waits:?}"
    );
    assert!(
        waits[1].starts_with("The watch of the workflow, activity and nexus queues"),
        "{waits:?}"
    );
    assert!(story.moments.iter().all(|moment| moment.at <= at));
}

#[test]
fn an_instance_whose_last_group_is_gone_and_one_that_was_left_alone_are_told_so() {
    let recorded = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-histories/v3");
        let events = events_of(&folder.join(format!("{name}.json")));
        Story::read([&*events], None)
    };
    assert_in_order(
        &recorded("remove-the-last-group"),
        &[
            "The new compute config is in force.",
            "A change of the compute config was asked for by recorder.",
            "The last scaling group is gone: nothing is started until one is added.",
            "The new compute config is in force.",
            "1 worker for default was started by subprocess",
        ],
    );
    assert_in_order(
        &recorded("claimed-and-left"),
        &[
            "The time had come to end because nobody gave it a compute config.",
            "The instance ended.",
        ],
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
    let story = Story::read([&*events], None);
    let open = story.open.activities.values();
    assert_eq!(open.filter(|activity| matches!(activity.kind, Kind::Watch(_))).count(), 2);
    let told = waits(&story, 0).into_iter().filter(|waiting| waiting.kind == "watch");
    assert_eq!(told.count(), 1);
}

#[test]
fn an_instance_without_a_compute_config_waits_for_one() {
    let events = recording("backlog-alone");
    let story = Story::read([&events[..6]], None);
    let waits: Vec<String> =
        waits(&story, story.runs[0].last).into_iter().map(|w| w.text).collect();
    assert_eq!(
        waits,
        [
            "The time to end because nobody gave it a compute config, in 10m0s.",
            "A compute config: without one nothing is started (wci apply).",
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
            let story = Story::read([&events[..end]], None);
            let now = story.runs.last().map_or(0, |run| run.last);
            let (told, waits) = (sentences(&story.moments), waits(&story, now));
            assert!(end == 0 || story.ended().is_some() || !waits.is_empty());
            assert!(end == 0 || !told.is_empty());
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
    let events = (1..).zip(attributes).map(|(event_id, attributes)| HistoryEvent {
        event_id,
        attributes: Some(attributes),
        ..Default::default()
    });
    events.collect()
}

#[test]
fn what_a_later_build_wrote_is_told_as_far_as_it_is_understood() {
    let input = json!({"now_ms": 5, "groups": {"g": {"provider_type": "k8s",
        "events": [{"eclipse": {"total": true}}, {"task_add": {"task_queue_type": 1}}]}}});
    let result = json!({"groups": {"g": {"actions": [{"action": "pray"},
        {"action": "invoke-worker", "count": 2}], "reasons": ["moon_is_full phase=3", 7],
        "throttled": 1, "more": []}}});
    let story = Story::read([&*run_of("DecideScaling", &input, &result)], None);
    assert_in_order(&story, &["Decided for g to start 2 workers: moon_is_full phase=3."]);
    let What::Decided(decision) = &story.moments[1].what else { panic!("{:?}", story.moments) };
    assert_eq!(decision.events, ["eclipse", "task-add"]);
    let story = Story::read([&*run_of("Sacrifice", &json!([]), &json!(null))], None);
    assert_in_order(
        &story,
        &["An activity Sacrifice ended, which this version of wci does not know."],
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
            let story = Story::read([&*run_of(kind, &nonsense, &nonsense)], None);
            let _ = (sentences(&story.moments), waits(&story, 0));
        }
    }
}
