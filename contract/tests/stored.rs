//! What was written by the server, by its controller, and by builds of ours, is read by this
//! build; and what this build does not know survives it.

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

/// What runs of ours were given, by the rules that wrote it, oldest first. A build that changes
/// what is stored adds one; none is ever edited.
const WRITTEN_BY_US: [(&str, &str); 3] = [
    ("revision 1", include_str!("golden/wci-revision-1-start-input.json")),
    ("revision 2", include_str!("golden/wci-revision-2-start-input.json")),
    ("revision 3", include_str!("golden/wci-revision-3-start-input.json")),
];

/// Written by this build, by shape: other builds of ours read it, so it does not change.
macro_rules! ours {
    ($shape:literal) => {
        include_str!(concat!("golden/wci-", $shape, ".json"))
    };
}

/// Reads every sample, writes it, and compares to the letter.
fn is_written_so<T: Serialize + DeserializeOwned>(samples: &str) {
    let samples: Vec<Value> = serde_json::from_str(samples).unwrap();
    assert!(!samples.is_empty());
    for sample in samples {
        let read: T = serde_json::from_value(sample.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), sample);
        serde_json::from_value::<T>(extended(sample)).map(drop).unwrap();
    }
}

/// Reads every sample, writes it, and compares. What is absent, null and empty are the same.
fn comes_back<T: Serialize + DeserializeOwned>(samples: &str) {
    let samples: Vec<Value> = serde_json::from_str(samples).unwrap();
    assert!(!samples.is_empty());
    for sample in samples {
        let read: T = serde_json::from_value(sample.clone()).unwrap();
        let written = serde_json::to_value(read).unwrap();
        assert_eq!(essence(&written), essence(&sample));
    }
}

#[test]
fn every_shape_that_the_server_uses_is_read_and_comes_back_whole() {
    comes_back::<UpdateRequest>(server!("update-request"));
    comes_back::<UpdateReply>(server!("update-reply"));
    comes_back::<DeleteRequest>(server!("delete-request"));
    comes_back::<Done>(server!("done"));
    comes_back::<TaskAdd>(server!("task-add-signal"));
    comes_back::<Description>(server!("description"));
    comes_back::<State>(server!("state"));
    comes_back::<StartInput>(server!("start-input"));
    comes_back::<ValidationState>(server!("sync-validation-status"));
    comes_back::<Memo>(server!("memo"));
}

#[test]
fn every_shape_that_builds_of_ours_exchange_stays_as_it_is() {
    is_written_so::<UpdateRequest>(ours!("update-request"));
    is_written_so::<ReleaseRequest>(ours!("release-request"));
    is_written_so::<Checked>(ours!("checked"));
    is_written_so::<Description>(ours!("description"));
    is_written_so::<State>(ours!("state"));
    is_written_so::<TaskAdd>(ours!("task-add-signal"));
    is_written_so::<ValidationState>(ours!("sync-validation-status"));
}

/// By the name under which it is sent: the samples of what is sent, and of what is answered.
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

/// Samples of what no name is for: what runs begin with, and what Temporal's tools look for.
const OTHERS: [&str; 5] = [
    "server-start-input",
    "server-memo",
    "wci-revision-1-start-input",
    "wci-revision-2-start-input",
    "wci-revision-3-start-input",
];

#[test]
fn every_update_query_and_signal_has_samples_of_what_is_sent_and_answered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let there: BTreeSet<String> =
        files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    let sent = SHAPES.iter().flat_map(|(_, samples)| samples.iter());
    let known: BTreeSet<String> = sent.chain(&OTHERS).map(|name| (*name).to_owned()).collect();
    assert_eq!(there, known);
}

#[test]
fn the_servers_signals_are_heard() {
    let samples: Vec<Value> = serde_json::from_str(server!("task-add-signal")).unwrap();
    for sample in samples {
        let heard = TaskAdd::decode(&sample.to_string()).unwrap();
        assert_eq!(essence(&serde_json::to_value(heard).unwrap()), essence(&sample));
    }
}

#[test]
fn every_shape_is_read_with_fields_that_only_a_later_server_knows() {
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
fn what_earlier_builds_of_ours_wrote_is_read_without_loss() {
    for (version, text) in WRITTEN_BY_US {
        let written: Value = serde_json::from_str(text).unwrap();
        let read: StartInput = serde_json::from_value(written.clone()).unwrap();
        let again = serde_json::to_value(read).unwrap();
        assert_eq!(essence(&again), essence(&written), "{version}");
    }
}

/// The latest sample is what this build writes: a field that was added to the state must be in it.
#[test]
fn the_latest_sample_has_every_field_that_this_build_stores() {
    let written: Value = serde_json::from_str(WRITTEN_BY_US.last().unwrap().1).unwrap();
    let read: StartInput = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), written, "add a sample with the new field");
    let state = read.state.unwrap();
    assert!(state.rest.is_empty() && state.wci.unwrap().rest.is_empty());
}

#[test]
fn what_a_later_build_adds_to_the_state_survives_this_one() {
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
        let (_, text) = WRITTEN_BY_US[WRITTEN_BY_US.len() - 1];
        let mut later: Value = serde_json::from_str(text).unwrap();
        later.pointer_mut(path).unwrap()["added_later"] = added.clone();
        let read: StartInput = serde_json::from_value(later).unwrap();
        let written = serde_json::to_value(read).unwrap();
        assert_eq!(written.pointer(path).unwrap()["added_later"], added, "{path:?}");
    }
}

/// Records that are forgotten by themselves lose what is added to them, but are read.
#[test]
fn a_state_with_additions_everywhere_is_read() {
    for (version, text) in WRITTEN_BY_US {
        let later = extended(serde_json::from_str(text).unwrap());
        let read: Result<StartInput, _> = serde_json::from_value(later);
        assert!(read.is_ok(), "{version}: {read:?}");
    }
}

#[test]
fn trouble_of_a_class_that_only_a_later_build_knows_is_no_obstacle() {
    let (_, text) = WRITTEN_BY_US[WRITTEN_BY_US.len() - 1];
    let mut later: Value = serde_json::from_str(text).unwrap();
    let failures = &mut later["state"]["wci"]["last_failures"]["default"];
    failures["outcome"]["class"] = "quota-of-a-later-build".into();
    let read: StartInput = serde_json::from_value(later).unwrap();
    let failure = &read.state.unwrap().wci.unwrap().last_failures["default"];
    assert_eq!(failure.outcome.class, Some(FailureClass::Unavailable));
}

/// `value` with one more field in every object, except in maps from names to things.
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

/// `value` without what says nothing: null, and empty texts, lists and objects.
fn essence(value: &Value) -> Value {
    let says_nothing = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().map(|(key, value)| (key.clone(), essence(value)));
            Value::Object(kept.filter(|(_, value)| !says_nothing(value)).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(essence).collect()),
        other => other.clone(),
    }
}
