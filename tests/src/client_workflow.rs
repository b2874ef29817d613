//! A workflow of a client's own, which schedules an activity on any task queue. It has no worker:
//! the test answers its workflow task.

use std::time::Duration;

use serde_json::Value;
use temporalio_client::{Client, tonic::IntoRequest};
use temporalio_common::protos::temporal::api::{
    command::v1::{Command, ScheduleActivityTaskCommandAttributes, command::Attributes},
    common::v1::{ActivityType, Payload, Payloads, WorkflowExecution, WorkflowType},
    enums::v1::CommandType,
    history::v1::history_event::Attributes as Happened,
    taskqueue::v1::TaskQueue,
    workflowservice::v1::{
        GetWorkflowExecutionHistoryRequest, PollWorkflowTaskQueueRequest,
        RespondWorkflowTaskCompletedRequest, StartWorkflowExecutionRequest,
    },
};

use crate::wait_for;

const LIMIT: Duration = Duration::from_secs(30);

/// Starts a workflow of the type `kind` with this ID on a task queue of the client's own, has it
/// schedule `activity` on `task_queue`, and returns the result, or the message of the failure.
pub async fn schedule_from_own_workflow(
    client: &Client,
    (kind, id): (&str, &str),
    (activity, task_queue): (&str, &str),
    input: &Value,
) -> Result<Value, String> {
    let namespace = client.options().namespace.clone();
    // One for each workflow: the end of an activity makes another task, which must not be polled
    // for the next workflow.
    let name = format!("clients-own-{}", uuid::Uuid::new_v4());
    let queue = TaskQueue { name, ..Default::default() };
    let mut service = client.connection().workflow_service();
    let start = StartWorkflowExecutionRequest {
        namespace: namespace.clone(),
        workflow_id: id.to_owned(),
        workflow_type: Some(WorkflowType { name: kind.to_owned() }),
        task_queue: Some(queue.clone()),
        request_id: uuid::Uuid::new_v4().to_string(),
        ..Default::default()
    };
    let run_id =
        service.start_workflow_execution(start.into_request()).await.unwrap().into_inner().run_id;
    let poll = PollWorkflowTaskQueueRequest {
        namespace: namespace.clone(),
        task_queue: Some(queue),
        identity: "a client".to_owned(),
        ..Default::default()
    };
    let task = service.poll_workflow_task_queue(poll.into_request()).await.unwrap().into_inner();
    let command = ScheduleActivityTaskCommandAttributes {
        activity_id: "1".to_owned(),
        activity_type: Some(ActivityType { name: activity.to_owned() }),
        task_queue: Some(TaskQueue { name: task_queue.to_owned(), ..Default::default() }),
        input: Some(Payloads { payloads: vec![payload(input)] }),
        start_to_close_timeout: Duration::from_secs(20).try_into().ok(),
        heartbeat_timeout: Duration::from_secs(10).try_into().ok(),
        ..Default::default()
    };
    let answer = RespondWorkflowTaskCompletedRequest {
        namespace,
        task_token: task.task_token,
        commands: vec![Command {
            command_type: CommandType::ScheduleActivityTask.into(),
            attributes: Some(Attributes::ScheduleActivityTaskCommandAttributes(command)),
            ..Default::default()
        }],
        ..Default::default()
    };
    service.respond_workflow_task_completed(answer.into_request()).await.unwrap();
    let execution = WorkflowExecution { workflow_id: id.to_owned(), run_id };
    end_of_activity(client, execution).await
}

/// The result of the activity of the workflow, or the message of its failure.
async fn end_of_activity(client: &Client, execution: WorkflowExecution) -> Result<Value, String> {
    let history = GetWorkflowExecutionHistoryRequest {
        namespace: client.options().namespace.clone(),
        execution: Some(execution),
        ..Default::default()
    };
    wait_for("the end of the client's activity", LIMIT, async || {
        let mut service = client.connection().workflow_service();
        let answer = service.get_workflow_execution_history(history.clone().into_request()).await;
        let events = answer.ok()?.into_inner().history?.events;
        events.into_iter().find_map(|event| match event.attributes? {
            Happened::ActivityTaskCompletedEventAttributes(done) => {
                let result = done.result?.payloads.into_iter().next()?;
                Some(Ok(serde_json::from_slice(&result.data).unwrap()))
            }
            Happened::ActivityTaskFailedEventAttributes(failed) => {
                Some(Err(failed.failure?.message))
            }
            _ => None,
        })
    })
    .await
}

fn payload(value: &Value) -> Payload {
    Payload {
        metadata: [("encoding".to_owned(), b"json/plain".to_vec())].into(),
        data: value.to_string().into_bytes(),
        ..Default::default()
    }
}
