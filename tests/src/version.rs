//! A Worker Deployment Version.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
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
        enums::v1::{DescribeTaskQueueMode, TaskQueueKind, TaskQueueType},
        taskqueue::v1::{TaskQueue, TaskQueueVersionSelection},
        workflowservice::v1::{
            DescribeTaskQueueRequest, DescribeWorkerDeploymentVersionRequest,
            ResetStickyTaskQueueRequest,
            describe_worker_deployment_version_response::VersionTaskQueue,
        },
    },
};
use wci_contract::{VersionId, names, state::State};
use wci_workflows::{payload_of, text_of};

use crate::{
    CommandOutput, Greeter, Group, History, Load, Programs, SOON, SpecFile, StartedWorkflow,
    lambda::Shared, run, wait_for,
};

/// A version and its task queue.
#[derive(Clone)]
pub struct Version {
    /// Its deployment name and build ID.
    pub id: VersionId,
    /// Its task queue.
    pub queue: String,
    pub(crate) client: Client,
    pub(crate) address: String,
    pub(crate) programs: Programs,
    pub(crate) dir: PathBuf,
    pub(crate) functions: Option<Arc<Shared>>,
}

impl Version {
    /// A spec file with one group of greeters for all task types.
    pub fn greeters(&self) -> SpecFile {
        SpecFile::of(&self.id).group("default", Group::greeters(&self.queue))
    }

    /// Applies `spec`, waits until its workers have polled, and makes the version current, as a user
    /// would.
    pub async fn apply(&self, spec: &SpecFile) -> CommandOutput {
        self.apply_with(spec, &["--set-current"]).await
    }

    /// Applies `spec` whose workers may never poll, and makes the version current all the same.
    pub async fn apply_unregistered(&self, spec: &SpecFile) -> CommandOutput {
        self.apply_with(spec, &["--set-current", "--force", "--wait=false"]).await
    }

    /// Applies `spec` with these options.
    pub async fn apply_with(&self, spec: &SpecFile, options: &[&str]) -> CommandOutput {
        let file = spec.write(&self.dir).display().to_string();
        let args = ["apply", "--address", &self.address, "-f", &file];
        run(&self.programs.wci, args.iter().chain(options)).await
    }

    /// Applies greeters, and waits until the server knows the version's queues and no worker runs.
    pub async fn at_zero(&self) {
        self.at_zero_with(&self.greeters()).await;
    }

    /// The same with another spec.
    pub async fn at_zero_with(&self, spec: &SpecFile) {
        self.apply(spec).await.ok();
        wait_for("the version's queues", SOON, async || (self.queues().await >= 2).then_some(()))
            .await;
        self.scaled_to_zero().await;
    }

    /// Starts work for the version's queue.
    pub async fn load(&self, tasks: usize, work_ms: u64) -> Load {
        Load::start(&self.client, &self.queue, tasks, work_ms, None).await
    }

    /// Starts work that is pinned to this version.
    pub async fn pinned_load(&self, tasks: usize, work_ms: u64) -> Load {
        Load::start(&self.client, &self.queue, tasks, work_ms, Some(&self.id)).await
    }

    /// Starts a workflow of this type with this input.
    pub async fn start(&self, kind: &str, input: &serde_json::Value) -> StartedWorkflow {
        StartedWorkflow::start(&self.client, &self.queue, kind, input).await
    }

    /// A worker of this version that no instance launches.
    pub fn greeter(&self) -> Greeter {
        Greeter::new(&self.programs.greeter, &self.address, &self.queue, &self.id)
    }

    /// The number of running launched workers, of any version: processes and functions.
    pub fn running_workers(&self) -> usize {
        let processes =
            usize::try_from(wci_providers::running_processes_in(&run_dir(&self.dir))).unwrap();
        processes + self.functions.as_ref().map_or(0, |functions| functions.running_workers())
    }

    /// Waits until no worker runs.
    #[track_caller]
    pub fn scaled_to_zero(&self) -> impl Future<Output = ()> {
        wait_for("the workers to exit", SOON, async || (self.running_workers() == 0).then_some(()))
    }

    /// The number of task queues that the server knows for the version.
    pub async fn queues(&self) -> usize {
        self.described().await.len()
    }

    /// The tasks that wait, and the age of the oldest, as the server reports them; `None` while it
    /// reports no stats. Unlike `DescribeWorkerDeploymentVersion`, this call queries no instance, so
    /// that it is answered while no system worker runs, too.
    pub async fn backlog(&self) -> Option<(i64, Duration)> {
        let version = self.id.to_string();
        let mut service = self.client.connection().workflow_service();
        let request = stats_request(&self.queue, &version).into_request();
        let mut response = service.describe_task_queue(request).await.ok()?.into_inner();
        let types = response.versions_info.remove(&version)?.types_info.into_values();
        let stats: Vec<_> = types.filter_map(|it| it.stats).collect();
        (!stats.is_empty()).then(|| {
            let waiting = stats.iter().map(|stats| stats.approximate_backlog_count).sum();
            let ages = stats.iter().filter_map(|stats| stats.approximate_backlog_age);
            let oldest = ages.map(|age| age.seconds).max().unwrap_or_default();
            (waiting, Duration::from_secs(u64::try_from(oldest).unwrap_or_default()))
        })
    }

    async fn described(&self) -> Vec<VersionTaskQueue> {
        let request = DescribeWorkerDeploymentVersionRequest {
            namespace: "default".into(),
            deployment_version: Some(WorkerDeploymentVersion {
                deployment_name: self.id.deployment().into(),
                build_id: self.id.build_id().into(),
            }),
            ..Default::default()
        };
        let mut service = self.client.connection().workflow_service();
        let response = service.describe_worker_deployment_version(request.into_request()).await;
        response.map_or_else(|_| Vec::new(), |response| response.into_inner().version_task_queues)
    }

    /// The instance's workflow.
    pub fn handle(&self) -> UntypedWorkflowHandle<Client> {
        self.client.get_workflow_handle::<UntypedWorkflow>(self.id.workflow_id())
    }

    /// StartedWorkflow run of the instance's workflow.
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

    /// Whether a run of the instance is open.
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

    /// The state of the instance; `None` if the query fails.
    pub async fn dump(&self) -> Option<State> {
        let (query, nothing) = (UntypedQuery::new(names::DUMP), RawValue::new(Vec::new()));
        let response = self.handle().query(query, nothing, WorkflowQueryOptions::default()).await;
        serde_json::from_str(text_of(&response.ok()?).ok()?).ok()
    }

    /// Resets the sticky queue: the server forgets which worker caches the instance.
    pub async fn reset_sticky_queue(&self) {
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
        let response =
            self.handle().execute_update(UntypedUpdate::new(name), request, options).await;
        Ok(serde_json::from_str(text_of(&response?).unwrap()).unwrap())
    }

    /// Runs a command of `wci` for this version: `wci <command> <version> <options>`.
    pub async fn wci(&self, command: &str, options: &[&str]) -> CommandOutput {
        self.wci_at(&self.address, command, options).await
    }

    /// The same, connected to `address`.
    pub async fn wci_at(&self, address: &str, command: &str, options: &[&str]) -> CommandOutput {
        let id = self.id.to_string();
        let args = [command, &id, "--address", address];
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

/// Asks for the stats of a queue's workflow and activity tasks of one version.
#[expect(deprecated, reason = "the mode that replaces it does not tell versions apart")]
fn stats_request(queue: &str, version: &str) -> DescribeTaskQueueRequest {
    DescribeTaskQueueRequest {
        namespace: "default".into(),
        task_queue: Some(TaskQueue {
            name: queue.into(),
            kind: TaskQueueKind::Normal.into(),
            ..Default::default()
        }),
        api_mode: DescribeTaskQueueMode::Enhanced.into(),
        versions: Some(TaskQueueVersionSelection {
            build_ids: vec![version.into()],
            ..Default::default()
        }),
        task_queue_types: vec![TaskQueueType::Workflow.into(), TaskQueueType::Activity.into()],
        report_stats: true,
        ..Default::default()
    }
}
