//! Changes of a compute config through the public API.

use std::time::Duration;

use serde_json::{Value, json};
use temporalio_client::tonic::{Code, Status};
use wci_contract::state::State;
use wci_tests::{Change, SOON, Version, World, groups_of, wait_for};

pub(crate) fn group(function: &str) -> Value {
    let arn = format!("arn:aws:lambda:us-east-1:123456789012:function:{function}:1");
    json!({"provider": {"type": "aws-lambda", "details": {"json": {"arn": arn}}}})
}

/// Another function for the group `default`.
pub(crate) fn changed_group(function: &str) -> Change {
    let mut group = group(function);
    group["mask"] = json!(["provider.details"]);
    Change::of(json!({"groups": {"default": group}}))
}

/// A version that a client created, with an instance of `wci`.
pub(crate) async fn created(world: &World, name: &str) -> Version {
    created_with(world, name, json!({"default": group(name)})).await
}

pub(crate) async fn created_with(world: &World, name: &str, groups: Value) -> Version {
    let version = world.version(name);
    version.create_deployment().await;
    version.claim().await;
    version.create(&Change::of(json!({"groups": groups}))).await.unwrap();
    version
}

fn is_resource_exhausted(status: &Status) -> bool {
    status.code() == Code::ResourceExhausted
}

/// The group `default` in the state of the instance, with decoded settings.
fn default_group(state: &State) -> Value {
    let group = &state.spec.as_ref().unwrap().scaling_group_specs["default"];
    json!({
        "task_types": group.task_types,
        "provider": group.compute.provider_type,
        "details": group.provider_config().unwrap(),
        "scaler": group.algorithm(),
        "settings": group.scaling_config().unwrap(),
    })
}

/// For a second after a change, the server's workflow of the version answers one query at a time:
/// a query of `wci` must not displace a client's.
#[tokio::test]
async fn a_client_that_describes_a_version_soon_after_a_change_gets_an_answer() {
    let world = World::builder().with_lambda().start().await;
    let version = created(&world, "described").await;
    let mut refused = 0;
    for n in 0..12 {
        version.change(&changed_group(&format!("described{n}"))).await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        refused += u32::from(version.info().await.is_err_and(|e| is_resource_exhausted(&e)));
    }
    assert_eq!(refused, 0, "of 12 calls");
}

#[tokio::test]
async fn each_path_of_the_update_mask_changes_only_its_part() {
    let world = World::builder().with_lambda().start().await;
    let with = |function: &str, types: Value, scaler: Value| {
        let mut group = group(function);
        group["task_types"] = types;
        group["scaler"] = scaler;
        group
    };
    let scaler = |cooloff: u64| json!({"type": "no-sync", "details": {"json": {"scale_up_cooloff_ms": cooloff}}});
    let old = with("old", json!(["workflow"]), scaler(500));
    let version = created_with(&world, "masked", json!({"default": old})).await;
    let mut expected = default_group(&version.dump().await.unwrap());
    let arn = |function: &str| group(function)["provider"]["details"]["json"]["arn"].clone();
    for (n, (path, changes)) in [
        ("task_queue_types", json!({"task_types": [1, 2]})),
        ("provider.details", json!({"details": {"arn": arn("new1")}})),
        ("provider", json!({"details": {"arn": arn("new2")}})),
        ("scaler.details", json!({"settings": {"scale_up_cooloff_ms": 703}})),
        ("scaler", json!({"settings": {"scale_up_cooloff_ms": 704}})),
    ]
    .into_iter()
    .enumerate()
    {
        let cooloff = 700 + u64::try_from(n).unwrap();
        let types = json!(["workflow", "activity"]);
        let mut all = with(&format!("new{n}"), types, scaler(cooloff));
        all["mask"] = json!([path]);
        version.change(&Change::of(json!({"groups": {"default": all}}))).await.unwrap();
        for (key, value) in changes.as_object().unwrap() {
            expected[key] = value.clone();
        }
        assert_eq!(default_group(&version.dump().await.unwrap()), expected, "{path}");
    }
    // The changes of these three paths are invalid; that they are rejected shows that they apply.
    for (path, group, message) in [
        ("provider.type", json!({"provider": {"type": "nope"}}), "compute provider type 'nope'"),
        ("scaler.type", json!({"scaler": {"type": "nope"}}), "scaling algorithm type 'nope'"),
        ("provider.nexus_endpoint", json!({"provider": {"nexus_endpoint": "e"}}), "Nexus endpoint"),
    ] {
        let mut group = group;
        group["mask"] = json!([path]);
        let refused = version.change(&Change::of(json!({"groups": {"default": group}}))).await;
        let status = refused.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{path}: {status:?}");
        assert!(status.message().contains(message), "{path}: {status:?}");
        assert_eq!(default_group(&version.dump().await.unwrap()), expected, "{path}");
    }
    let shown =
        wait_for("the response of the server", SOON, async || version.info().await.ok()).await;
    let shown = serde_json::to_value(groups_of(&shown)).unwrap();
    assert_eq!(shown["default"]["task_types"], json!(["workflow", "activity"]), "{shown:#}");
    assert_eq!(version.history().await.failed_tasks(), 0);
}

/// The server deletes no version with recent pollers, so no worker of this one starts.
#[tokio::test]
async fn a_build_can_be_created_again_immediately_after_its_deletion() {
    let world = World::builder().with_lambda().start().await;
    let version = created(&world, "phoenix").await;
    for n in 0..3 {
        let args = ["worker", "deployment", "delete-version", "--deployment-name", "phoenix"];
        world.temporal(&[&args[..], &["--build-id", "v1"]].concat()).await.ok();
        assert!(!version.has_instance().await, "a deleted version has no instance");
        version.claim().await;
        let groups = json!({"groups": {"default": group(&format!("phoenix{n}"))}});
        version.create(&Change::of(groups)).await.unwrap();
    }
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn the_same_request_id_twice_is_one_change() {
    let world = World::builder().with_lambda().start().await;
    let version = created(&world, "twice").await;
    let change = Change { request_id: Some("r".into()), ..changed_group("once") };
    version.change(&change).await.unwrap();
    let before = version.dump().await.unwrap().spec;
    version.change(&change).await.unwrap();
    assert_eq!(version.dump().await.unwrap().spec, before);
    let groups = json!({"groups": {"default": group("other")}, "request_id": "created"});
    let again = version.create(&Change::of(groups)).await;
    assert_eq!(again.unwrap_err().code(), Code::AlreadyExists);
    assert_eq!(version.dump().await.unwrap().spec, before);
}
