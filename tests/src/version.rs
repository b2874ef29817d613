//! One Worker Deployment Version, as a test deals with it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Serialize, de::DeserializeOwned};
use temporalio_client::{
    Client, UntypedQuery, UntypedSignal, UntypedUpdate, UntypedWorkflow, UntypedWorkflowHandle,
    WorkflowDescribeOptions, WorkflowExecuteUpdateOptions, WorkflowExecutionInfo,
    WorkflowExecutionStatus, WorkflowFetchHistoryOptions, WorkflowQueryOptions,
    WorkflowSignalOptions, errors::WorkflowUpdateError, tonic::IntoRequest,
};
use temporalio_common::{
    data_converters::RawValue,
    protos::temporal::api::{
        common::v1::WorkflowExecution,
        deployment::v1::WorkerDeploymentVersion,
        workflowservice::v1::{
            DescribeWorkerDeploymentVersionRequest, ResetStickyTaskQueueRequest,
        },
    },
};
use wci_contract::{VersionId, names, state::State};
use wci_workflows::{payload_of, text_of};

use crate::{
    Greeter, Group, History, Load, One, Programs, SOON, Said, SpecFile, lambda::Shared, run,
    wait_for,
};

/// A version and its task queue.
#[derive(Clone)]
pub struct Version {
    /// Its names.
    pub id: VersionId,
    /// The queue of its work.
    pub queue: String,
    pub(crate) client: Client,
    pub(crate) address: String,
    pub(crate) programs: Programs,
    pub(crate) dir: PathBuf,
    pub(crate) functions: Option<Arc<Shared>>,
}

impl Version {
    /// A spec file that has greeters serve everything.
    pub fn greeters(&self) -> SpecFile {
        SpecFile::of(&self.id).group("default", Group::greeters(&self.queue))
    }

    /// Applies `spec` and makes the version current, as a user would.
    pub async fn apply(&self, spec: &SpecFile) -> Said {
        self.apply_with(spec, &["--set-current"]).await
    }

    /// Applies `spec` with these options.
    pub async fn apply_with(&self, spec: &SpecFile, options: &[&str]) -> Said {
        let file = spec.write(&self.dir).display().to_string();
        let args = ["apply", "--address", &self.address, "-f", &file];
        run(&self.programs.wci, args.iter().chain(options)).await
    }

    /// Applies greeters, and waits until the server knows the version's queues and no worker
    /// lives: from here, everything starts from zero.
    pub async fn at_zero(&self) {
        self.at_zero_with(&self.greeters()).await;
    }

    /// The same with another spec.
    pub async fn at_zero_with(&self, spec: &SpecFile) {
        self.apply(spec).await.ok();
        wait_for("the version's queues", SOON, async || (self.queues().await >= 2).then_some(()))
            .await;
        self.left_alone().await;
    }

    /// Starts work for the version's queue.
    pub async fn load(&self, tasks: usize, work_ms: u64) -> Load {
        Load::start(&self.client, &self.queue, tasks, work_ms, None).await
    }

    /// Starts work that is bound to this version.
    pub async fn pinned_load(&self, tasks: usize, work_ms: u64) -> Load {
        Load::start(&self.client, &self.queue, tasks, work_ms, Some(&self.id)).await
    }

    /// Starts a workflow of this type with this input.
    pub async fn start(&self, kind: &str, input: &serde_json::Value) -> One {
        One::start(&self.client, &self.queue, kind, input).await
    }

    /// A worker of this version that nobody launched.
    pub fn greeter(&self) -> Greeter {
        Greeter::new(&self.programs.greeter, &self.address, &self.queue, &self.id)
    }

    /// Workers that were launched and live now, of any version and wherever they run.
    pub fn living(&self) -> usize {
        let processes =
            usize::try_from(wci_providers::running_processes_in(&run_dir(&self.dir))).unwrap();
        processes + self.functions.as_ref().map_or(0, |functions| functions.living())
    }

    /// Waits until no worker lives.
    #[track_caller]
    pub fn left_alone(&self) -> impl Future<Output = ()> {
        wait_for("the workers to leave", SOON, async || (self.living() == 0).then_some(()))
    }

    /// Task queues by which the server knows the version.
    pub async fn queues(&self) -> usize {
        let request = DescribeWorkerDeploymentVersionRequest {
            namespace: "default".into(),
            deployment_version: Some(WorkerDeploymentVersion {
                deployment_name: self.id.deployment().into(),
                build_id: self.id.build_id().into(),
            }),
            ..Default::default()
        };
        let mut service = self.client.connection().workflow_service();
        let answer = service.describe_worker_deployment_version(request.into_request()).await;
        answer.map_or(0, |answer| answer.into_inner().version_task_queues.len())
    }

    /// The instance's workflow.
    pub fn handle(&self) -> UntypedWorkflowHandle<Client> {
        self.client.get_workflow_handle::<UntypedWorkflow>(self.id.workflow_id())
    }

    /// One run of the instance's workflow.
    pub fn run(&self, run_id: &str) -> UntypedWorkflowHandle<Client> {
        let info = WorkflowExecutionInfo::builder()
            .namespace("default")
            .workflow_id(self.id.workflow_id())
            .run_id(run_id)
            .build();
        info.bind_untyped(self.client.clone())
    }

    /// The ID of the instance's latest run.
    pub async fn run_id(&self) -> String {
        let handle = self.handle();
        let found = handle.describe(WorkflowDescribeOptions::default()).await.unwrap();
        found.run_id().to_owned()
    }

    /// Whether a run of the instance goes on.
    pub async fn is_open(&self, run_id: &str) -> bool {
        let found = self.run(run_id).describe(WorkflowDescribeOptions::default()).await.unwrap();
        found.status() == WorkflowExecutionStatus::Running
    }

    /// The history of the latest run.
    pub async fn history(&self) -> History {
        history(&self.handle()).await
    }

    /// The history of a run.
    pub async fn history_of(&self, run_id: &str) -> History {
        history(&self.run(run_id)).await
    }

    /// Everything that the instance knows; `None` when it does not answer.
    pub async fn dump(&self) -> Option<State> {
        let (query, nothing) = (UntypedQuery::new(names::DUMP), RawValue::new(Vec::new()));
        let answer = self.handle().query(query, nothing, WorkflowQueryOptions::default()).await;
        serde_json::from_str(text_of(&answer.ok()?).ok()?).ok()
    }

    /// Has the server forget which worker keeps the instance in memory.
    pub async fn forget_worker(&self) {
        let request = ResetStickyTaskQueueRequest {
            namespace: "default".into(),
            execution: Some(WorkflowExecution {
                workflow_id: self.id.workflow_id(),
                ..WorkflowExecution::default()
            }),
        };
        let mut service = self.client.connection().workflow_service();
        service.reset_sticky_task_queue(request.into_request()).await.unwrap();
    }

    /// Sends the instance a signal.
    pub async fn signal(&self, name: &str, payload: RawValue) {
        let options = WorkflowSignalOptions::default();
        self.handle().signal(UntypedSignal::new(name), payload, options).await.unwrap();
    }

    /// Sends the instance an update.
    pub async fn update<T: DeserializeOwned>(
        &self,
        name: &str,
        request: &impl Serialize,
    ) -> Result<T, WorkflowUpdateError> {
        let options = WorkflowExecuteUpdateOptions::default();
        let request = payload_of(request).unwrap();
        let answer = self.handle().execute_update(UntypedUpdate::new(name), request, options).await;
        Ok(serde_json::from_str(text_of(&answer?).unwrap()).unwrap())
    }

    /// Runs a command of `wci` about this version: `wci <command> <version> <options>`.
    pub async fn wci(&self, command: &str, options: &[&str]) -> Said {
        let id = self.id.to_string();
        let args = [command, &id, "--address", &self.address];
        run(&self.programs.wci, args.iter().chain(options)).await
    }
}

pub(crate) fn run_dir(dir: &Path) -> PathBuf {
    dir.join("run")
}

pub(crate) async fn history(handle: &UntypedWorkflowHandle<Client>) -> History {
    let history = handle.fetch_history(WorkflowFetchHistoryOptions::default());
    History::new(history.into_events().await.unwrap())
}
