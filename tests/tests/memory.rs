//! Clients of one namespace send a system worker as much as the server lets them. It stays within
//! the memory of its manifest, and goes on serving another namespace.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;

use futures::future::join_all;
use serde_json::{Value, json};
use temporalio_client::{
    Client, ClientOptions, UntypedQuery, UntypedSignal, UntypedWorkflow, WorkflowDescribeOptions,
    WorkflowExecutionStatus, WorkflowQueryOptions, WorkflowSignalOptions, WorkflowStartOptions,
    tonic::IntoRequest,
};
use temporalio_common::{
    data_converters::RawValue,
    protos::temporal::api::{
        command::v1::{Command, ScheduleActivityTaskCommandAttributes, command::Attributes},
        common::v1::{ActivityType, Payload, Payloads, WorkflowExecution},
        enums::v1::{CommandType, EventType},
        history::v1::history_event::Attributes as EventAttributes,
        taskqueue::v1::TaskQueue,
        workflowservice::v1::{
            GetWorkflowExecutionHistoryRequest, PollWorkflowTaskQueueRequest,
            RespondWorkflowTaskCompletedRequest,
        },
    },
};
use wci_contract::{VersionId, activities, names};
use wci_tests::{SOON, Version, World, wait_for};
use wci_workflows::text_of;

/// The limit in deploy/kubernetes/deployment.yaml, in kB.
const MEMORY_KB: u64 = 256 * 1024;
const HOSTILE: &str = "hostile";
const CONFIG: &str = r#"
namespaces:
  default: {providers: {subprocess: {commands: {greeter: "{greeter}"}}}}
  hostile: {providers: {subprocess: {commands: {greeter: "{greeter}"}}}}
"#;

/// A world with an attacked namespace, a client of it, and a version of the other namespace.
async fn world() -> (World, Client, Version) {
    let world = World::builder().namespace(HOSTILE).config(CONFIG).start().await;
    let options = ClientOptions::new(HOSTILE).build();
    let client = Client::new(world.client.connection().clone(), options).unwrap();
    let version = world.version("bystander");
    version.at_zero().await;
    (world, client, version)
}

/// Asserts that the system worker still runs, within its memory, and serves the other namespace.
async fn serves_within_its_memory(world: &mut World, bystander: &Version) {
    bystander.load(3, 10).await.done(SOON).await;
    let process = world.worker().process();
    assert!(process.is_running(), "{}", process.log());
    let peak = peak_kb(process.pid());
    eprintln!("peak of resident memory: {} MiB", peak / 1024);
    assert!(peak < MEMORY_KB, "{} MiB", peak / 1024);
}

/// The most memory that a process had resident so far.
fn peak_kb(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

fn payload(text: String) -> Payload {
    Payload {
        metadata: [("encoding".to_owned(), b"json/plain".to_vec())].into(),
        data: text.into_bytes(),
        ..Payload::default()
    }
}

fn raw(text: String) -> RawValue {
    RawValue::new(vec![payload(text)])
}

/// Many small values: decoded, they take far more memory than their text.
fn junk(bytes: usize) -> String {
    format!("[{}0]", "0,".repeat(bytes / 2))
}

fn id(n: usize) -> VersionId {
    VersionId::new(&format!("hostile-{n}"), "v1").unwrap()
}

/// Starts an instance by hand.
async fn start(client: &Client, n: usize, state: &str) {
    let input = format!(
        r#"{{"namespace_name":"hostile","deployment_name":"hostile-{n}","build_id":"v1",{state}}}"#
    );
    let options = WorkflowStartOptions::new(names::DEFAULT_TASK_QUEUE, id(n).workflow_id()).build();
    let kind = UntypedWorkflow::new(names::INSTANCE_WORKFLOW);
    client.start_workflow(kind, raw(input), options).await.unwrap();
}

async fn status(client: &Client, n: usize) -> (WorkflowExecutionStatus, usize) {
    let handle = client.get_workflow_handle::<UntypedWorkflow>(id(n).workflow_id());
    let found = handle.describe(WorkflowDescribeOptions::default()).await.unwrap();
    (found.status(), found.history_length())
}

/// Waits until `n` instances meet the condition.
async fn all(client: &Client, n: usize, is: impl Fn((WorkflowExecutionStatus, usize)) -> bool) {
    wait_for("the hostile instances", 2 * SOON, async || {
        let found = join_all((0..n).map(|n| status(client, n))).await;
        found.into_iter().all(&is).then_some(())
    })
    .await;
}

#[tokio::test]
async fn instances_with_megabytes_of_junk_in_their_start_input_fail_and_all_others_are_served() {
    let (mut world, client, bystander) = world().await;
    const COUNT: usize = 40;
    let state = format!(r#""state":{{"junk":{}}}"#, junk(1_800_000));
    for n in 0..COUNT {
        start(&client, n, &state).await;
    }
    all(&client, COUNT, |(status, _)| status == WorkflowExecutionStatus::Failed).await;
    serves_within_its_memory(&mut world, &bystander).await;
    let show = ["workflow", "show", "-n", HOSTILE, "-w", &id(0).workflow_id()];
    let shown = world.temporal(&show).await.ok().stdout;
    assert!(shown.contains("bytes, at most 1700000 are allowed"), "{shown}");
}

#[tokio::test]
async fn junk_below_the_limit_is_dropped_and_the_instance_runs() {
    let (mut world, client, bystander) = world().await;
    const COUNT: usize = 40;
    let text = format!(r#""state":{{"junk":"{}"}}"#, "j".repeat(1_500_000));
    let values = format!(r#""state":{{"junk":{}}}"#, junk(250_000));
    for n in 0..COUNT {
        start(&client, n, if n % 2 == 0 { &text } else { &values }).await;
    }
    all(&client, COUNT, |(_, events)| events >= 4).await;
    serves_within_its_memory(&mut world, &bystander).await;
    let handle = client.get_workflow_handle::<UntypedWorkflow>(id(0).workflow_id());
    let (query, nothing) = (UntypedQuery::new(names::DUMP), RawValue::new(Vec::new()));
    let kept = handle.query(query, nothing, WorkflowQueryOptions::default()).await.unwrap();
    let kept = text_of(&kept).unwrap();
    assert!(kept.len() < 10_000, "{}", kept.len());
}

/// A state of a legitimate shape, nearly as large as it may be.
fn large_state() -> String {
    let config = |n: usize| json!({"command": format!("{n}"), "args": "x".repeat(40_000)});
    let payload = |n| wci_contract::ConfigPayload::from_map(config(n).as_object().unwrap());
    let group = |n: usize| {
        let compute = json!({"provider_type": "subprocess", "config": payload(n)});
        (format!("g{n}"), json!({"task_types": [n + 1], "compute": compute}))
    };
    let groups: serde_json::Map<String, Value> = (0..3).map(group).collect();
    let signal = |n: usize| {
        json!({"task_queue_name": format!("{n:0>1000}"), "task_queue_type": 1 + n % 3,
            "no_sync_match_signals_batched": 1})
    };
    let signals: Vec<Value> = (0..256).map(signal).collect();
    let state =
        json!({"spec": {"scaling_group_specs": groups}, "pending_task_add_signals": signals});
    format!(r#""state":{state}"#)
}

#[tokio::test]
async fn many_instances_with_large_states_share_a_bounded_part_of_memory() {
    let (mut world, client, bystander) = world().await;
    const COUNT: usize = 60;
    let state = large_state();
    assert!(state.len() > 400_000, "{}", state.len());
    for n in 0..COUNT {
        start(&client, n, &state).await;
    }
    // They leave the cache again and again, and are slow for it; the other namespace is not.
    all(&client, COUNT, |(_, events)| events >= 4).await;
    serves_within_its_memory(&mut world, &bystander).await;
}

#[tokio::test]
async fn histories_of_many_megabytes_are_not_read_into_memory() {
    let (mut world, client, bystander) = world().await;
    const COUNT: usize = 15;
    world.worker().process().freeze();
    let signal = junk(1_900_000);
    for n in 0..COUNT {
        start(&client, n, r#""state":{}"#).await;
        for _ in 0..6 {
            let handle = client.get_workflow_handle::<UntypedWorkflow>(id(n).workflow_id());
            let kind = UntypedSignal::new(names::TASK_ADD_SIGNAL);
            let options = WorkflowSignalOptions::default();
            handle.signal(kind, raw(signal.clone()), options).await.unwrap();
        }
    }
    world.worker().process().thaw();
    serves_within_its_memory(&mut world, &bystander).await;
    wait_for("a dropped task", SOON, async || {
        world.worker().log().contains("dropped a workflow task").then_some(())
    })
    .await;
    serves_within_its_memory(&mut world, &bystander).await;
}

/// Schedules an activity of the system worker from a workflow of our own, which nobody else runs.
async fn schedule_activity(client: &Client, n: usize, input: String) {
    let workflow_id = format!("attacker-{n}");
    let options = WorkflowStartOptions::new(&*workflow_id, &*workflow_id).build();
    let kind = UntypedWorkflow::new("attacker");
    client.start_workflow(kind, RawValue::new(Vec::new()), options).await.unwrap();
    let mut service = client.connection().workflow_service();
    let queue = |name: &str| Some(TaskQueue { name: name.to_owned(), ..TaskQueue::default() });
    let poll = PollWorkflowTaskQueueRequest {
        namespace: HOSTILE.to_owned(),
        task_queue: queue(&workflow_id),
        ..Default::default()
    };
    let task = service.poll_workflow_task_queue(poll.into_request()).await.unwrap().into_inner();
    let minute = std::time::Duration::from_secs(60).try_into().ok();
    let activity = ScheduleActivityTaskCommandAttributes {
        activity_id: "1".to_owned(),
        activity_type: Some(ActivityType { name: activities::INVOKE.to_owned() }),
        task_queue: queue(names::DEFAULT_TASK_QUEUE),
        input: Some(Payloads { payloads: vec![payload(input)] }),
        schedule_to_close_timeout: minute,
        start_to_close_timeout: minute,
        ..Default::default()
    };
    let completed = RespondWorkflowTaskCompletedRequest {
        task_token: task.task_token,
        namespace: HOSTILE.to_owned(),
        commands: vec![Command {
            command_type: CommandType::ScheduleActivityTask.into(),
            attributes: Some(Attributes::ScheduleActivityTaskCommandAttributes(activity)),
            ..Command::default()
        }],
        ..Default::default()
    };
    service.respond_workflow_task_completed(completed.into_request()).await.unwrap();
}

/// Why the activity of `attacker-<n>` failed.
async fn failure(client: &Client, n: usize) -> Option<String> {
    let request = GetWorkflowExecutionHistoryRequest {
        namespace: HOSTILE.to_owned(),
        execution: Some(WorkflowExecution {
            workflow_id: format!("attacker-{n}"),
            ..WorkflowExecution::default()
        }),
        ..Default::default()
    };
    let mut service = client.connection().workflow_service();
    let history = service.get_workflow_execution_history(request.into_request()).await.ok()?;
    let events = history.into_inner().history?.events;
    let failed = events.into_iter().find(|it| it.event_type() == EventType::ActivityTaskFailed)?;
    match failed.attributes? {
        EventAttributes::ActivityTaskFailedEventAttributes(it) => Some(it.failure?.message),
        _ => None,
    }
}

#[tokio::test]
async fn activities_with_megabytes_of_input_fail_with_the_bound_that_they_exceed() {
    let (mut world, client, bystander) = world().await;
    const COUNT: usize = 30;
    let input = |group: &str| {
        format!(
            r#"{{"deployment_name":"d","build_id":"b","group":"{group}","compute":{{}},"launch_id":"l","count":1}}"#
        )
    };
    let expected = |n: usize| match n % 3 {
        0 => (input(&"g".repeat(1_500_000)), "the name of a scaling group is 1500000 bytes long"),
        1 => (input(&"g".repeat(1_900_000)), "at most 1700000 are allowed"),
        _ => (junk(1_400_000), "has more than 131072 values"),
    };
    for n in 0..COUNT {
        schedule_activity(&client, n, expected(n).0).await;
    }
    for n in 0..COUNT {
        let found = match n % 3 {
            0 => wait_for("a failure", SOON, async || failure(&client, n).await).await,
            // Those that do not decode are retried; the last failure shows while they are.
            _ => {
                let workflow = format!("attacker-{n}");
                let describe =
                    ["workflow", "describe", "-n", HOSTILE, "-w", &workflow, "-o", "json"];
                wait_for("a failure", SOON, async || {
                    let shown = world.temporal(&describe).await.ok().stdout;
                    shown.contains("lastFailure").then_some(shown)
                })
                .await
            }
        };
        assert!(found.contains(expected(n).1), "{n}: {found}");
    }
    serves_within_its_memory(&mut world, &bystander).await;
}
