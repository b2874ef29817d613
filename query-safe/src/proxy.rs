//! Forwards a worker's gRPC calls to the server, truncates the histories of queries, and applies the
//! bounds.

use prost::Message;
use temporalio_client::{
    Connection,
    callback_based::{GrpcRequest, GrpcSuccessResponse},
    tonic::{Extensions, Request, Response, Status},
};
use temporalio_common::protos::temporal::api::{
    history::v1::History,
    workflowservice::v1::{
        GetSystemInfoResponse, GetWorkflowExecutionHistoryRequest,
        GetWorkflowExecutionHistoryResponse, PollActivityTaskQueueRequest,
        PollActivityTaskQueueResponse, PollWorkflowTaskQueueRequest, PollWorkflowTaskQueueResponse,
        RespondActivityTaskCanceledRequest, RespondActivityTaskCompletedRequest,
        RespondActivityTaskFailedRequest, RespondQueryTaskCompletedRequest,
        RespondWorkflowTaskCompletedRequest, RespondWorkflowTaskCompletedResponse,
        RespondWorkflowTaskFailedRequest,
    },
};
use tokio::sync::Semaphore;

use super::{
    MAX_POLL,
    bounds::{Bounds, is_too_large, too_long},
    calls::{WORKFLOW_SERVICE, encoded, pass, request},
    history::{is_of_core, truncate_unapplied},
    in_flight::InFlight,
};

/// Histories that are read as a whole at a time.
const WHOLE_HISTORIES: usize = 2;

/// The calls of the workflow service that do not pass as they are.
#[cfg(test)]
pub(super) const HANDLED: [&str; 10] = [
    "PollWorkflowTaskQueue",
    "PollActivityTaskQueue",
    "GetWorkflowExecutionHistory",
    "GetSystemInfo",
    "RespondWorkflowTaskCompleted",
    "RespondActivityTaskCanceled",
    "RespondActivityTaskCompleted",
    "RespondActivityTaskFailed",
    "RespondQueryTaskCompleted",
    "RespondWorkflowTaskFailed",
];

/// Forwards the calls of one worker.
pub(super) struct Proxy {
    server: Connection,
    bounds: Option<Bounds>,
    /// The tasks that the worker handles now.
    in_flight: InFlight,
    /// Held while a whole history is read.
    reading: Semaphore,
}

impl Proxy {
    pub(super) fn new(server: Connection, bounds: Option<Bounds>) -> Self {
        let in_flight = InFlight::new(bounds.as_ref().map_or(usize::MAX, |it| it.in_flight));
        let reading = match bounds {
            Some(_) => Semaphore::new(WHOLE_HISTORIES),
            None => Semaphore::new(Semaphore::MAX_PERMITS),
        };
        Self { server, bounds, in_flight, reading }
    }

    /// Forwards `call` to the server and returns its response.
    ///
    /// Only calls that bring tasks or histories, and their answers, are treated in a special way.
    pub(super) async fn forward(&self, call: GrpcRequest) -> Result<GrpcSuccessResponse, Status> {
        if call.service != WORKFLOW_SERVICE {
            return pass(&self.server, &call).await;
        }
        macro_rules! answer {
            ($reply:ident($type:ty)) => {{
                let request: Request<$type> = request(&call)?;
                let token = request.get_ref().task_token.clone();
                let reply = self.server.workflow_service().$reply(request).await;
                self.in_flight.release(&token);
                Ok(encoded(reply?))
            }};
        }
        // Keep `HANDLED` in step.
        match call.rpc.as_str() {
            "PollWorkflowTaskQueue" => Ok(encoded(self.poll(request(&call)?).await?)),
            "PollActivityTaskQueue" => Ok(encoded(self.poll_activity(request(&call)?).await?)),
            "GetWorkflowExecutionHistory" => Ok(encoded(self.history(request(&call)?).await?)),
            "GetSystemInfo" => Ok(encoded(Response::new(system_info(&self.server)))),
            "RespondWorkflowTaskCompleted" => {
                Ok(encoded(self.complete_workflow_task(request(&call)?).await?))
            }
            "RespondActivityTaskCanceled" => {
                answer!(respond_activity_task_canceled(RespondActivityTaskCanceledRequest))
            }
            "RespondActivityTaskCompleted" => {
                answer!(respond_activity_task_completed(RespondActivityTaskCompletedRequest))
            }
            "RespondActivityTaskFailed" => {
                answer!(respond_activity_task_failed(RespondActivityTaskFailedRequest))
            }
            "RespondQueryTaskCompleted" => {
                answer!(respond_query_task_completed(RespondQueryTaskCompletedRequest))
            }
            "RespondWorkflowTaskFailed" => {
                answer!(respond_workflow_task_failed(RespondWorkflowTaskFailedRequest))
            }
            _ => pass(&self.server, &call).await,
        }
    }

    /// Polls for a workflow task. Completes and truncates the history of a query.
    async fn poll(
        &self,
        mut request: Request<PollWorkflowTaskQueueRequest>,
    ) -> Result<Response<PollWorkflowTaskQueueResponse>, Status> {
        self.limit_poll(&mut request);
        let namespace = request.get_ref().namespace.clone();
        let polled = self.server.workflow_service().poll_workflow_task_queue(request).await;
        let mut answer = match polled {
            Err(status) if self.bounds.is_some() && is_too_large(&status) => {
                tracing::warn!(namespace, error = status.message(), "dropped a workflow task");
                return Ok(Response::new(Default::default()));
            }
            polled => polled?,
        };
        let task = answer.get_mut();
        if let Some(bounds) = &self.bounds {
            bounds.apply_to_task(task).await?;
        }
        if task.query.is_some() {
            self.complete_query(&namespace, task).await?;
        }
        let bytes = task.encoded_len();
        let run_id = task.workflow_execution.as_ref().map_or("", |it| &it.run_id);
        if !self.in_flight.admit_workflow(&task.task_token, run_id, bytes).await {
            tracing::warn!(namespace, bytes, "dropped a workflow task: too many bytes in flight");
            return Ok(Response::new(Default::default()));
        }
        Ok(answer)
    }

    fn limit_poll<T>(&self, request: &mut Request<T>) {
        if self.bounds.is_none() {
            request.set_timeout(MAX_POLL);
        }
    }

    async fn complete_query(
        &self,
        namespace: &str,
        task: &mut PollWorkflowTaskQueueResponse,
    ) -> Result<(), Status> {
        let mut history = task.history.take().unwrap_or_default();
        let token = std::mem::take(&mut task.next_page_token);
        if !token.is_empty() {
            let request = GetWorkflowExecutionHistoryRequest {
                namespace: namespace.to_owned(),
                execution: task.workflow_execution.clone(),
                next_page_token: token,
                ..GetWorkflowExecutionHistoryRequest::default()
            };
            let rest = self.all_pages(Request::new(request)).await?.into_inner();
            history.events.extend(rest.history.unwrap_or_default().events);
        }
        truncate_unapplied(&mut history);
        task.history = Some(history);
        Ok(())
    }

    /// Polls for an activity task.
    async fn poll_activity(
        &self,
        mut request: Request<PollActivityTaskQueueRequest>,
    ) -> Result<Response<PollActivityTaskQueueResponse>, Status> {
        self.limit_poll(&mut request);
        let namespace = request.get_ref().namespace.clone();
        let polled = self.server.workflow_service().poll_activity_task_queue(request).await;
        let mut answer = match polled {
            Err(status) if self.bounds.is_some() && is_too_large(&status) => {
                tracing::warn!(namespace, error = status.message(), "dropped an activity task");
                return Ok(Response::new(Default::default()));
            }
            polled => polled?,
        };
        let task = answer.get_mut();
        if let Some(bounds) = &self.bounds {
            bounds.apply(task).await?;
        }
        let bytes = task.encoded_len();
        if !self.in_flight.admit_activity(&task.task_token, bytes).await {
            tracing::warn!(namespace, bytes, "dropped an activity task: too many bytes in flight");
            return Ok(Response::new(Default::default()));
        }
        Ok(answer)
    }

    /// Completes a workflow task. The response may hold the next one.
    async fn complete_workflow_task(
        &self,
        request: Request<RespondWorkflowTaskCompletedRequest>,
    ) -> Result<Response<RespondWorkflowTaskCompletedResponse>, Status> {
        let token = request.get_ref().task_token.clone();
        let reply = self.server.workflow_service().respond_workflow_task_completed(request).await;
        self.in_flight.release(&token);
        let mut reply = reply?;
        if let Some(bounds) = &self.bounds {
            bounds.apply(reply.get_mut()).await?;
        }
        Ok(reply)
    }

    /// Fetches a history.
    ///
    /// A history fetched from its beginning may serve a query that found the workflow evicted from
    /// the cache, so all its pages are fetched and truncated. Workflow tasks are unaffected: they
    /// carry the end of their history themselves. A history that the program reads with the
    /// worker's client stays whole.
    async fn history(
        &self,
        request: Request<GetWorkflowExecutionHistoryRequest>,
    ) -> Result<Response<GetWorkflowExecutionHistoryResponse>, Status> {
        if !is_of_core(request.get_ref()) {
            return self.page(request).await;
        }
        let _reading = self.reading.acquire().await;
        let run_id = request.get_ref().execution.as_ref().map(|it| it.run_id.clone());
        let mut answer = self.all_pages(request).await?;
        let bytes = answer.get_ref().encoded_len();
        if !self.in_flight.grow(run_id.as_deref().unwrap_or_default(), bytes).await {
            return Err(too_long("too many bytes in flight"));
        }
        if let Some(history) = &mut answer.get_mut().history {
            truncate_unapplied(history);
        }
        Ok(answer)
    }

    /// Fetches all pages, starting with the one that `request` names.
    async fn all_pages(
        &self,
        request: Request<GetWorkflowExecutionHistoryRequest>,
    ) -> Result<Response<GetWorkflowExecutionHistoryResponse>, Status> {
        let (metadata, _, mut message) = request.into_parts();
        let (mut events, mut bytes) = (Vec::new(), 0);
        loop {
            let page =
                Request::from_parts(metadata.clone(), Extensions::default(), message.clone());
            let mut answer = self.page(page).await?;
            let page = answer.get_mut();
            let history = page.history.take().unwrap_or_default();
            if let Some(bounds) = &self.bounds {
                bytes += history.encoded_len();
                bounds.check_history(bytes)?;
            }
            events.extend(history.events);
            message.next_page_token = std::mem::take(&mut page.next_page_token);
            if message.next_page_token.is_empty() {
                page.history = Some(History { events });
                return Ok(answer);
            }
        }
    }

    async fn page(
        &self,
        request: Request<GetWorkflowExecutionHistoryRequest>,
    ) -> Result<Response<GetWorkflowExecutionHistoryResponse>, Status> {
        let read = self.server.workflow_service().get_workflow_execution_history(request).await;
        let mut answer = match read {
            Err(status) if self.bounds.is_some() && is_too_large(&status) => {
                tracing::warn!(error = status.message(), "dropped a page of a history");
                return Err(too_long(status.message()));
            }
            read => read?,
        };
        if let Some(bounds) = &self.bounds {
            bounds.apply(answer.get_mut()).await?;
        }
        Ok(answer)
    }
}

/// The capabilities that `server` reported when the underlying connection was made.
fn system_info(server: &Connection) -> GetSystemInfoResponse {
    let capabilities = server.capabilities().cloned();
    GetSystemInfoResponse { capabilities, ..GetSystemInfoResponse::default() }
}
