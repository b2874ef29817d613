//! Fuzz targets: what clients and the server send to an instance.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use bolero::check;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use wci_contract::{
    Spec, VersionId,
    checks::check_groups,
    decision::Reason,
    limits::{MAX_QUEUE_NAME, MAX_SIGNAL_BYTES},
    mask,
    messages::{DeleteRequest, Description, Memo, ReleaseRequest, StartInput, UpdateRequest},
    payload::ConfigPayload,
    signal::{TaskAdd, coalesce},
    state::State,
};
use wci_fuzz::Mutation;

const ITERATIONS: usize = 300;

macro_rules! golden {
    ($($name:literal),*) => { [$(include_str!(concat!("golden/", $name, ".json"))),*] };
}

/// A file holds one sample or a list.
fn samples(files: &[&str]) -> Vec<String> {
    files
        .iter()
        .flat_map(|file| match serde_json::from_str(file).unwrap() {
            Value::Array(samples) => samples,
            sample => vec![sample],
        })
        .map(|value| value.to_string())
        .collect()
}

/// Whatever is read is written so that it reads as the same again.
fn stable<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(text: &str) -> Option<T> {
    let read: T = serde_json::from_str(text).ok()?;
    let written = serde_json::to_string(&read).unwrap();
    assert_eq!(serde_json::from_str::<T>(&written).unwrap(), read, "{written}");
    Some(read)
}

#[test]
fn start_inputs_and_states() {
    let inputs = samples(&golden!(
        "server-start-input",
        "wci-revision-1-start-input",
        "wci-revision-2-start-input",
        "wci-revision-3-start-input",
        "wci-revision-4-start-input"
    ));
    let states = samples(&golden!("server-state", "wci-state"));
    check!().with_iterations(ITERATIONS).with_type::<Mutation>().for_each(|mutation| {
        stable::<StartInput>(&mutation.text(&inputs));
        if let Some(spec) = stable::<State>(&mutation.text(&states)).and_then(|state| state.spec) {
            let _ = check_groups(&spec);
        }
    });
}

#[test]
fn signals() {
    let samples = samples(&golden!("server-task-add-signal", "wci-task-add-signal"));
    check!().with_iterations(ITERATIONS).with_type::<Mutation>().for_each(|mutation| {
        let text = mutation.text(&samples);
        let Some(signal) = TaskAdd::decode(&text) else { return };
        assert!(text.len() <= MAX_SIGNAL_BYTES);
        assert!(signal.task_queue_name.len() <= MAX_QUEUE_NAME && signal.kind().is_some());
        let mut inbox = vec![];
        coalesce(&mut inbox, signal.clone());
        coalesce(&mut inbox, signal);
        assert_eq!(inbox.len(), 1);
    });
}

#[test]
fn update_requests() {
    let requests = samples(&golden!("server-update-request", "wci-update-request"));
    check!().with_iterations(ITERATIONS).with_type::<Mutation>().for_each(|mutation| {
        let Some(request) = stable::<UpdateRequest>(&mutation.text(&requests)) else { return };
        let Ok(spec) = mask::apply(&Spec::default(), &request) else { return };
        let _ = mask::apply(&spec, &request);
        if check_groups(&spec).is_ok() {
            for group in spec.scaling_group_specs.values() {
                let _ = group.compute.config.as_ref().map(ConfigPayload::to_map);
            }
        }
    });
}

#[test]
fn other_messages() {
    let messages = samples(&golden!(
        "server-delete-request",
        "wci-release-request",
        "server-description",
        "wci-description",
        "server-memo"
    ));
    check!().with_iterations(ITERATIONS).with_type::<Mutation>().for_each(|mutation| {
        let text = mutation.text(&messages);
        stable::<DeleteRequest>(&text);
        stable::<ReleaseRequest>(&text);
        stable::<Description>(&text);
        stable::<Memo>(&text);
    });
}

#[test]
fn config_payloads() {
    let config = serde_json::from_str(r#"{"arn":"arn:aws:lambda:a:1:function:f","n":[1,{}]}"#);
    let payload = ConfigPayload::from_map(&config.unwrap());
    let samples = [serde_json::to_string(&payload).unwrap()];
    check!().with_iterations(ITERATIONS).with_type::<Mutation>().for_each(|mutation| {
        if let Some(payload) = stable::<ConfigPayload>(&mutation.text(&samples))
            && let Ok(map) = payload.to_map()
        {
            assert_eq!(ConfigPayload::from_map(&map).to_map().unwrap(), map);
        }
    });
}

#[test]
fn version_ids() {
    const SAMPLES: &[&str] =
        &["orders/v1", "temporal-sys-worker-controller-instance:orders:v1", "a/b/c", "a:b:c"];
    check!().with_iterations(ITERATIONS).with_type::<Mutation>().for_each(|mutation| {
        let text = mutation.text(SAMPLES);
        let _ = text.parse::<VersionId>();
        if let Some(id) = VersionId::from_workflow_id(&text) {
            assert_eq!(VersionId::from_workflow_id(&id.workflow_id()), Some(id));
        }
    });
}

#[test]
fn reasons_of_decisions() {
    const SAMPLES: &[&str] = &[
        "rate_limited_queue waiting=3 per_minute=60 remaining_ms=5",
        "launch_failed(throttled) failures=1 retry_ms=5",
        "unknown(a) b=c",
    ];
    check!().with_iterations(ITERATIONS).with_type::<Mutation>().for_each(|mutation| {
        let text = mutation.text(SAMPLES);
        assert!(text.contains(Reason::parse(&text).name()));
    });
}
