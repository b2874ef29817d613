//! Clients that send updates to the instance directly instead of through the server.

use serde_json::{Value, json};
use temporalio_client::errors::WorkflowUpdateError;
use temporalio_common::protos::temporal::api::failure::v1::failure::FailureInfo;
use wci_contract::names;
use wci_tests::{SOON, Version, World, wait_for};

use crate::config_changes::{changed_group, created};

/// The type and the message of a rejection.
fn rejection(error: WorkflowUpdateError) -> (String, String) {
    let WorkflowUpdateError::Failed(failure) = error else { panic!("{error:?}") };
    let Some(FailureInfo::ApplicationFailureInfo(info)) = &failure.failure_info else {
        panic!("{failure:?}")
    };
    (info.r#type.clone(), failure.message.clone())
}

async fn token(version: &Version) -> String {
    version.dump().await.unwrap().conflict_token.unwrap()
}

/// A change of the group's function, unless another change was made since `token` was read.
fn request(token: &str, function: &str) -> Value {
    let details =
        json!({"arn": format!("arn:aws:lambda:us-east-1:123456789012:function:{function}:1")});
    let config = wci_contract::payload::ConfigPayload::from_map(details.as_object().unwrap());
    let spec = json!({"compute": {"provider_type": "aws-lambda", "config": config}});
    json!({"identity": function, "conflict_token": token, "upsert_scaling_groups":
        {"default": {"spec": spec, "update_mask": ["provider"]}}})
}

#[tokio::test]
async fn of_two_updates_with_the_same_conflict_token_one_wins_and_the_other_is_rejected() {
    let world = World::builder().with_lambda().start().await;
    let version = created(&world, "raced").await;
    let old = token(&version).await;
    let (left, right) = (request(&old, "left"), request(&old, "right"));
    let (left, right) = tokio::join!(
        version.update::<Value>(names::UPDATE, &left),
        version.update::<Value>(names::UPDATE, &right),
    );
    let winner = if left.is_ok() { "left" } else { "right" };
    let loser = if left.is_ok() { right } else { left };
    let (kind, message) = rejection(loser.unwrap_err());
    assert_eq!((&*kind, &*message), ("FailedPrecondition", "conflict token mismatch"));
    let state = version.dump().await.unwrap();
    assert_eq!(state.last_modifier_identity, winner);
    let new = token(&version).await;
    assert_ne!(new, old);

    let again = version.update::<Value>(names::UPDATE, &request(&new, winner)).await;
    let (kind, message) = rejection(again.unwrap_err());
    assert_eq!((&*kind, &*message), ("FailedPrecondition", "no change found"));
    assert_eq!(token(&version).await, new);
    assert_eq!(version.history().await.failed_tasks(), 0);
}

/// The instance has not run when the update arrives: start and update are in its first activation.
#[tokio::test]
async fn an_update_in_the_first_activation_is_applied() {
    let mut world = World::builder().with_lambda().start().await;
    let version = world.version("first");
    world.worker().kill();
    version.claim().await;
    let request = json!({"identity": "early", "upsert_scaling_groups": {"default": {"spec":
        request("", "first")["upsert_scaling_groups"]["default"]["spec"]}}});
    let (response, ()) =
        tokio::join!(version.update::<Value>(names::UPDATE, &request), world.worker().restart(),);
    assert!(response.unwrap()["spec"]["scaling_group_specs"]["default"].is_object());
    let state = version.dump().await.unwrap();
    assert_eq!(state.last_modifier_identity, "early");
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn updates_succeed_while_the_instance_continues_as_new() {
    let limit = "limit.historyCount.suggestContinueAsNew=60";
    let world = World::builder().with_lambda().dynamic_config(limit).start().await;
    let version = created(&world, "long").await;
    let first = version.run_id().await;
    let mut changes = 0;
    wait_for("the next run", SOON, async || {
        changes += 1;
        version.change(&changed_group(&format!("long{changes}"))).await.unwrap();
        (version.run_id().await != first).then_some(())
    })
    .await;
    for more in 0..5 {
        version.change(&changed_group(&format!("later{more}"))).await.unwrap();
    }
    let spec = serde_json::to_value(version.dump().await.unwrap().spec).unwrap();
    let config = &spec["scaling_group_specs"]["default"]["compute"]["config"];
    let config: wci_contract::payload::ConfigPayload =
        serde_json::from_value(config.clone()).unwrap();
    assert!(config.to_map().unwrap()["arn"].as_str().unwrap().contains("later4"));
    assert_eq!(version.history_of(&first).await.failed_tasks(), 0);
}
