//! Forwards a worker's gRPC calls to the server and truncates the histories of queries.

use prost::Message;
use temporalio_client::{
    Connection,
    callback_based::{GrpcRequest, GrpcSuccessResponse},
    tonic::{Extensions, Request, Response, Status, metadata::MetadataMap},
};
use temporalio_common::protos::temporal::api::{
    history::v1::History,
    workflowservice::v1::{
        DescribeNamespaceRequest, GetSystemInfoResponse, GetWorkflowExecutionHistoryRequest,
        GetWorkflowExecutionHistoryResponse, PollActivityTaskQueueRequest,
        PollNexusTaskQueueRequest, PollWorkflowTaskQueueRequest, PollWorkflowTaskQueueResponse,
        RecordActivityTaskHeartbeatRequest, RecordWorkerHeartbeatRequest,
        RespondActivityTaskCanceledRequest, RespondActivityTaskCompletedRequest,
        RespondActivityTaskFailedRequest, RespondNexusTaskCompletedRequest,
        RespondNexusTaskFailedRequest, RespondQueryTaskCompletedRequest,
        RespondWorkflowTaskCompletedRequest, RespondWorkflowTaskFailedRequest,
        ShutdownWorkerRequest,
    },
};

use super::history::truncate_unapplied;

/// Headers of a connection, as opposed to those of the message sent over it.
const CONNECTION_HEADERS: [&str; 5] =
    ["content-type", "te", "user-agent", "grpc-encoding", "grpc-accept-encoding"];

/// Forwards `call` to `server` and returns its response.
pub(super) async fn forward(
    server: Connection,
    call: GrpcRequest,
) -> Result<GrpcSuccessResponse, Status> {
    macro_rules! dispatch {
        ($($rpc:literal => $method:ident($request:ty),)*) => {
            match call.rpc.as_str() {
                "PollWorkflowTaskQueue" => encoded(poll(&server, request(&call)?).await?),
                "GetWorkflowExecutionHistory" => encoded(history(&server, request(&call)?).await?),
                "GetSystemInfo" => encoded(Response::new(system_info(&server))),
                $($rpc => {
                    let request: Request<$request> = request(&call)?;
                    encoded(server.workflow_service().$method(request).await?)
                })*
                other => return Err(Status::unimplemented(format!(
                    "a query-safe connection does not forward {other}; call it on the underlying connection"
                ))),
            }
        };
    }
    // The calls that core 0.10.1 makes for a worker.
    Ok(dispatch! {
        "DescribeNamespace" => describe_namespace(DescribeNamespaceRequest),
        "PollActivityTaskQueue" => poll_activity_task_queue(PollActivityTaskQueueRequest),
        "PollNexusTaskQueue" => poll_nexus_task_queue(PollNexusTaskQueueRequest),
        "RecordActivityTaskHeartbeat" =>
            record_activity_task_heartbeat(RecordActivityTaskHeartbeatRequest),
        "RecordWorkerHeartbeat" => record_worker_heartbeat(RecordWorkerHeartbeatRequest),
        "RespondActivityTaskCanceled" =>
            respond_activity_task_canceled(RespondActivityTaskCanceledRequest),
        "RespondActivityTaskCompleted" =>
            respond_activity_task_completed(RespondActivityTaskCompletedRequest),
        "RespondActivityTaskFailed" =>
            respond_activity_task_failed(RespondActivityTaskFailedRequest),
        "RespondNexusTaskCompleted" =>
            respond_nexus_task_completed(RespondNexusTaskCompletedRequest),
        "RespondNexusTaskFailed" => respond_nexus_task_failed(RespondNexusTaskFailedRequest),
        "RespondQueryTaskCompleted" =>
            respond_query_task_completed(RespondQueryTaskCompletedRequest),
        "RespondWorkflowTaskCompleted" =>
            respond_workflow_task_completed(RespondWorkflowTaskCompletedRequest),
        "RespondWorkflowTaskFailed" =>
            respond_workflow_task_failed(RespondWorkflowTaskFailedRequest),
        "ShutdownWorker" => shutdown_worker(ShutdownWorkerRequest),
    })
}

/// The capabilities that `server` reported when the underlying connection was made.
fn system_info(server: &Connection) -> GetSystemInfoResponse {
    let capabilities = server.capabilities().cloned();
    GetSystemInfoResponse { capabilities, ..GetSystemInfoResponse::default() }
}

/// Polls for a workflow task. Completes and truncates the history of a query.
async fn poll(
    server: &Connection,
    request: Request<PollWorkflowTaskQueueRequest>,
) -> Result<Response<PollWorkflowTaskQueueResponse>, Status> {
    let namespace = request.get_ref().namespace.clone();
    let mut answer = server.workflow_service().poll_workflow_task_queue(request).await?;
    let task = answer.get_mut();
    if task.query.is_none() {
        return Ok(answer);
    }
    let mut history = task.history.take().unwrap_or_default();
    let token = std::mem::take(&mut task.next_page_token);
    if !token.is_empty() {
        let request = GetWorkflowExecutionHistoryRequest {
            namespace,
            execution: task.workflow_execution.clone(),
            next_page_token: token,
            ..GetWorkflowExecutionHistoryRequest::default()
        };
        let rest = all_pages(server, Request::new(request)).await?.into_inner();
        history.events.extend(rest.history.unwrap_or_default().events);
    }
    truncate_unapplied(&mut history);
    task.history = Some(history);
    Ok(answer)
}

/// Fetches a history.
///
/// A history fetched from its beginning may serve a query that found the workflow evicted from the
/// cache, so all its pages are fetched and truncated. Workflow tasks are unaffected: they carry the
/// end of their history themselves.
async fn history(
    server: &Connection,
    request: Request<GetWorkflowExecutionHistoryRequest>,
) -> Result<Response<GetWorkflowExecutionHistoryResponse>, Status> {
    if !request.get_ref().next_page_token.is_empty() {
        return server.workflow_service().get_workflow_execution_history(request).await;
    }
    let mut answer = all_pages(server, request).await?;
    if let Some(history) = &mut answer.get_mut().history {
        truncate_unapplied(history);
    }
    Ok(answer)
}

/// Fetches all pages, starting with the one that `request` names.
async fn all_pages(
    server: &Connection,
    request: Request<GetWorkflowExecutionHistoryRequest>,
) -> Result<Response<GetWorkflowExecutionHistoryResponse>, Status> {
    let (metadata, _, mut message) = request.into_parts();
    let mut events = Vec::new();
    loop {
        let page = Request::from_parts(metadata.clone(), Extensions::default(), message.clone());
        let mut answer = server.workflow_service().get_workflow_execution_history(page).await?;
        let page = answer.get_mut();
        events.extend(page.history.take().unwrap_or_default().events);
        message.next_page_token = std::mem::take(&mut page.next_page_token);
        if message.next_page_token.is_empty() {
            page.history = Some(History { events });
            return Ok(answer);
        }
    }
}

fn request<T: Message + Default>(call: &GrpcRequest) -> Result<Request<T>, Status> {
    let message = T::decode(call.proto.clone())
        .map_err(|error| Status::internal(format!("{} cannot be read: {error}", call.rpc)))?;
    let mut headers = call.headers.clone();
    for name in CONNECTION_HEADERS {
        headers.remove(name);
    }
    Ok(Request::from_parts(MetadataMap::from_headers(headers), Extensions::default(), message))
}

fn encoded<T: Message>(answer: Response<T>) -> GrpcSuccessResponse {
    let proto = answer.get_ref().encode_to_vec();
    let mut headers = answer.metadata().clone();
    for name in CONNECTION_HEADERS {
        headers.remove(name);
    }
    GrpcSuccessResponse { headers: headers.into_headers(), proto }
}
