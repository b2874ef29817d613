//! Changes of a compute config through the public API.

use std::time::Duration;

use serde_json::{Value, json};
use temporalio_client::tonic::{Code, Status};
use wci_tests::{Change, Version, World};

pub(crate) fn group(function: &str) -> Value {
    let arn = format!("arn:aws:lambda:us-east-1:123456789012:function:{function}:1");
    json!({"provider": {"type": "aws-lambda", "details": {"json": {"arn": arn}}}})
}

/// A version that a client created, and whose instance is ours.
pub(crate) async fn created(world: &World, name: &str) -> Version {
    let version = world.version(name);
    version.create_deployment().await;
    version.claim().await;
    version.create(&Change::of(json!({"groups": {"default": group(name)}}))).await.unwrap();
    version
}

fn is_refused_for_load(status: &Status) -> bool {
    status.code() == Code::ResourceExhausted
}

/// For a second after a change, the server's workflow of the version takes one question at a time:
/// none of ours may be in the way of a client's.
#[tokio::test]
async fn a_client_that_looks_soon_after_a_change_is_answered() {
    let world = World::builder().with_lambda().start().await;
    let version = created(&world, "looked").await;
    let mut refused = 0;
    for n in 0..12 {
        let mut group = group(&format!("looked{n}"));
        group["mask"] = json!(["provider.details"]);
        version.change(&Change::of(json!({"groups": {"default": group}}))).await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        refused += u32::from(version.info().await.is_err_and(|e| is_refused_for_load(&e)));
    }
    assert_eq!(refused, 0, "of 12 looks");
}
