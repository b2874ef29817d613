//! An instance survives malformed signals and updates, and keeps serving tasks.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use temporalio_client::errors::WorkflowUpdateError;
use temporalio_common::{data_converters::RawValue, protos::temporal::api::common::v1::Payload};
use wci_contract::names;
use wci_tests::{SOON, World, wait_for};

fn payload(encoding: &str, data: &[u8]) -> Payload {
    let metadata = [("encoding".to_owned(), encoding.as_bytes().to_vec())].into();
    Payload { metadata, data: data.to_vec(), ..Payload::default() }
}

fn json(value: &Value) -> Payload {
    payload("json/plain", value.to_string().as_bytes())
}

fn malformed() -> Vec<RawValue> {
    let one = |payload| RawValue::new(vec![payload]);
    vec![
        RawValue::new(Vec::new()),
        one(Payload::default()),
        one(payload("binary/null", b"")),
        one(payload("binary/plain", &[0, 159, 146, 150])),
        one(payload("binary/encrypted", b"secret")),
        one(payload("json/plain", b"{\"task_queue_name\":")),
        one(payload("json/plain", &[0xff, 0xfe])),
        one(payload("json/plain", "[".repeat(10_000).as_bytes())),
        one(json(&Value::Null)),
        one(json(&json!("task-add"))),
        one(json(&json!({"task_queue_name": "q", "task_queue_type": 99}))),
        one(json(&json!({"task_queue_name": "q", "task_queue_type": "1"}))),
        one(json(&json!({"task_queue_name": "x".repeat(100_000), "task_queue_type": 1}))),
    ]
}

#[tokio::test]
async fn malformed_signals_are_counted_and_the_next_task_is_served() {
    let world = World::new().await;
    let version = world.version("malformed");
    version.at_zero().await;
    let sent = malformed();
    let count = u64::try_from(sent.len()).unwrap();
    for signal in sent {
        version.signal(names::TASK_ADD_SIGNAL, signal).await;
    }
    version.signal("unknown-signal", RawValue::new(vec![json(&json!(1))])).await;
    let dropped = wait_for("the dropped signals", SOON, async || {
        let dropped = version.dump().await?.wci?.signals_dropped;
        (dropped >= count).then_some(dropped)
    });
    assert_eq!(dropped.await, count);
    version.load(1, 10).await.done(SOON).await;
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn a_signal_with_absurd_numbers_starts_few_workers() {
    let world = World::new().await;
    let version = world.version("absurd");
    version.at_zero().await;
    for (misses, kind) in [(json!(u64::MAX), 1), (json!(-5), 2), (json!(1e300), 1), (json!("9"), 2)]
    {
        let signal = json!({"task_queue_name": "absurd", "task_queue_type": kind,
            "is_sync_match": false, "no_sync_match_signals_batched": misses});
        version.signal(names::TASK_ADD_SIGNAL, RawValue::new(vec![json(&signal)])).await;
    }
    version.load(1, 10).await.done(SOON).await;
    let history = version.history().await;
    assert_eq!(history.failed_tasks(), 0);
    assert!(history.workers_started() <= 5, "{:#?}", history.launches());
}

#[tokio::test]
async fn a_malformed_update_is_rejected_and_the_instance_continues() {
    let world = World::new().await;
    let version = world.version("nonsense");
    version.at_zero().await;
    let spec = version.dump().await.unwrap().spec;
    for request in [json!(null), json!(7), json!({"upsert_scaling_groups": 7})] {
        let response = version.update::<Value>(names::UPDATE, &request).await;
        let Err(WorkflowUpdateError::Failed(failure)) = response else { panic!("{response:?}") };
        assert!(failure.message.starts_with("unable to decode: "), "{}", failure.message);
    }
    let response = version.update::<Value>("unknown-update", &json!({})).await;
    assert!(response.is_err(), "{response:?}");
    assert_eq!(version.dump().await.unwrap().spec, spec);
    version.load(1, 10).await.done(SOON).await;
}
