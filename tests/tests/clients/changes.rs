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

/// A version that a client created, and whose instance is ours.
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

fn is_refused_for_load(status: &Status) -> bool {
    status.code() == Code::ResourceExhausted
}

/// The group `default` as the instance has it, its settings decoded.
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

/// For a second after a change, the server's workflow of the version takes one question at a time:
/// none of ours may be in the way of a client's.
#[tokio::test]
async fn a_client_that_looks_soon_after_a_change_is_answered() {
    let world = World::builder().with_lambda().start().await;
    let version = created(&world, "looked").await;
    let mut refused = 0;
    for n in 0..12 {
        version.change(&changed_group(&format!("looked{n}"))).await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        refused += u32::from(version.info().await.is_err_and(|e| is_refused_for_load(&e)));
    }
    assert_eq!(refused, 0, "of 12 looks");
}

#[tokio::test]
async fn each_path_of_the_mask_changes_its_part_and_no_other() {
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
    // What these three change is of a kind that makes the whole unsound, which shows that they do.
    for (path, group, words) in [
        ("provider.type", json!({"provider": {"type": "nope"}}), "compute provider type 'nope'"),
        ("scaler.type", json!({"scaler": {"type": "nope"}}), "scaling algorithm type 'nope'"),
        ("provider.nexus_endpoint", json!({"provider": {"nexus_endpoint": "e"}}), "Nexus endpoint"),
    ] {
        let mut group = group;
        group["mask"] = json!([path]);
        let refused = version.change(&Change::of(json!({"groups": {"default": group}}))).await;
        let status = refused.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{path}: {status:?}");
        assert!(status.message().contains(words), "{path}: {status:?}");
        assert_eq!(default_group(&version.dump().await.unwrap()), expected, "{path}");
    }
    let shown = wait_for("the server's answer", SOON, async || version.info().await.ok()).await;
    let shown = serde_json::to_value(groups_of(&shown)).unwrap();
    assert_eq!(shown["default"]["task_types"], json!(["workflow", "activity"]), "{shown:#}");
    assert_eq!(version.history().await.failed_tasks(), 0);
}

/// The server deletes no version that was polled lately, so this one's workers never come.
#[tokio::test]
async fn a_build_is_created_again_right_after_it_was_deleted() {
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
async fn the_same_request_twice_is_one_change() {
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
