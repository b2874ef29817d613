//! A spec of another controller whose provider this build does not have.

use serde_json::{Value, json};
use wci_contract::{payload::ConfigPayload, state::State};
use wci_tests::{SOON, Version, World, wait_for};

/// The state that the built-in controller stores for a version, with a field that a later release
/// may add.
fn state(provider: &str, mut details: Value) -> State {
    details["added_later"] = json!({"zone": "a"});
    let config = ConfigPayload::from_map(details.as_object().unwrap());
    let spec = json!({"scaling_group_specs": {"default": {"task_types": null,
        "compute": {"provider_type": provider, "config": config},
        "scaling": {"scaling_algorithm": "no-sync"}}}});
    let state = json!({"spec": spec, "scaling_state": null, "last_modifier_identity": "them",
        "create_time": {"seconds": 1_795_337_852, "nanos": 478_238_297},
        "validation_state": {"last_validation_time": "2026-11-22T08:59:55.663696173Z",
            "status": "success"}});
    serde_json::from_value(state).unwrap()
}

/// A version that the server knows from its workers, and whose instance continues from `state`.
async fn carried(world: &World, name: &str, state: State) -> Version {
    let version = world.version(name);
    version.claim_with(Some(state)).await;
    let log = world.dir().join("poller.log");
    let mut poller = version.greeter().start(&log);
    wait_for("the version's queues", SOON, async || (version.queues().await == 2).then_some(()))
        .await;
    wait_for("the worker to exit", SOON, async || (!poller.is_running()).then_some(())).await;
    version
}

#[tokio::test]
async fn a_cloud_run_spec_is_kept_and_shown_though_this_build_has_no_such_provider() {
    let details = json!({"project": "p", "region": "us-central1", "worker_pool": "pool",
        "service_account": "sa@p.iam.gserviceaccount.com"});
    is_kept_and_shown("gcp-cloud-run", details).await;
}

#[tokio::test]
async fn an_agentcore_spec_is_kept_and_shown_though_this_build_has_no_such_provider() {
    let runtime = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/r";
    let details = json!({"endpoint_arn": format!("{runtime}/runtime-endpoint/DEFAULT"),
        "role": "arn:aws:iam::123456789012:role/invoke", "role_external_id": "f3a9c1"});
    is_kept_and_shown("aws-agentcore", details).await;
}

async fn is_kept_and_shown(kind: &str, details: Value) {
    let world = World::builder().with_lambda().start().await;
    let state = state(kind, details);
    let version = carried(&world, "kept", state.clone()).await;
    let args = ["worker", "deployment", "describe-version", "--deployment-name", "kept"];
    let args = [&args[..], &["--build-id", "v1", "-o", "json"]].concat();
    let shown = wait_for("the response of the server", SOON, async || {
        let output = world.temporal(&args).await;
        (output.code == Some(0)).then(|| output.json())
    })
    .await;
    let provider = &shown["computeConfig"]["scalingGroups"]["default"]["provider"];
    assert_eq!(provider["type"], kind, "{shown:#}");

    // A task arrives: no worker can be started, and the state is complete.
    let load = version.pinned_load(1, 10).await;
    wait_for("a decision or a failure", SOON, async || {
        let wci = version.dump().await?.wci?;
        (!wci.decisions.is_empty() || !wci.last_failures.is_empty()).then_some(())
    })
    .await;
    let dump = version.dump().await.unwrap();
    assert_eq!(dump.spec, state.spec);
    assert_eq!(dump.create_time, state.create_time);
    assert_eq!(load.completed().await, 0);
    let history = version.history().await;
    assert_eq!((history.failed_tasks(), history.workers_started()), (0, 0));

    let ours = version.wci("describe", &["-o", "json"]).await.ok().json();
    let provider = &ours["spec"]["groups"]["default"]["provider"];
    assert_eq!(provider["type"], kind, "{ours:#}");
    assert_eq!(provider["added_later"], json!({"zone": "a"}), "{ours:#}");
}
