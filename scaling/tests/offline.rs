//! Decisions from JSON lines.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::{Value, json};
use support::{NOW, map};
use wci_contract::decision::Event;
use wci_scaling::{
    DecideError, decide_named,
    offline::{MAX_LINE, answer},
};

fn line(event: Value) -> Value {
    json!({"algorithm": "no-sync", "config": {}, "state": {}, "now_ms": NOW, "event": event})
}

/// The reply to `line` with the fields of `change`; null removes a field.
fn error(change: Value) -> String {
    let mut line = line(json!({"tick": {}}));
    for (key, value) in map(change) {
        line[key] = value;
    }
    let (text, ok) = answer(&line.to_string());
    assert!(!ok, "{text}");
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer.as_object().unwrap().len(), 1);
    answer["error"].as_str().unwrap().to_owned()
}

#[test]
fn a_decision_is_one_line_with_its_fields_in_order() {
    let (text, ok) = answer(
        &line(json!({"task_add": {"task_queue_name": "q", "task_queue_type": 1,
        "is_sync_match": false, "no_sync_match_signals_batched": 3}}))
        .to_string(),
    );
    assert!(ok);
    assert_eq!(
        text,
        r#"{"state":{"last_scale_up_time_ms":1795338000000},"actions":[{"action":"invoke-worker","count":1}],"throttled":0,"next_poll_ms":60000,"wake_at_ms":null,"reasons":["tasks_announced misses=3"]}"#
    );
}

#[test]
fn every_kind_of_event_is_read() {
    for event in [
        json!({"task_add": {"task_queue_type": 2, "is_sync_match": true,
            "sync_match_signals_batched": 1}}),
        json!({"poll": {}}),
        json!({"poll": {"workflow": {"backlog": 1, "arrival_rate": 1, "dispatch_rate": 0.5},
            "activity": {"backlog": 0, "age_ms": 5}, "nexus": null,
            "workers": {"seen": 1, "slots_free": 9}}}),
        json!({"outcome": {"started": 1}}),
        json!({"outcome": {"throttled": 1, "class": "throttled", "message": "slow down"}}),
        json!({"outcome": {"refused": 1, "class": "access-denied"}}),
        json!({"tick": {}}),
    ] {
        let (text, ok) = answer(&line(event).to_string());
        assert!(ok, "{text}");
    }
}

#[test]
fn events_are_read_as_the_contract_writes_them() {
    let event = support::poll([(wci_contract::TaskType::Nexus, 3, 1.5)]);
    let (text, ok) = answer(&line(serde_json::to_value(&event).unwrap()).to_string());
    assert!(ok && text.contains("backlog waiting=3 threshold=0"), "{text}");
}

#[test]
fn config_and_state_may_be_left_out() {
    let bare = json!({"algorithm": "no-sync", "now_ms": NOW, "event": {"tick": {}}});
    assert!(answer(&bare.to_string()).1);
    let nulls = json!({"algorithm": "no-sync", "now_ms": NOW, "event": {"tick": {}},
        "config": null, "state": null});
    assert!(answer(&nulls.to_string()).1);
}

#[test]
fn a_mistake_is_named_with_its_place() {
    let stats = |stats: Value| json!({"event": {"poll": {"workflow": stats}}});
    let count = "a whole number that is at least 0";
    for (change, message) in [
        (json!({"algorithm": "bogus"}), "invalid scaling algorithm type 'bogus'"),
        (json!({"algorithm": 1}), "algorithm must be a string"),
        (json!({"now_ms": 1.5}), "now_ms must be an integer"),
        (json!({"now": 1}), "unknown field now: use algorithm, config, state, now_ms or event"),
        (json!({"state": []}), "state must be an object"),
        (
            json!({"config": {"bogus": 1}}),
            "unknown config key \"bogus\" for no-sync scaling algorithm",
        ),
        (
            json!({"event": {}}),
            "event must be an object with one of task_add, poll, outcome or tick",
        ),
        (
            json!({"event": {"tick": {}, "poll": {}}}),
            "event must be an object with one of task_add, poll, outcome or tick",
        ),
        (json!({"event": {"tick": {"x": 1}}}), "unknown field event.tick.x: use no fields at all"),
        (stats(json!({"backlog": -1})), &format!("event.poll.workflow.backlog must be {count}")),
        (stats(json!({})), &format!("event.poll.workflow.backlog is missing: it must be {count}")),
        (
            stats(json!({"backlog": 1, "dispatch_rate": "x"})),
            "event.poll.workflow.dispatch_rate must be a number",
        ),
        (
            json!({"event": {"task_add": {"task_queue_type": 99}}}),
            "event.task_add.task_queue_type must be 1 (workflow), 2 (activity) or 3 (nexus)",
        ),
        (
            json!({"event": {"outcome": {"started": 4_294_967_296_u64}}}),
            "event.outcome.started must be a whole number from 0 to 4294967295",
        ),
    ] {
        assert_eq!(error(change), message);
    }
    assert!(error(json!({"event": {"outcome": {"class": "sad"}}})).contains("access-denied"));
}

#[test]
fn anything_but_a_json_object_is_an_error() {
    for text in ["", "null", "7", "[]", "{", "{}", "\u{0}", &"[".repeat(10_000)] {
        let (answer, ok) = answer(text);
        assert!(!ok && answer.starts_with("{\"error\":\"") && !answer.contains('\n'), "{answer}");
    }
}

#[test]
fn a_line_that_is_too_long_is_refused_without_being_parsed() {
    let padded = |bytes: usize| {
        let line = line(json!({"tick": {}})).to_string();
        answer(&(line.clone() + &" ".repeat(bytes - line.len())))
    };
    assert!(padded(MAX_LINE).1);
    let (answer, ok) = padded(MAX_LINE + 1);
    assert!(!ok);
    assert!(answer.contains("the line has 1048577 bytes"), "{answer}");
}

#[test]
fn an_algorithm_by_name_is_strict_about_its_settings() {
    let (none, config) = (map(json!({})), map(json!({"scale_up_cooloff_ms": -1})));
    let ask = |name: &str, config| decide_named(NOW, name, config, &none, &Event::Tick {});
    assert!(ask("no-sync", &none).is_ok());
    assert!(matches!(ask("no-sync", &config), Err(DecideError::Config(_))));
    assert!(matches!(ask("rate-base", &none), Err(DecideError::UnknownAlgorithm(_))));
}
