//! This build reads what the server, its controller and other builds of `wci` wrote, and keeps the
//! fields that it does not know.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeSet, fs, path::Path};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use wci_contract::{
    FailureClass,
    messages::{
        Checked, DeleteRequest, Description, Done, Memo, ReleaseRequest, StartInput, UpdateReply,
        UpdateRequest,
    },
    names,
    signal::TaskAdd,
    state::{State, ValidationState},
};

/// Recorded from server 1.32.0, by shape.
macro_rules! server {
    ($shape:literal) => {
        include_str!(concat!("golden/server-", $shape, ".json"))
    };
}

/// Inputs of `wci`'s own runs, by the revision that wrote them, oldest first. A build that changes
/// what is stored adds one; none is ever edited.
const WRITTEN_BY_WCI: [(&str, &str); 5] = [
    ("revision 1", include_str!("golden/wci-revision-1-start-input.json")),
    ("revision 2", include_str!("golden/wci-revision-2-start-input.json")),
    ("revision 3", include_str!("golden/wci-revision-3-start-input.json")),
    ("revision 4", include_str!("golden/wci-revision-4-start-input.json")),
    ("revision 5", include_str!("golden/wci-revision-5-start-input.json")),
];

/// Written by this build, by shape: other builds of `wci` read it, so it does not change.
macro_rules! ours {
    ($shape:literal) => {
        include_str!(concat!("golden/wci-", $shape, ".json"))
    };
}

/// Reads and writes every sample, and compares exactly.
fn round_trips_exactly<T: Serialize + DeserializeOwned>(samples: &str) {
    let samples: Vec<Value> = serde_json::from_str(samples).unwrap();
    assert!(!samples.is_empty());
    for sample in samples {
        let read: T = serde_json::from_value(sample.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), sample);
        serde_json::from_value::<T>(extended(sample)).map(drop).unwrap();
    }
}

/// Reads and writes every sample, and compares. Absent, null and empty are the same.
fn round_trips<T: Serialize + DeserializeOwned>(samples: &str) {
    let samples: Vec<Value> = serde_json::from_str(samples).unwrap();
    assert!(!samples.is_empty());
    for sample in samples {
        let read: T = serde_json::from_value(sample.clone()).unwrap();
        let written = serde_json::to_value(read).unwrap();
        assert_eq!(essence(&written), essence(&sample));
    }
}

#[test]
fn every_shape_of_the_server_round_trips_whole() {
    round_trips::<UpdateRequest>(server!("update-request"));
    round_trips::<UpdateReply>(server!("update-reply"));
    round_trips::<DeleteRequest>(server!("delete-request"));
    round_trips::<Done>(server!("done"));
    round_trips::<TaskAdd>(server!("task-add-signal"));
    round_trips::<Description>(server!("description"));
    round_trips::<State>(server!("state"));
    round_trips::<StartInput>(server!("start-input"));
    round_trips::<ValidationState>(server!("sync-validation-status"));
    round_trips::<Memo>(server!("memo"));
}

#[test]
fn every_shape_that_builds_of_wci_exchange_stays_as_it_is() {
    round_trips_exactly::<UpdateRequest>(ours!("update-request"));
    round_trips_exactly::<ReleaseRequest>(ours!("release-request"));
    round_trips_exactly::<Checked>(ours!("checked"));
    round_trips_exactly::<Description>(ours!("description"));
    round_trips_exactly::<State>(ours!("state"));
    round_trips_exactly::<TaskAdd>(ours!("task-add-signal"));
    round_trips_exactly::<ValidationState>(ours!("sync-validation-status"));
}

/// Samples of requests and replies, by the name of the update, query or signal.
const SHAPES: [(&str, &[&str]); 8] = [
    (names::UPDATE, &["server-update-request", "server-update-reply", "wci-update-request"]),
    (names::DELETE, &["server-delete-request", "server-done"]),
    (names::VALIDATE, &["server-update-request", "wci-update-request", "wci-checked"]),
    (names::RELEASE, &["wci-release-request", "wci-state"]),
    (names::DESCRIBE, &["server-description", "wci-description"]),
    (names::DUMP, &["server-state", "wci-state"]),
    (names::TASK_ADD_SIGNAL, &["server-task-add-signal", "wci-task-add-signal"]),
    (names::SYNC_VALIDATION, &["server-sync-validation-status", "wci-sync-validation-status"]),
];

/// Samples without such a name: inputs of runs, and the memo that Temporal's tools read.
const OTHERS: [&str; 7] = [
    "server-start-input",
    "server-memo",
    "wci-revision-1-start-input",
    "wci-revision-2-start-input",
    "wci-revision-3-start-input",
    "wci-revision-4-start-input",
    "wci-revision-5-start-input",
];

#[test]
fn every_update_query_and_signal_has_samples_of_its_requests_and_replies() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let there: BTreeSet<String> =
        files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    let sent = SHAPES.iter().flat_map(|(_, samples)| samples.iter());
    let known: BTreeSet<String> = sent.chain(&OTHERS).map(|name| (*name).to_owned()).collect();
    assert_eq!(there, known);
}

#[test]
fn the_servers_signals_are_decoded() {
    let samples: Vec<Value> = serde_json::from_str(server!("task-add-signal")).unwrap();
    for sample in samples {
        let decoded = TaskAdd::decode(&sample.to_string()).unwrap();
        assert_eq!(essence(&serde_json::to_value(decoded).unwrap()), essence(&sample));
    }
}

#[test]
fn every_shape_is_read_with_fields_of_a_later_server() {
    fn read<T: DeserializeOwned>(samples: &str) {
        let samples: Vec<Value> = serde_json::from_str(samples).unwrap();
        for sample in samples {
            serde_json::from_value::<T>(extended(sample)).map(drop).unwrap();
        }
    }
    read::<UpdateRequest>(server!("update-request"));
    read::<DeleteRequest>(server!("delete-request"));
    read::<TaskAdd>(server!("task-add-signal"));
    read::<Description>(server!("description"));
    read::<State>(server!("state"));
    read::<StartInput>(server!("start-input"));
}

#[test]
fn what_earlier_builds_wrote_is_read_without_loss() {
    for (version, text) in WRITTEN_BY_WCI {
        let written: Value = serde_json::from_str(text).unwrap();
        let read: StartInput = serde_json::from_value(written.clone()).unwrap();
        let again = serde_json::to_value(read).unwrap();
        assert_eq!(essence(&again), essence(&written), "{version}");
    }
}

/// The latest sample is what this build writes, so it must hold every field of the state.
#[test]
fn the_latest_sample_has_every_field_that_this_build_stores() {
    let written: Value = serde_json::from_str(WRITTEN_BY_WCI.last().unwrap().1).unwrap();
    let read: StartInput = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), written, "add a sample with the new field");
    let state = read.state.unwrap();
    assert!(state.rest.is_empty() && state.wci.unwrap().rest.is_empty());
}

#[test]
fn fields_of_a_later_build_are_kept() {
    let added = json!([1, {"two": 3}]);
    for path in [
        "",
        "/state",
        "/state/spec",
        "/state/spec/scaling_group_specs/default",
        "/state/spec/scaling_group_specs/default/compute",
        "/state/spec/scaling_group_specs/default/compute/config",
        "/state/spec/scaling_group_specs/default/scaling",
        "/state/scaling_state/default",
        "/state/wci",
    ] {
        let (_, text) = WRITTEN_BY_WCI[WRITTEN_BY_WCI.len() - 1];
        let mut later: Value = serde_json::from_str(text).unwrap();
        later.pointer_mut(path).unwrap()["added_later"] = added.clone();
        let read: StartInput = serde_json::from_value(later).unwrap();
        let written = serde_json::to_value(read).unwrap();
        assert_eq!(written.pointer(path).unwrap()["added_later"], added, "{path:?}");
    }
}

/// Records that expire on their own lose added fields, but are read.
#[test]
fn a_state_with_additions_everywhere_is_read() {
    for (version, text) in WRITTEN_BY_WCI {
        let later = extended(serde_json::from_str(text).unwrap());
        let read: Result<StartInput, _> = serde_json::from_value(later);
        assert!(read.is_ok(), "{version}: {read:?}");
    }
}

#[test]
fn a_failure_class_of_a_later_build_is_read_as_unavailable() {
    let (_, text) = WRITTEN_BY_WCI[WRITTEN_BY_WCI.len() - 1];
    let mut later: Value = serde_json::from_str(text).unwrap();
    let failures = &mut later["state"]["wci"]["last_failures"]["default"];
    failures["outcome"]["class"] = "quota-of-a-later-build".into();
    let read: StartInput = serde_json::from_value(later).unwrap();
    let failure = &read.state.unwrap().wci.unwrap().last_failures["default"];
    assert_eq!(failure.outcome.class, Some(FailureClass::Unavailable));
}

/// `value` with one more field in every object, except in maps with names as keys.
fn extended(value: Value) -> Value {
    const MAPS: [&str; 6] = [
        "scaling_group_specs",
        "scaling_state",
        "upsert_scaling_groups",
        "last_failures",
        "metadata",
        "registering",
    ];
    match value {
        Value::Object(fields) => {
            let inner = |(key, value): (String, Value)| {
                let value = match value {
                    Value::Object(map) if MAPS.contains(&key.as_str()) => {
                        Value::Object(map.into_iter().map(|(k, v)| (k, extended(v))).collect())
                    }
                    other => extended(other),
                };
                (key, value)
            };
            let mut fields: Map<String, Value> = fields.into_iter().map(inner).collect();
            fields.insert("added_later".into(), json!({"by": ["somebody"]}));
            Value::Object(fields)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(extended).collect()),
        other => other,
    }
}

/// `value` without null and without empty strings, lists and objects.
fn essence(value: &Value) -> Value {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().map(|(key, value)| (key.clone(), essence(value)));
            Value::Object(kept.filter(|(_, value)| !is_empty(value)).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(essence).collect()),
        other => other.clone(),
    }
}
