//! Adopting versions from the built-in controller, and releasing them to it.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, SystemTime};

use serde_json::Value;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use wci_contract::names::DEFAULT_TASK_QUEUE;
use wci_tests::{Behaviour, Group, History, SOON, SpecFile, Version, World, wait_for};

/// The task queue of the built-in controller.
const BUILTIN_QUEUE: &str = "temporal-sys-per-ns-tq";
/// No task may wait longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// Longer than the idle timeout of a worker, so that every task needs a worker of its own.
const PAUSE: Duration = Duration::from_millis(700);

/// A current version of the built-in controller, without a running worker.
async fn builtin_version(world: &World, name: &str) -> Version {
    let version = world.version(name);
    version.create_by_cli(name).await.ok();
    let mut first = version.greeter().long_lived().start(&world.dir().join("first.log"));
    wait_for("the version's queues", SOON, async || (version.queues().await >= 2).then_some(()))
        .await;
    version.by_cli("set-current-version", &["--yes"]).await.ok();
    first.terminate();
    first.exited(SOON).await;
    let worker = version.greeter().env("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "300");
    world.lambda().runs(name, worker);
    version.scaled_to_zero().await;
    version
}

/// The state with which the latest run started.
async fn initial_state(version: &Version) -> Value {
    let events = version.history().await.into_events();
    let Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) = &events[0].attributes
    else {
        panic!("{:?}", events[0])
    };
    let payload = &started.input.as_ref().unwrap().payloads[0];
    serde_json::from_slice::<Value>(&payload.data).unwrap()["state"].clone()
}

#[tokio::test]
async fn a_version_is_adopted_and_released_under_load_and_no_task_is_lost_or_waits_long() {
    let world = World::builder().with_controller().start().await;
    let version = builtin_version(&world, "pendulum").await;
    assert_eq!(version.task_queue().await, BUILTIN_QUEUE);
    let before = version.dump().await.unwrap();
    let load = version.steady_load(PAUSE);
    load.wait_for_more(5).await;

    let output = version.wci("adopt", &["-o", "json"]).await.ok().json();
    assert_eq!(output["versions"][0]["result"], "adopted", "{output}");
    assert_eq!(version.task_queue().await, DEFAULT_TASK_QUEUE);
    let state = initial_state(&version).await;
    assert!(state["scaling_state"]["default"].is_object(), "{state:#}");
    let ours = version.dump().await.unwrap();
    assert_eq!((ours.spec, ours.create_time), (before.spec.clone(), before.create_time));
    load.wait_for_more(8).await;
    let run = version.run_id().await;
    assert_eq!(version.history_of(&run).await.failed_tasks(), 0);
    assert!(version.history_of(&run).await.workers_started() >= 4);

    let output = version.wci("release", &["-o", "json"]).await.ok().json();
    assert_eq!(
        (&output["result"], &output["told"]),
        (&"released".into(), &true.into()),
        "{output}"
    );
    assert_eq!(version.task_queue().await, BUILTIN_QUEUE);
    assert_eq!(version.dump().await.unwrap().spec, before.spec);
    load.wait_for_more(8).await;

    let waits = load.finish().await;
    let longest = waits.iter().max().unwrap();
    println!("{} tasks, the longest wait {longest:?}", waits.len());
    assert!(*longest < LONGEST_WAIT, "{waits:?}");
}

#[tokio::test]
async fn a_released_version_is_adopted_only_by_name() {
    let world = World::builder().with_controller().start().await;
    let version = builtin_version(&world, "marked").await;
    version.wci("adopt", &[]).await.ok();
    let again = version.wci("adopt", &[]).await.ok().stdout;
    assert!(again.contains("already run by wci"), "{again}");
    version.wci("release", &[]).await.ok();
    let shown = version.described_by_cli().await;
    assert!(shown["metadata"]["wci-released"].is_object(), "{shown:#}");
    let again = version.wci("release", &[]).await.ok().stdout;
    assert!(again.contains("already run by the server's controller"), "{again}");
    let all = world.wci(&["adopt", "--all"]).await.ok().stdout;
    assert!(all.contains("marked:v1 not adopted: marked:v1 was released"), "{all}");
    assert_eq!(version.task_queue().await, BUILTIN_QUEUE);
    version.wci("adopt", &[]).await.ok();
    assert_eq!(version.task_queue().await, DEFAULT_TASK_QUEUE);
    let shown = version.described_by_cli().await;
    assert!(shown["metadata"]["wci-released"].is_null(), "{shown:#}");
    let all = world.wci(&["adopt", "--all"]).await.ok().stdout;
    assert!(all.contains("runs no instances in namespace default"), "{all}");
    version.load(1, 10).await.done(SOON).await;
}

#[tokio::test]
async fn a_version_that_is_being_changed_is_not_adopted() {
    let world = World::builder().with_controller().worker_args(&["--adopt"]).start().await;
    // The built-in controller invokes the function before it responds to the create.
    world.lambda().set("hanging", Behaviour::Hangs);
    let version = world.version("hanging");
    let adopt = async {
        wait_for("the function to be invoked", SOON, async || {
            (world.lambda().calls("hanging") > 0).then_some(())
        })
        .await;
        version.wci("adopt", &[]).await
    };
    let output = tokio::select! {
        output = adopt => output,
        created = version.create_by_cli("hanging") => panic!("{created:?}"),
    };
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("is being updated: retry after the update"), "{output:?}");
    assert_eq!(version.task_queue().await, BUILTIN_QUEUE);
}

#[tokio::test]
async fn a_version_whose_workers_wci_cannot_start_is_not_adopted() {
    let world = World::builder().with_controller().start().await;
    let version = builtin_version(&world, "unable").await;
    world.lambda().set("unable", Behaviour::Gone);
    let output = version.wci("adopt", &[]).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    for expected in ["stays with the server's controller", "Function not found"] {
        assert!(output.stderr.contains(expected), "{output:?}");
    }
    assert_eq!(version.task_queue().await, BUILTIN_QUEUE);
}

#[tokio::test]
async fn a_worker_with_adopt_takes_a_version_of_the_temporal_cli_and_leaves_a_released_one() {
    let world = World::builder().with_controller().workers(2).worker_args(&["--adopt"]).start();
    let mut world = world.await;
    let version = builtin_version(&world, "found").await;
    wait_for("the adoption", Duration::from_secs(10), async || {
        (version.task_queue().await == DEFAULT_TASK_QUEUE).then_some(())
    })
    .await;
    wait_for("the log line", SOON, async || {
        let mut logs = world.workers().iter().map(|worker| worker.log());
        logs.any(|log| log.contains("adopted from the server's controller")).then_some(())
    })
    .await;
    let run = version.run_id().await;
    version.load(2, 10).await.done(SOON).await;
    assert_eq!(version.run_id().await, run, "the workers adopted it from each other");
    version.wci("release", &[]).await.ok();
    let other = builtin_version(&world, "later").await;
    // The worker sees both versions: it adopts one, and leaves the other.
    wait_for("the adoption of the other", Duration::from_secs(10), async || {
        (other.task_queue().await == DEFAULT_TASK_QUEUE).then_some(())
    })
    .await;
    assert_eq!(version.task_queue().await, BUILTIN_QUEUE);
}

/// Whatever the built-in controller has done about them.
#[tokio::test]
async fn tasks_that_wait_during_an_adoption_are_served_immediately() {
    let world = World::builder().with_controller().start().await;
    let version = builtin_version(&world, "waiting").await;
    world.lambda().set("waiting", Behaviour::Throttles);
    let load = version.load(2, 10).await;
    version.wci("adopt", &[]).await.ok();
    let adopted = SystemTime::now();
    world.lambda().set("waiting", Behaviour::Accepts);
    load.done(SOON).await;
    println!("served {:?} after the adoption", adopted.elapsed());
    assert_eq!(version.task_queue().await, DEFAULT_TASK_QUEUE);
    let history = version.history().await;
    assert_eq!(history.failed_tasks(), 0);
    assert!(history.workers_started() >= 1);
}

/// The limit is the same for many versions at once.
#[tokio::test]
async fn a_worker_with_adopt_adopts_all_versions_within_ten_seconds() {
    let world = World::builder().with_controller().worker_args(&["--adopt"]).start().await;
    let versions: Vec<_> = (0..6).map(|n| world.version(&format!("many{n}"))).collect();
    for version in &versions {
        version.create_by_cli(version.id.deployment()).await.ok();
    }
    wait_for("the adoption of all", Duration::from_secs(10), async || {
        for version in &versions {
            if version.task_queue().await != DEFAULT_TASK_QUEUE {
                return None;
            }
        }
        Some(())
    })
    .await;
}

/// The test cancels the instance, which would end without a group after ten minutes.
#[tokio::test]
async fn a_version_that_gets_a_group_after_its_instance_ended_is_adopted() {
    let world = World::builder().with_controller().worker_args(&["--adopt"]).start().await;
    let version = world.version("returns");
    version.wci("claim", &[]).await.ok();
    version.create_by_cli("returns").await.ok();
    assert_eq!(version.task_queue().await, DEFAULT_TASK_QUEUE);
    let change = "update-version-compute-config";
    version.by_cli(change, &["--remove"]).await.ok();
    world.temporal(&["workflow", "cancel", "-w", &version.id.workflow_id()]).await.ok();
    wait_for("its end", SOON, async || (!version.has_instance().await).then_some(())).await;
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:returns:2";
    let again = ["--aws-lambda-function-arn", arn, "--aws-lambda-skip-role-and-external-id"];
    version.by_cli(change, &again).await.ok();
    wait_for("the adoption", Duration::from_secs(10), async || {
        (version.task_queue().await == DEFAULT_TASK_QUEUE).then_some(())
    })
    .await;
    let shown = version.described_by_cli().await;
    let provider = &shown["computeConfig"]["scalingGroups"]["default"]["provider"]["type"];
    assert_eq!(provider, "aws-lambda", "{shown:#}");
}

/// Neither controller runs the version for a moment, and no signal reports tasks that arrive then.
#[tokio::test]
async fn a_task_in_the_gap_of_a_release_does_not_wait_long() {
    let world = World::builder().with_controller().start().await;
    let version = builtin_version(&world, "gap").await;
    let mut arrived_in_the_gap = false;
    for _ in 0..10 {
        version.wci("adopt", &[]).await.ok();
        version.scaled_to_zero().await;
        let ours = version.run_id().await;
        let load = async {
            while version.is_open(&ours).await {}
            version.load(1, 10).await
        };
        let (output, load) = tokio::join!(version.wci("release", &["-o", "json"]), load);
        let notified = output.ok().json()["told"].clone();
        load.done(SOON).await;
        let longest = load.longest_wait().await;
        assert!(longest < LONGEST_WAIT, "{longest:?}");
        assert_eq!(version.task_queue().await, BUILTIN_QUEUE);
        let ended = last_time(&version.history_of(&ours).await);
        let began = first_time(&version.history().await);
        let arrived = first_time(&load.history(0).await);
        println!(
            "{arrived:?} between {ended:?} and {began:?}: waited {longest:?}, notified {notified}"
        );
        if ended < arrived && arrived < began {
            arrived_in_the_gap = true;
            break;
        }
    }
    assert!(arrived_in_the_gap, "no task arrived while no controller ran the version");
}

fn first_time(history: &History) -> Option<SystemTime> {
    history.events.first()?.event_time.and_then(|at| at.try_into().ok())
}

fn last_time(history: &History) -> Option<SystemTime> {
    history.events.last()?.event_time.and_then(|at| at.try_into().ok())
}

#[tokio::test]
async fn a_release_that_the_server_rejects_leaves_the_version_with_wci() {
    // The built-in controller has no provider here.
    let world = World::builder().with_lambda().start().await;
    let version = world.version("stays");
    world.lambda().runs("stays", version.greeter());
    version.wci("claim", &[]).await.ok();
    version.create_by_cli("stays").await.ok();
    wait_for("the version's queues", SOON, async || (version.queues().await >= 2).then_some(()))
        .await;
    version.by_cli("set-current-version", &["--yes"]).await.ok();
    let output = version.wci("release", &[]).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("wci continues to run it"), "{output:?}");
    assert_eq!(version.task_queue().await, DEFAULT_TASK_QUEUE);
    let shown = version.described_by_cli().await;
    assert!(shown["metadata"]["wci-released"].is_null(), "{shown:#}");
    version.scaled_to_zero().await;
    version.load(1, 10).await.done(SOON).await;
}

/// The server's controller has no `demand`, the scaler of a spec file that names none.
#[tokio::test]
async fn a_version_with_the_default_scaler_is_released_and_the_command_says_what_is_lost() {
    let world = World::builder().with_controller().start().await;
    let version = world.version("translated");
    let worker = version.greeter().env("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "300");
    world.lambda().runs("translated", worker);
    let group = Group::lambda("translated").demand("max_concurrent_workers", 7);
    version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
    let output = version.wci("release", &[]).await.ok().stdout;
    for expected in [
        "translated:v1 released",
        "default: demand becomes no-sync",
        "not carried over: max_concurrent_workers 7",
        "wci adopt translated:v1",
    ] {
        assert!(output.contains(expected), "{expected:?} is missing:\n{output}");
    }
    assert_eq!(version.task_queue().await, BUILTIN_QUEUE);
    let shown = version.described_by_cli().await;
    let scaler = &shown["computeConfig"]["scalingGroups"]["default"]["scaler"]["type"];
    assert_eq!(scaler, "no-sync", "{shown:#}");
    version.load(1, 10).await.done(SOON).await;
}

#[tokio::test]
async fn a_version_whose_provider_only_wci_has_is_not_released_and_nothing_is_touched() {
    let world = World::builder().with_controller().start().await;
    let version = world.version("processes");
    version.at_zero().await;
    let run = version.run_id().await;
    let output = version.wci("release", &[]).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    for expected in ["was not released", "provider subprocess", "`wci apply` first"] {
        assert!(output.stderr.contains(expected), "{output:?}");
    }
    assert_eq!(version.run_id().await, run, "the instance was ended");
    let shown = version.described_by_cli().await;
    assert!(shown["metadata"]["wci-released"].is_null(), "{shown:#}");
    version.load(1, 10).await.done(SOON).await;
}

#[tokio::test]
async fn an_adoption_whose_mark_stays_is_finished_by_repeating_it() {
    let world = World::builder().with_controller().with_server_proxy(&[]).start().await;
    let proxy = world.server_proxy();
    let version = builtin_version(&world, "halfway").await;
    version.wci("adopt", &[]).await.ok();
    version.wci("release", &[]).await.ok();
    proxy.refuse("UpdateWorkerDeploymentVersionMetadata");
    let output = version.wci_at(&proxy.address, "adopt", &[]).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    for expected in ["is run by wci now", "still marked", "`wci adopt halfway:v1` again"] {
        assert!(output.stderr.contains(expected), "{output:?}");
    }
    assert_eq!(version.task_queue().await, DEFAULT_TASK_QUEUE);
    version.load(1, 10).await.done(SOON).await;
    proxy.admit("UpdateWorkerDeploymentVersionMetadata");
    version.wci_at(&proxy.address, "adopt", &[]).await.ok();
    let shown = version.described_by_cli().await;
    assert!(shown["metadata"]["wci-released"].is_null(), "{shown:#}");
}

#[tokio::test]
async fn a_release_that_fails_in_the_middle_says_what_is_lost_and_is_finished_by_repeating_it() {
    let world = World::builder().with_controller().with_server_proxy(&[]).start().await;
    let proxy = world.server_proxy();
    let version = world.version("between");
    world.lambda().runs("between", version.greeter());
    let spec = SpecFile::of(&version.id).group("default", Group::lambda("between"));
    version.at_zero_with(&spec).await;
    let change = "UpdateWorkerDeploymentVersionComputeConfig";
    proxy.refuse(change);
    let output = version.wci_at(&proxy.address, "release", &[]).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("wci continues to run it"), "{output:?}");
    assert!(
        output.stderr.starts_with("will change: default: demand becomes no-sync"),
        "{output:?}"
    );
    assert_eq!(version.task_queue().await, DEFAULT_TASK_QUEUE);
    let shown = version.described_by_cli().await;
    assert!(shown["metadata"]["wci-released"].is_null(), "{shown:#}");
    version.load(1, 10).await.done(SOON).await;

    proxy.refuse("StartWorkflowExecution");
    let output = version.wci_at(&proxy.address, "release", &[]).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("nobody runs it now"), "{output:?}");
    proxy.admit("StartWorkflowExecution");
    proxy.admit(change);
    version.wci_at(&proxy.address, "release", &[]).await.ok();
    assert_eq!(version.task_queue().await, BUILTIN_QUEUE);
    version.load(1, 10).await.done(SOON).await;
}
