//! Records histories for the replay tests: `make record-histories`. Each is a run of the real
//! programs on a real server, as `temporal workflow show --output json` prints it.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fs, path::PathBuf, time::Duration};

use serde_json::{Value, json};
use wci_contract::{names, payload::ConfigPayload, signal::TaskAdd};
use wci_tests::{Behaviour, Group, SOON, SpecFile, Version, World, wait_for};
use wci_workflows::payload_of;

/// The version of the workflow's code; a change that needs a patch increments it.
const WORKFLOW_VERSION: &str = "v5";
/// Longer than the minimum interval between two checks of a compute config.
const NEXT_CHECK: Duration = Duration::from_secs(180);

fn folder() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.parent().unwrap().join("replay-histories").join(WORKFLOW_VERSION)
}

/// Saves one run of a workflow.
async fn save(world: &World, name: &str, workflow_id: &str, run_id: &str) {
    let args = ["workflow", "show", "-w", workflow_id, "-r", run_id, "--output", "json"];
    let shown = world.temporal(&args).await.ok().stdout;
    fs::create_dir_all(folder()).unwrap();
    fs::write(folder().join(format!("{name}.json")), shown).unwrap();
}

/// Deletes the instance, and saves its latest run.
async fn delete_and_save(world: &World, version: &Version, name: &str) {
    version.update::<Value>(names::DELETE, &json!({"identity": "recorder"})).await.unwrap();
    save(world, name, &version.id.workflow_id(), &version.run_id().await).await;
}

async fn on_lambda(world: &World, name: &str) -> Version {
    let version = world.version(name);
    world.lambda().runs(name, version.greeter());
    let group = Group::lambda(name).scaler("scale_up_cooloff_ms", 2_000);
    version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
    version
}

#[tokio::test]
#[ignore = "records"]
async fn registered_after_failed_starts() {
    let folder = tempfile::tempdir().unwrap();
    let flaky = wci_tests::flaky_greeter(folder.path());
    let allowed = format!("flaky={}", flaky.program.display());
    let world = World::builder().worker_args(&["--allow-command", &allowed]).start().await;
    let version = world.version("flaky");
    let spec = SpecFile::of(&version.id).group("default", Group::command("flaky", "flaky"));
    version.apply_unregistered(&spec).await.ok();
    let attempts = async || Some(version.dump().await?.wci?.unregistered.get("default")?.attempts);
    wait_for("a second attempt", NEXT_CHECK, async || (attempts().await? >= 2).then_some(())).await;
    flaky.mend();
    wait_for("the task queues", NEXT_CHECK, async || (version.queues().await >= 1).then_some(()))
        .await;
    version.load(1, 10).await.done(SOON).await;
    version.scaled_to_zero().await;
    delete_and_save(&world, &version, "registered-after-failed-starts").await;
}

/// A task that arrives while no worker polls brings the next attempt forward.
#[tokio::test]
#[ignore = "records"]
async fn registered_when_a_task_arrives() {
    let folder = tempfile::tempdir().unwrap();
    let flaky = wci_tests::flaky_greeter(folder.path());
    let allowed = format!("flaky={}", flaky.program.display());
    let world = World::builder().worker_args(&["--allow-command", &allowed]).start().await;
    let version = world.version("hurried");
    let spec = SpecFile::of(&version.id).group("default", Group::command("flaky", "hurried"));
    version.apply_unregistered(&spec).await.ok();
    let attempts = async || Some(version.dump().await?.wci?.unregistered.get("default")?.attempts);
    wait_for("four attempts", NEXT_CHECK, async || (attempts().await? >= 4).then_some(())).await;
    flaky.mend();
    let miss = TaskAdd {
        task_queue_name: "hurried".to_owned(),
        task_queue_type: 1,
        misses: 1,
        ..TaskAdd::default()
    };
    version.signal(names::TASK_ADD_SIGNAL, payload_of(&miss).unwrap()).await;
    let is_registered = async || Some(version.dump().await?.wci?.unregistered.is_empty());
    wait_for("the registration", SOON, async || is_registered().await?.then_some(())).await;
    version.scaled_to_zero().await;
    delete_and_save(&world, &version, "registered-when-a-task-arrives").await;
}

#[tokio::test]
#[ignore = "records"]
async fn crash_loop() {
    let folder = tempfile::tempdir().unwrap();
    let flaky = wci_tests::flaky_greeter(folder.path());
    flaky.mend();
    let allowed = format!("flaky={}", flaky.program.display());
    let world = World::builder().worker_args(&["--allow-command", &allowed]).start().await;
    let version = world.version("looping");
    let spec = SpecFile::of(&version.id).group("default", Group::command("flaky", "looping"));
    version.at_zero_with(&spec).await;
    flaky.break_again();
    let load = version.load(4, 10).await;
    let is_loop = async || Some(version.dump().await?.wci?.crashes.get("default")?.is_loop());
    wait_for("the loop", SOON, async || is_loop().await?.then_some(())).await;
    flaky.mend();
    load.done(NEXT_CHECK).await;
    wait_for("its end", NEXT_CHECK, async || (!is_loop().await?).then_some(())).await;
    version.scaled_to_zero().await;
    delete_and_save(&world, &version, "crash-loop").await;
}

#[tokio::test]
#[ignore = "records"]
async fn create_and_scale_from_zero() {
    let world = World::new().await;
    let version = world.version("zero");
    version.at_zero().await;
    version.load(1, 10).await.done(SOON).await;
    version.scaled_to_zero().await;
    delete_and_save(&world, &version, "create-and-scale-from-zero").await;
}

#[tokio::test]
#[ignore = "records"]
async fn backlog_alone() {
    let world = World::builder().without_hook().start().await;
    let version = world.version("backlog");
    version.at_zero().await;
    version.load(1, 10).await.done(SOON).await;
    version.scaled_to_zero().await;
    delete_and_save(&world, &version, "backlog-alone").await;
}

#[tokio::test]
#[ignore = "records"]
async fn burst() {
    let world = World::new().await;
    let version = world.version("burst");
    version.at_zero().await;
    version.load(100, 50).await.done(SOON).await;
    version.scaled_to_zero().await;
    delete_and_save(&world, &version, "burst").await;
}

#[tokio::test]
#[ignore = "records"]
async fn update_with_a_mask() {
    let world = World::new().await;
    let version = world.version("masked");
    version.at_zero().await;
    let config = json!({"command": "greeter", "lifetime_ms": 90_000,
        "env": {"TEMPORAL_TASK_QUEUE": "masked", "TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS": "500"}});
    let config = ConfigPayload::from_map(config.as_object().unwrap());
    let masked = |path: &str| {
        json!({"identity": "recorder", "upsert_scaling_groups": {"default": {
            "spec": {"compute": {"provider_type": "nope", "config": config}},
            "update_mask": [path]}}})
    };
    version.update::<Value>(names::VALIDATE, &masked("provider.details")).await.unwrap();
    version.update::<Value>(names::UPDATE, &masked("provider.details")).await.unwrap();
    version.update::<Value>(names::UPDATE, &masked("provider.type")).await.unwrap_err();
    version.update::<Value>(names::UPDATE, &masked("bogus.path")).await.unwrap_err();
    version.load(1, 10).await.done(SOON).await;
    version.scaled_to_zero().await;
    delete_and_save(&world, &version, "update-with-a-mask").await;
}

#[tokio::test]
#[ignore = "records"]
async fn provider_refuses_then_recovers() {
    let world = World::builder().with_lambda().start().await;
    let version = on_lambda(&world, "refusing").await;
    world.lambda().set("refusing", Behaviour::Throttles);
    let before = world.lambda().calls("refusing");
    let load = version.load(4, 10).await;
    wait_for("a second rejection", SOON, async || {
        (world.lambda().calls("refusing") >= before + 2).then_some(())
    })
    .await;
    world.lambda().set("refusing", Behaviour::Accepts);
    load.done(SOON).await;
    version.scaled_to_zero().await;
    delete_and_save(&world, &version, "provider-refuses-then-recovers").await;
}

#[tokio::test]
#[ignore = "records"]
async fn checked_again_after_a_refusal() {
    let world = World::builder().with_lambda().start().await;
    let version = on_lambda(&world, "gone").await;
    world.lambda().set("gone", Behaviour::Gone);
    let load = version.load(1, 10).await;
    let status = async || Some(version.dump().await?.validation_state?.status);
    wait_for("the check to fail", NEXT_CHECK, async || (status().await? == "failed").then_some(()))
        .await;
    world.lambda().set("gone", Behaviour::Accepts);
    load.done(NEXT_CHECK).await;
    wait_for("the check to succeed", NEXT_CHECK, async || {
        (status().await? == "success").then_some(())
    })
    .await;
    version.scaled_to_zero().await;
    delete_and_save(&world, &version, "checked-again-after-a-refusal").await;
}

#[tokio::test]
#[ignore = "records"]
async fn sized_by_demand() {
    let world = World::new().await;
    let version = world.version("sized");
    let group = Group::greeters("sized").demand("worker_slots", 5);
    version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
    version.load(60, 500).await.done(SOON).await;
    version.scaled_to_zero().await;
    delete_and_save(&world, &version, "sized-by-demand").await;
}

#[tokio::test]
#[ignore = "records"]
async fn worker_set() {
    let pools = ["--enable-provider", "subprocess-pool"];
    let world = World::builder().worker_args(&pools).start().await;
    let version = world.version("pooled");
    let group = Group::pool("pooled").rate_based("max_count", 2);
    version.apply(&SpecFile::of(&version.id).group("default", group)).await.ok();
    wait_for("the version's queues", SOON, async || (version.queues().await >= 2).then_some(()))
        .await;
    version.load(20, 500).await.done(SOON).await;
    let size = async || Some(version.dump().await?.wci?.worker_sets.get("default")?.wanted);
    wait_for("the set to grow", SOON, async || (size().await? == 2).then_some(())).await;
    wait_for("the set to shrink", SOON, async || (size().await? < 2).then_some(())).await;
    delete_and_save(&world, &version, "worker-set").await;
}

#[tokio::test]
#[ignore = "records"]
async fn delete() {
    let world = World::new().await;
    let version = world.version("deleted");
    version.at_zero().await;
    delete_and_save(&world, &version, "delete").await;
}

/// Takes ten minutes, after which an instance without a compute config ends.
#[tokio::test]
#[ignore = "records"]
async fn claimed_and_left() {
    let world = World::new().await;
    let version = world.version("left");
    version.wci("claim", &[]).await.ok();
    wait_for("its end", Duration::from_secs(660), async || {
        (!version.has_instance().await).then_some(())
    })
    .await;
    save(&world, "claimed-and-left", &version.id.workflow_id(), &version.run_id().await).await;
}

#[tokio::test]
#[ignore = "records"]
async fn remove_the_last_group() {
    let world = World::new().await;
    let version = world.version("emptied");
    version.at_zero().await;
    let nothing = json!({"identity": "recorder", "remove_scaling_groups": ["default"]});
    version.update::<Value>(names::UPDATE, &nothing).await.unwrap();
    version.apply(&version.greeters()).await.ok();
    version.load(1, 10).await.done(SOON).await;
    version.scaled_to_zero().await;
    delete_and_save(&world, &version, "remove-the-last-group").await;
}

#[tokio::test]
#[ignore = "records"]
async fn continue_as_new_with_signals_pending() {
    let limit = "limit.historyCount.suggestContinueAsNew=60";
    let world = World::builder().with_lambda().dynamic_config(limit).start().await;
    let version = on_lambda(&world, "long").await;
    world.lambda().set("long", Behaviour::Hangs);
    let load = version.load(1, 10).await;
    let first = version.run_id().await;
    let miss = TaskAdd {
        task_queue_name: "long".to_owned(),
        task_queue_type: 1,
        misses: 1,
        ..TaskAdd::default()
    };
    wait_for("the next run", SOON, async || {
        version.signal(names::TASK_ADD_SIGNAL, payload_of(&miss).unwrap()).await;
        (version.run_id().await != first).then_some(())
    })
    .await;
    let id = version.id.workflow_id();
    save(&world, "continue-as-new-with-signals-pending", &id, &first).await;
    world.lambda().set("long", Behaviour::Accepts);
    load.done(SOON).await;
    delete_and_save(&world, &version, "continue-as-new-with-signals-pending-next-run").await;
}

#[tokio::test]
#[ignore = "records"]
async fn worker_killed_in_mid_launch() {
    let mut world = World::builder().with_lambda().start().await;
    let version = on_lambda(&world, "killed").await;
    world.lambda().set("killed", Behaviour::Hangs);
    let before = world.lambda().calls("killed");
    let load = version.load(1, 10).await;
    wait_for("the launch", SOON, async || (world.lambda().calls("killed") > before).then_some(()))
        .await;
    world.worker().kill();
    world.lambda().set("killed", Behaviour::Accepts);
    world.worker().restart().await;
    load.done(SOON).await;
    version.scaled_to_zero().await;
    delete_and_save(&world, &version, "worker-killed-in-mid-launch").await;
}

#[tokio::test]
#[ignore = "records"]
async fn validate_without_an_instance() {
    let world = World::new().await;
    let version = world.version("unborn");
    let spec = version.greeters();
    let file = world.dir().join("unborn.yaml");
    fs::write(&file, spec.text()).unwrap();
    world.wci(&["validate", "-f", &file.display().to_string()]).await.ok();
    let query = format!(
        "WorkflowType = '{}' AND TemporalNamespaceDivision = '{}'",
        names::VALIDATE_WORKFLOW,
        names::DIVISION
    );
    let found = wait_for("the dry run in the list", SOON, async || {
        let listed = world.temporal(&["workflow", "list", "--query", &query, "-o", "json"]).await;
        listed.ok().json().get(0).cloned()
    })
    .await;
    let text = |key: &str| found["execution"][key].as_str().unwrap().to_owned();
    save(&world, "validate-without-an-instance", &text("workflowId"), &text("runId")).await;
}
