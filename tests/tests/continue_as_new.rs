//! An instance with a long history continues as new.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use temporalio_common::{
    data_converters::RawValue,
    protos::temporal::api::{enums::v1::EventType, history::v1::history_event::Attributes},
};
use wci_contract::{messages::StartInput, names, signal::TaskAdd};
use wci_tests::{Behaviour, Group, History, SOON, SpecFile, Version, World, wait_for};
use wci_workflows::payload_of;

const SUGGESTED_AT: usize = 60;
const COOLOFF_MS: u64 = 12_000;

fn miss(queue: &str) -> RawValue {
    let signal = TaskAdd {
        task_queue_name: queue.to_owned(),
        task_queue_type: 1,
        misses: 1,
        ..TaskAdd::default()
    };
    payload_of(&signal).unwrap()
}

/// Signals tasks until the server suggests to continue as new, and waits for the next run.
async fn grow_until_next_run(version: &Version, run: &str) -> String {
    wait_for("the next run", SOON, async || {
        version.signal(names::TASK_ADD_SIGNAL, miss(&version.queue)).await;
        let now = version.run_id().await;
        (now != run).then_some(now)
    })
    .await
}

fn start_of(history: &History) -> StartInput {
    match history.events[0].attributes.as_ref() {
        Some(Attributes::WorkflowExecutionStartedEventAttributes(start)) => {
            serde_json::from_slice(&start.input.as_ref().unwrap().payloads[0].data).unwrap()
        }
        other => panic!("{other:?}"),
    }
}

async fn world() -> World {
    let limit = format!("limit.historyCount.suggestContinueAsNew={SUGGESTED_AT}");
    World::builder().with_lambda().dynamic_config(&limit).start().await
}

#[tokio::test]
async fn the_next_run_has_the_whole_state_and_requests_nothing_twice() {
    let world = world().await;
    let version = world.version("continued");
    world.lambda().runs("continued", version.greeter());
    let group = Group::lambda("continued").scaler("scale_up_cooloff_ms", COOLOFF_MS);
    version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
    world.lambda().set("continued", Behaviour::Hangs);
    let before = world.lambda().calls("continued");
    let load = version.load(1, 10).await;
    let (hung, spec) = wait_for("a launch that hangs", SOON, async || {
        let state = version.dump().await?;
        Some((state.wci?.launches.first()?.clone(), state.spec))
    })
    .await;
    let first = version.run_id().await;
    let second = grow_until_next_run(&version, &first).await;
    assert_eq!(world.lambda().calls("continued") - before, 1);
    let (first, second) = (version.history_of(&first).await, version.history_of(&second).await);
    assert_eq!(first.count(EventType::WorkflowExecutionContinuedAsNew), 1);
    let carried = start_of(&second).state.unwrap();
    assert_eq!(carried.spec, spec);
    assert_eq!(carried.wci.unwrap().launches, std::slice::from_ref(&hung));
    assert!(carried.pending_task_add_signals.iter().any(|signal| signal.misses > 0));
    assert_eq!(carried.scaling_state["default"]["last_scale_up_time_ms"], hung.since);
    world.lambda().set("continued", Behaviour::Accepts);
    load.done(SOON).await;
    let history = version.history().await;
    assert_eq!(first.failed_tasks() + history.failed_tasks(), 0);
    let launches = history.launches();
    assert!(
        !launches.is_empty() && launches.iter().all(|l| l.requested.launch_id != hung.launch_id)
    );
    assert!(world.lambda().calls("continued") - before <= 3);
}

#[tokio::test]
async fn an_instance_serves_tasks_and_accepts_changes_across_its_runs() {
    let world = world().await;
    let version = world.version("runs");
    version.at_zero().await;
    let first = version.run_id().await;
    grow_until_next_run(&version, &first).await;
    version.load(2, 10).await.done(SOON).await;
    let group = Group::greeters("runs").env("TEMPORAL_SERVERLESS_ACTIVITY_SLOTS", "7");
    version.apply(&SpecFile::of(&version.id).group("default", group)).await.ok();
    let described = version.wci("describe", &["-o", "json"]).await.ok().json();
    let env = &described["spec"]["groups"]["default"]["provider"]["env"];
    assert_eq!(env["TEMPORAL_SERVERLESS_ACTIVITY_SLOTS"], "7", "{described:#}");
    let listed = world.wci(&["list", "-o", "json"]).await.ok().json();
    assert_eq!(listed["instances"].as_array().map(Vec::len), Some(1), "{listed:#}");
    let response = version.update::<Value>(names::UPDATE, &json!({"conflict_token": "old"})).await;
    let refusal = format!("{:?}", response.unwrap_err());
    assert!(refusal.contains("conflict token mismatch"), "{refusal}");
}
