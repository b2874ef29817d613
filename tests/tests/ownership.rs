//! Taking over from the server's own controller, and handing back.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, SystemTime};

use serde_json::Value;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;
use wci_contract::names::DEFAULT_TASK_QUEUE;
use wci_tests::{Behaviour, History, SOON, Version, World, wait_for};

/// The queue of the server's own controller.
const THEIRS: &str = "temporal-sys-per-ns-tq";
/// No task may wait longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// Longer than a worker without work stays, so that every task needs a worker of its own.
const PAUSE: Duration = Duration::from_millis(700);

/// A version that the server's controller runs, current, with no worker alive.
async fn theirs(world: &World, name: &str) -> Version {
    let version = world.version(name);
    version.create_by_cli(name).await.ok();
    let mut first = version.greeter().long_lived().start(&world.dir().join("first.log"));
    wait_for("the version's queues", SOON, async || (version.queues().await >= 2).then_some(()))
        .await;
    version.by_cli("set-current-version", &["--yes"]).await.ok();
    first.terminate();
    first.ended(SOON).await;
    let worker = version.greeter().env("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "300");
    world.lambda().runs(name, worker);
    version.left_alone().await;
    version
}

/// The state that the latest run began with.
async fn carried(version: &Version) -> Value {
    let events = version.history().await.into_events();
    let Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) = &events[0].attributes
    else {
        panic!("{:?}", events[0])
    };
    let payload = &started.input.as_ref().unwrap().payloads[0];
    serde_json::from_slice::<Value>(&payload.data).unwrap()["state"].clone()
}

#[tokio::test]
async fn a_version_goes_back_and_forth_under_load_and_no_task_is_lost_or_waits_long() {
    let world = World::builder().with_controller().start().await;
    let version = theirs(&world, "pendulum").await;
    assert_eq!(version.task_queue().await, THEIRS);
    let before = version.dump().await.unwrap();
    let load = version.steady_load(PAUSE);
    load.goes_on(5).await;

    let said = version.wci("adopt", &["-o", "json"]).await.ok().json();
    assert_eq!(said["versions"][0]["result"], "adopted", "{said}");
    assert_eq!(version.task_queue().await, DEFAULT_TASK_QUEUE);
    let state = carried(&version).await;
    assert!(state["scaling_state"]["default"].is_object(), "{state:#}");
    let ours = version.dump().await.unwrap();
    assert_eq!((ours.spec, ours.create_time), (before.spec.clone(), before.create_time));
    load.goes_on(8).await;
    let run = version.run_id().await;
    assert_eq!(version.history_of(&run).await.failed_tasks(), 0);
    assert!(version.history_of(&run).await.workers_started() >= 4);

    let said = version.wci("release", &["-o", "json"]).await.ok().json();
    assert_eq!((&said["result"], &said["told"]), (&"released".into(), &true.into()), "{said}");
    assert_eq!(version.task_queue().await, THEIRS);
    assert_eq!(version.dump().await.unwrap().spec, before.spec);
    load.goes_on(8).await;

    let waits = load.finish().await;
    let longest = waits.iter().max().unwrap();
    println!("{} tasks, the longest wait {longest:?}", waits.len());
    assert!(*longest < LONGEST_WAIT, "{waits:?}");
}

#[tokio::test]
async fn what_was_released_is_adopted_only_by_name() {
    let world = World::builder().with_controller().start().await;
    let version = theirs(&world, "marked").await;
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
    assert_eq!(version.task_queue().await, THEIRS);
    version.wci("adopt", &[]).await.ok();
    assert_eq!(version.task_queue().await, DEFAULT_TASK_QUEUE);
    let shown = version.described_by_cli().await;
    assert!(shown["metadata"]["wci-released"].is_null(), "{shown:#}");
    let all = world.wci(&["adopt", "--all"]).await.ok().stdout;
    assert!(all.contains("runs no instances in namespace default"), "{all}");
    version.load(1, 10).await.done(SOON).await;
}

#[tokio::test]
async fn a_version_that_is_being_changed_is_left_alone() {
    let world = World::builder().with_controller().worker_args(&["--adopt"]).start().await;
    // The server's controller invokes the function before it answers the create.
    world.lambda().set("hanging", Behaviour::Hangs);
    let version = world.version("hanging");
    let adopt = async {
        wait_for("the function to be invoked", SOON, async || {
            (world.lambda().calls("hanging") > 0).then_some(())
        })
        .await;
        version.wci("adopt", &[]).await
    };
    let said = tokio::select! {
        said = adopt => said,
        created = version.create_by_cli("hanging") => panic!("{created:?}"),
    };
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stderr.contains("is being updated: retry after the update"), "{said:?}");
    assert_eq!(version.task_queue().await, THEIRS);
}

#[tokio::test]
async fn a_version_whose_workers_wci_could_not_start_stays_with_the_server() {
    let world = World::builder().with_controller().start().await;
    let version = theirs(&world, "unable").await;
    world.lambda().set("unable", Behaviour::Gone);
    let said = version.wci("adopt", &[]).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    for words in ["stays with the server's controller", "Function not found"] {
        assert!(said.stderr.contains(words), "{said:?}");
    }
    assert_eq!(version.task_queue().await, THEIRS);
}

#[tokio::test]
async fn a_worker_that_adopts_takes_what_a_stock_client_created_and_leaves_what_was_released() {
    let world = World::builder().with_controller().workers(2).worker_args(&["--adopt"]).start();
    let mut world = world.await;
    let version = theirs(&world, "found").await;
    wait_for("the adoption", Duration::from_secs(10), async || {
        (version.task_queue().await == DEFAULT_TASK_QUEUE).then_some(())
    })
    .await;
    wait_for("the log to say so", SOON, async || {
        let mut logs = world.workers().iter().map(|worker| worker.log());
        logs.any(|log| log.contains("adopted from the server's controller")).then_some(())
    })
    .await;
    let run = version.run_id().await;
    version.load(2, 10).await.done(SOON).await;
    assert_eq!(version.run_id().await, run, "the workers took it from each other");
    version.wci("release", &[]).await.ok();
    let other = theirs(&world, "later").await;
    // Whoever looks sees both: one is taken, the other left.
    wait_for("the adoption of the other", Duration::from_secs(10), async || {
        (other.task_queue().await == DEFAULT_TASK_QUEUE).then_some(())
    })
    .await;
    assert_eq!(version.task_queue().await, THEIRS);
}

/// Whatever the server's controller knew of them, and however far it had come.
#[tokio::test]
async fn tasks_that_wait_when_a_version_is_adopted_are_served_at_once() {
    let world = World::builder().with_controller().start().await;
    let version = theirs(&world, "waiting").await;
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

/// Whoever creates many at once waits no longer for each.
#[tokio::test]
async fn a_worker_that_adopts_takes_all_that_there_is_within_ten_seconds() {
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

/// What ends an instance without a group after ten minutes, somebody does here.
#[tokio::test]
async fn a_group_that_is_added_after_the_instance_ended_is_adopted() {
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

/// Nobody runs the version for a moment, and nobody announces what comes then.
#[tokio::test]
async fn a_lone_task_in_the_gap_of_a_release_does_not_wait_long() {
    let world = World::builder().with_controller().start().await;
    let version = theirs(&world, "gap").await;
    let mut came_in_the_gap = false;
    for _ in 0..10 {
        version.wci("adopt", &[]).await.ok();
        version.left_alone().await;
        let ours = version.run_id().await;
        let load = async {
            while version.is_open(&ours).await {}
            version.load(1, 10).await
        };
        let (said, load) = tokio::join!(version.wci("release", &["-o", "json"]), load);
        let told = said.ok().json()["told"].clone();
        load.done(SOON).await;
        let longest = load.longest_wait().await;
        assert!(longest < LONGEST_WAIT, "{longest:?}");
        assert_eq!(version.task_queue().await, THEIRS);
        let ended = last_time(&version.history_of(&ours).await);
        let began = first_time(&version.history().await);
        let came = first_time(&load.history(0).await);
        println!("{came:?} between {ended:?} and {began:?}: waited {longest:?}, told {told}");
        if ended < came && came < began {
            came_in_the_gap = true;
            break;
        }
    }
    assert!(came_in_the_gap, "no task came while nobody ran the version");
}

fn first_time(history: &History) -> Option<SystemTime> {
    history.events.first()?.event_time.and_then(|at| at.try_into().ok())
}

fn last_time(history: &History) -> Option<SystemTime> {
    history.events.last()?.event_time.and_then(|at| at.try_into().ok())
}

#[tokio::test]
async fn a_release_that_the_server_refuses_leaves_the_version_with_wci() {
    // The server's controller knows no provider here.
    let world = World::builder().with_lambda().start().await;
    let version = world.version("stays");
    world.lambda().runs("stays", version.greeter());
    version.wci("claim", &[]).await.ok();
    version.create_by_cli("stays").await.ok();
    wait_for("the version's queues", SOON, async || (version.queues().await >= 2).then_some(()))
        .await;
    version.by_cli("set-current-version", &["--yes"]).await.ok();
    let said = version.wci("release", &[]).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stderr.contains("wci continues to run it"), "{said:?}");
    assert_eq!(version.task_queue().await, DEFAULT_TASK_QUEUE);
    let shown = version.described_by_cli().await;
    assert!(shown["metadata"]["wci-released"].is_null(), "{shown:#}");
    version.left_alone().await;
    version.load(1, 10).await.done(SOON).await;
}
