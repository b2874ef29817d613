//! One instance: start, query, update and end it.

use anyhow::anyhow;
use serde::{Serialize, de::DeserializeOwned};
use temporalio_client::{
    Client, UntypedQuery, UntypedSignal, UntypedUpdate, UntypedWorkflowHandle,
    WorkflowExecuteUpdateOptions, WorkflowExecutionInfo, WorkflowIdConflictPolicy,
    WorkflowQueryOptions, WorkflowSignalOptions, WorkflowStartOptions, tonic::IntoRequest,
};
use temporalio_common::{
    MemoValues, UntypedWorkflow,
    data_converters::RawValue,
    protos::temporal::api::{
        common::v1::WorkflowExecution, workflowservice::v1::TerminateWorkflowExecutionRequest,
    },
};
use wci_contract::{
    VersionId,
    messages::{
        Checked, DeleteRequest, Description, Done, Memo, ReleaseRequest, StartInput, UpdateReply,
        UpdateRequest,
    },
    names,
    signal::TaskAdd,
    state::{State, Timestamp},
    summaries,
};

use super::{
    AdminClient, CHANGE, ControlError, QUERY, SOON,
    wire::{decode, division, encode},
    within,
};
use crate::clock;

impl AdminClient {
    /// Starts an instance without a spec. Fails with [`ControlError::Exists`] if one runs.
    pub(crate) async fn start(&self, id: &VersionId) -> Result<(), ControlError> {
        let input = self.input(id, None);
        let options = WorkflowStartOptions::new(&self.task_queue, id.workflow_id())
            .id_conflict_policy(WorkflowIdConflictPolicy::Fail)
            .search_attributes(division())
            .memo(memo(id))
            .static_summary(summary(id))
            .build();
        let workflow = UntypedWorkflow::new(names::INSTANCE_WORKFLOW);
        let call = self.client.start_workflow(workflow, encode(&input)?, options);
        within("starting the instance", SOON, call).await.map(|_| ())
    }

    /// The input of a run of the instance.
    pub(super) fn input(&self, id: &VersionId, state: Option<State>) -> StartInput {
        StartInput {
            namespace_name: self.namespace.clone(),
            namespace_id: self.namespace_id.clone(),
            deployment_name: id.deployment().to_owned(),
            build_id: id.build_id().to_owned(),
            state,
            ..StartInput::default()
        }
    }

    /// The description that the instance also gives the server's deployment workflows.
    pub(crate) async fn describe(&self, id: &VersionId) -> Result<Description, ControlError> {
        self.query(id, names::DESCRIBE).await
    }

    /// Describes the instance. Fails with advice if no system worker serves it: a recent poll may
    /// have been the worker's last.
    pub(crate) async fn require_description(&self, id: &VersionId) -> anyhow::Result<Description> {
        self.describe(id).await.map_err(|error| self.query_error(error))
    }

    /// Turns the error of a query into one with advice.
    pub(crate) fn query_error(&self, error: ControlError) -> anyhow::Error {
        let queue = &self.task_queue;
        match error {
            ControlError::NoAnswer { .. } | ControlError::Interrupted(_) => anyhow!(
                "the system worker of task queue {queue} in namespace {} does not respond \
                 ({error}): check that one is running and has the same version of wci",
                self.namespace
            ),
            error => error.into(),
        }
    }

    /// The full state of the instance, or its last state if it ended.
    pub(crate) async fn dump(&self, id: &VersionId) -> Result<State, ControlError> {
        self.query(id, names::DUMP).await
    }

    /// The full state of one run of the instance, or its last state if it ended.
    pub(crate) async fn dump_run(
        &self,
        id: &VersionId,
        run_id: &str,
    ) -> Result<State, ControlError> {
        query(&self.run(id, run_id), names::DUMP).await
    }

    /// Updates the spec.
    pub(crate) async fn update(
        &self,
        id: &VersionId,
        request: &UpdateRequest,
    ) -> Result<UpdateReply, ControlError> {
        self.execute_update(id, names::UPDATE, request).await
    }

    /// Checks an update of the spec without applying it.
    pub(crate) async fn check(
        &self,
        id: &VersionId,
        request: &UpdateRequest,
    ) -> Result<Checked, ControlError> {
        self.execute_update(id, names::VALIDATE, request).await
    }

    /// Ends the instance.
    pub(crate) async fn delete(
        &self,
        id: &VersionId,
        identity: &str,
    ) -> Result<Done, ControlError> {
        self.execute_update(id, names::DELETE, &DeleteRequest { identity: identity.to_owned() })
            .await
    }

    /// Ends the instance and returns its last state.
    pub(crate) async fn release(
        &self,
        id: &VersionId,
        identity: &str,
    ) -> Result<State, ControlError> {
        self.execute_update(id, names::RELEASE, &ReleaseRequest { identity: identity.to_owned() })
            .await
    }

    /// Signals waiting tasks to the instance, as the matching service does.
    pub(crate) async fn announce(
        &self,
        id: &VersionId,
        tasks: &TaskAdd,
    ) -> Result<(), ControlError> {
        let handle = self.handle(id);
        let signal = UntypedSignal::new(names::TASK_ADD_SIGNAL);
        let call = handle.signal(signal, encode(tasks)?, WorkflowSignalOptions::default());
        within("announcing tasks to the instance", SOON, call).await
    }

    /// Terminates the instance's workflow.
    pub(crate) async fn terminate(&self, id: &VersionId, reason: &str) -> Result<(), ControlError> {
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
        within("terminating the instance", SOON, call).await.map(|_| ())
    }

    async fn query<T: DeserializeOwned>(
        &self,
        id: &VersionId,
        name: &str,
    ) -> Result<T, ControlError> {
        query(&self.handle(id), name).await
    }

    async fn execute_update<T: DeserializeOwned>(
        &self,
        id: &VersionId,
        name: &str,
        request: &impl Serialize,
    ) -> Result<T, ControlError> {
        let handle = self.handle(id);
        let options = WorkflowExecuteUpdateOptions::default();
        let call = handle.execute_update(UntypedUpdate::new(name), encode(request)?, options);
        decode(&within("updating the instance", CHANGE, call).await?)
    }

    fn handle(&self, id: &VersionId) -> UntypedWorkflowHandle<Client> {
        self.client.get_workflow_handle::<UntypedWorkflow>(id.workflow_id())
    }

    /// One run of the instance.
    pub(super) fn run(&self, id: &VersionId, run_id: &str) -> UntypedWorkflowHandle<Client> {
        let info = WorkflowExecutionInfo::builder()
            .namespace(&self.namespace)
            .workflow_id(id.workflow_id())
            .run_id(run_id)
            .build();
        info.bind_untyped(self.client.clone())
    }
}

async fn query<T: DeserializeOwned>(
    handle: &UntypedWorkflowHandle<Client>,
    name: &str,
) -> Result<T, ControlError> {
    let nothing = RawValue::new(Vec::new());
    let call = handle.query(UntypedQuery::new(name), nothing, WorkflowQueryOptions::default());
    decode(&within("querying the instance", QUERY, call).await?)
}

fn memo(id: &VersionId) -> MemoValues {
    let now = clock::now();
    let nanos = i32::try_from(now.rem_euclid(1000) * 1_000_000).unwrap_or(0);
    let create_time = Timestamp { seconds: now.div_euclid(1000), nanos };
    let mut values = MemoValues::new();
    values.insert(names::MEMO, memo_of(id, create_time));
    values
}

/// The memo of an instance that was created at `create_time`.
pub(super) fn memo_of(id: &VersionId, create_time: Timestamp) -> Memo {
    Memo {
        deployment_name: id.deployment().to_owned(),
        build_id: id.build_id().to_owned(),
        create_time,
    }
}

/// The summary that the UI shows beside the workflow.
pub(super) fn summary(id: &VersionId) -> String {
    format!("{}{id}", summaries::INSTANCE)
}
