//! One instance: look at it, start it, ask it, change it, end it.

use serde::{Serialize, de::DeserializeOwned};
use temporalio_client::{
    UntypedQuery, UntypedUpdate, UntypedWorkflowHandle, WorkflowExecuteUpdateOptions,
    WorkflowIdConflictPolicy, WorkflowQueryOptions, WorkflowStartOptions, tonic::IntoRequest,
};
use temporalio_common::{
    MemoValues, UntypedWorkflow,
    data_converters::RawValue,
    protos::temporal::api::{
        common::v1::WorkflowExecution,
        enums::v1::WorkflowExecutionStatus,
        workflow::v1::WorkflowExecutionInfo,
        workflowservice::v1::{
            DescribeWorkflowExecutionRequest, TerminateWorkflowExecutionRequest,
        },
    },
    search_attributes::{SearchAttributeKey, SearchAttributes},
};
use wci_contract::{
    InstanceId,
    messages::{DeleteRequest, Description, Done, Memo, StartInput, UpdateReply, UpdateRequest},
    names,
    state::{State, Timestamp},
};
use wci_workflows::{payload_of, text_of};

use super::{CHANGE, Control, QUERY, SOON, Trouble, within};
use crate::clock::{self, Millis};

const DIVISION: SearchAttributeKey<String> = SearchAttributeKey::keyword(names::DIVISION_ATTRIBUTE);

/// Who runs an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Keeper {
    /// The system worker that this command talks to.
    Wci,
    /// The server's own controller.
    Server,
    /// Somebody on another task queue.
    Other,
}

impl Keeper {
    /// The keeper of instances on `queue`, where `ours` is the queue of our system worker.
    pub(crate) fn of(queue: &str, ours: &str) -> Self {
        if queue == ours {
            Self::Wci
        } else if queue.starts_with(names::SERVER_QUEUE_PREFIX) {
            Self::Server
        } else {
            Self::Other
        }
    }

    /// The keeper in a word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Wci => "wci",
            Self::Server => "server",
            Self::Other => "other",
        }
    }
}

/// What the server knows of an instance's workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Execution {
    /// The run.
    pub(crate) run_id: String,
    /// Where it runs.
    pub(crate) task_queue: String,
    /// For example `Running`.
    pub(crate) status: WorkflowExecutionStatus,
    /// When the run began.
    pub(crate) started: Millis,
    /// When it ended.
    pub(crate) closed: Option<Millis>,
    /// Events in its history.
    pub(crate) history_length: i64,
}

impl Execution {
    /// Whether it runs.
    pub(crate) fn is_open(&self) -> bool {
        self.status == WorkflowExecutionStatus::Running
    }

    fn of(info: WorkflowExecutionInfo) -> Self {
        Self {
            run_id: info.execution.unwrap_or_default().run_id,
            task_queue: info.task_queue,
            status: WorkflowExecutionStatus::try_from(info.status).unwrap_or_default(),
            started: info
                .start_time
                .map(|at| clock::of_parts(at.seconds, at.nanos))
                .unwrap_or_default(),
            closed: info.close_time.map(|at| clock::of_parts(at.seconds, at.nanos)),
            history_length: info.history_length,
        }
    }
}

impl Control {
    /// The latest run of the instance, open or closed; `None` when there never was one.
    pub(crate) async fn look(&self, id: &InstanceId) -> Result<Option<Execution>, Trouble> {
        let request = DescribeWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            execution: Some(WorkflowExecution {
                workflow_id: id.workflow_id(),
                run_id: String::new(),
            }),
        };
        let mut service = self.service();
        let call = service.describe_workflow_execution(request.into_request());
        match within("whether the instance runs", SOON, call).await {
            Ok(found) => Ok(found.into_inner().workflow_execution_info.map(Execution::of)),
            Err(Trouble::NotFound(_)) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Starts an instance without a spec. [`Trouble::Exists`] when one runs.
    pub(crate) async fn start(&self, id: &InstanceId) -> Result<(), Trouble> {
        let input = StartInput {
            namespace_name: self.namespace.clone(),
            namespace_id: self.namespace_id.clone(),
            deployment_name: id.deployment().to_owned(),
            build_id: id.build_id().to_owned(),
            ..StartInput::default()
        };
        let options = WorkflowStartOptions::new(&self.task_queue, id.workflow_id())
            .id_conflict_policy(WorkflowIdConflictPolicy::Fail)
            .search_attributes(division())
            .memo(memo(id)?)
            .static_summary(format!("starts workers for {id}"))
            .build();
        let workflow = UntypedWorkflow::new(names::INSTANCE_WORKFLOW);
        let call = self.client.start_workflow(workflow, encode(&input)?, options);
        within("start the instance", SOON, call).await.map(|_| ())
    }

    /// What the instance tells the server's deployment workflows.
    pub(crate) async fn describe(&self, id: &InstanceId) -> Result<Description, Trouble> {
        self.query(id, names::DESCRIBE).await
    }

    /// Everything that the instance knows.
    pub(crate) async fn dump(&self, id: &InstanceId) -> Result<State, Trouble> {
        self.query(id, names::DUMP).await
    }

    /// Changes the spec.
    pub(crate) async fn update(
        &self,
        id: &InstanceId,
        request: &UpdateRequest,
    ) -> Result<UpdateReply, Trouble> {
        self.tell(id, names::UPDATE, request).await
    }

    /// Checks a change without making it.
    pub(crate) async fn check(
        &self,
        id: &InstanceId,
        request: &UpdateRequest,
    ) -> Result<Done, Trouble> {
        self.tell(id, names::VALIDATE, request).await
    }

    /// Ends the instance.
    pub(crate) async fn delete(&self, id: &InstanceId, identity: &str) -> Result<Done, Trouble> {
        self.tell(id, names::DELETE, &DeleteRequest { identity: identity.to_owned() }).await
    }

    /// Ends the instance without asking it.
    pub(crate) async fn terminate(&self, id: &InstanceId, reason: &str) -> Result<(), Trouble> {
        let request = TerminateWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_execution: Some(WorkflowExecution {
                workflow_id: id.workflow_id(),
                run_id: String::new(),
            }),
            reason: reason.to_owned(),
            identity: crate::connection::identity(),
            ..Default::default()
        };
        let mut service = self.service();
        let call = service.terminate_workflow_execution(request.into_request());
        within("end the instance", SOON, call).await.map(|_| ())
    }

    async fn query<T: DeserializeOwned>(&self, id: &InstanceId, name: &str) -> Result<T, Trouble> {
        let handle = self.handle(id);
        let call = handle.query(
            UntypedQuery::new(name),
            RawValue::new(Vec::new()),
            WorkflowQueryOptions::default(),
        );
        decode(&within("what the instance knows", QUERY, call).await?)
    }

    async fn tell<T: DeserializeOwned>(
        &self,
        id: &InstanceId,
        name: &str,
        request: &impl Serialize,
    ) -> Result<T, Trouble> {
        let handle = self.handle(id);
        let options = WorkflowExecuteUpdateOptions::default();
        let call = handle.execute_update(UntypedUpdate::new(name), encode(request)?, options);
        decode(&within("the instance was asked for a change", CHANGE, call).await?)
    }

    fn handle(&self, id: &InstanceId) -> UntypedWorkflowHandle<temporalio_client::Client> {
        self.client.get_workflow_handle::<UntypedWorkflow>(id.workflow_id())
    }
}

/// The search attribute that keeps system workflows out of users' lists.
pub(super) fn division() -> SearchAttributes {
    SearchAttributes::new([DIVISION.value_set(names::DIVISION.to_owned())])
}

pub(super) fn encode(value: &impl Serialize) -> Result<RawValue, Trouble> {
    payload_of(value).map_err(|error| Trouble::other(&error))
}

pub(super) fn decode<T: DeserializeOwned>(raw: &RawValue) -> Result<T, Trouble> {
    let text = text_of(raw).map_err(|refusal| Trouble::other(&refusal))?;
    serde_json::from_str(text).map_err(|error| {
        Trouble::Other(format!("the answer makes no sense to this version of wci: {error}"))
    })
}

fn memo(id: &InstanceId) -> Result<MemoValues, Trouble> {
    let now = clock::now();
    let nanos = i32::try_from(now.rem_euclid(1000) * 1_000_000).unwrap_or(0);
    let memo = Memo {
        deployment_name: id.deployment().to_owned(),
        build_id: id.build_id().to_owned(),
        create_time: Timestamp { seconds: now.div_euclid(1000), nanos },
    };
    let mut values = MemoValues::new();
    values.insert(names::MEMO, memo);
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_task_queue_tells_who_runs_an_instance() {
        assert_eq!(Keeper::of("wci-system", "wci-system"), Keeper::Wci);
        assert_eq!(Keeper::of("temporal-sys-per-ns-tq", "wci-system"), Keeper::Server);
        assert_eq!(Keeper::of("wci-blue", "wci-system"), Keeper::Other);
    }
}
