//! Who requests an activity. The server hands us whatever any workflow of the namespace schedules
//! on our task queue, so an activity first checks that an instance of ours requested it: a workflow
//! of the right type, with the ID of its own version, that runs on our task queue, and whose spec
//! has what is to be started.
//!
//! What the workflow code of this process scheduled itself is known without asking. For the rest,
//! the server is asked once for each run, and the instance for its spec whenever a request does not
//! match the one that it told last.

mod runs;
mod scheduled;

use std::{sync::Arc, time::Duration};

use temporalio_sdk::{
    activities::{ActivityError, ActivityInfo},
    error::ApplicationFailure,
};
use wci_contract::{
    ComputeSpec, FailureClass, VersionId,
    launch::Outcome,
    limits::{MAX_MESSAGE, cut},
    names::{INSTANCE_WORKFLOW, VALIDATE_WORKFLOW},
};

pub use scheduled::ScheduledHere;

use crate::server::instance_runs::InstanceRuns;
use runs::{KnownRun, KnownRuns};

/// The time until an activity of an instance too many is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// Why an activity is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// No instance of ours requested it.
    Caller(String),
    /// The spec of the instance does not have what is to be started.
    Spec(String),
    /// The operator allows fewer instances.
    Instances(String),
    /// It cannot be checked now.
    Unknown(String),
}

impl Refused {
    /// The name in metrics.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Caller(_) => "caller",
            Self::Spec(_) => "spec",
            Self::Instances(_) => "instances",
            Self::Unknown(_) => "unknown",
        }
    }

    pub(crate) fn message(&self) -> &str {
        let (Self::Caller(message)
        | Self::Spec(message)
        | Self::Instances(message)
        | Self::Unknown(message)) = self;
        cut(message, MAX_MESSAGE)
    }

    /// The outcome of a launch or resize of `count` workers. Whatever may pass is retried by the
    /// instance's back-off.
    pub(crate) fn outcome(&self, count: u32) -> Outcome {
        let class = match self {
            Self::Caller(_) | Self::Instances(_) => FailureClass::Forbidden,
            // The spec may have changed since the launch was requested: its tasks wait for the next.
            Self::Spec(_) => FailureClass::Conflict,
            Self::Unknown(_) => FailureClass::Unavailable,
        };
        Outcome::failed(count, class, self.message())
    }

    /// The failure of an activity that has no outcome. Whatever may pass is retried by the server.
    pub(crate) fn into_error(self) -> ActivityError {
        let message = self.message().to_owned();
        let failure = ApplicationFailure::builder(message).type_name("Refused".to_owned());
        ActivityError::application(match self {
            Self::Caller(_) => failure.non_retryable(true).build(),
            Self::Instances(_) => failure.next_retry_delay(RETRY_AFTER).build(),
            Self::Spec(_) | Self::Unknown(_) => failure.build(),
        })
    }
}

/// The workflows whose activities one namespace's workers carry out.
pub struct Callers {
    task_queue: String,
    max_instances: u32,
    server: InstanceRuns,
    scheduled: Arc<ScheduledHere>,
    known: KnownRuns,
}

impl Callers {
    /// Callers on `task_queue`, at most `max_instances`. `scheduled` is what the workflow code of
    /// this process scheduled.
    pub fn new(
        client: temporalio_client::Client,
        task_queue: &str,
        max_instances: u32,
        scheduled: Arc<ScheduledHere>,
    ) -> Self {
        Self {
            task_queue: task_queue.to_owned(),
            max_instances,
            server: InstanceRuns::new(client),
            scheduled,
            known: KnownRuns::default(),
        }
    }

    /// Checks type and ID of the workflow. Asks nobody.
    pub(crate) fn check_identity(
        &self,
        info: &ActivityInfo,
        version: &VersionId,
    ) -> Result<(), Refused> {
        let kind = info.workflow_type.as_deref().unwrap_or_default();
        let id = info.workflow_id.as_deref().unwrap_or_default();
        if kind == INSTANCE_WORKFLOW && id == version.workflow_id() {
            return Ok(());
        }
        Err(Refused::Caller(format!(
            "activity {:.100} for version {version} is only carried out for its own instance, the \
             workflow {} of type {INSTANCE_WORKFLOW}, not for {id:.300} of type {kind:.100}",
            info.activity_type,
            version.workflow_id()
        )))
    }

    /// Whether `info` is of a check of a version that has no instance yet.
    pub(crate) fn is_dry_run(info: &ActivityInfo) -> bool {
        info.workflow_type.as_deref() == Some(VALIDATE_WORKFLOW)
    }

    /// Whether the workflow code of this process scheduled the activity.
    pub(crate) fn is_scheduled_here(&self, info: &ActivityInfo) -> bool {
        let run = info.workflow_run_id.as_deref();
        run.is_some_and(|run| self.scheduled.contains(run, &info.activity_id))
    }

    /// Whether nothing needs to be asked any more for a launch of the instance.
    pub(crate) fn is_known(&self, info: &ActivityInfo, version: &VersionId) -> bool {
        self.check_identity(info, version).is_ok()
            && self.is_scheduled_here(info)
            && self.is_counted(info, version)
    }

    /// Whether the operator is known to allow the instance.
    pub(crate) fn is_counted(&self, info: &ActivityInfo, version: &VersionId) -> bool {
        let run = info.workflow_run_id.as_deref().unwrap_or_default();
        self.known.of(version, run).is_some_and(|known| known.is_within_limit())
    }

    /// Checks that the workflow is an instance on our task queue. Asks the server once for each run
    /// that another process hosts.
    pub(crate) async fn check_instance(
        &self,
        info: &ActivityInfo,
        version: &VersionId,
    ) -> Result<(), Refused> {
        self.check_identity(info, version)?;
        if self.is_scheduled_here(info) {
            return Ok(());
        }
        self.known_run(info, version).await.map(drop)
    }

    /// Checks that the operator allows the instance to start workers. Asks the server once for each
    /// run.
    pub(crate) async fn check_limit(
        &self,
        info: &ActivityInfo,
        version: &VersionId,
    ) -> Result<(), Refused> {
        self.check_identity(info, version)?;
        let known = self.known_run(info, version).await?;
        if known.is_within_limit() {
            return Ok(());
        }
        if let Some(message) = known.recent_excess() {
            return Err(Refused::Instances(message.to_owned()));
        }
        let run = known.run();
        let excess = self.server.excess(&self.task_queue, self.max_instances, run).await;
        self.known.record_limit(version, &run.run_id, excess.clone());
        excess.map_or(Ok(()), |message| Err(Refused::Instances(message)))
    }

    /// Checks that the instance may start workers with `compute` for `group`.
    pub(crate) async fn check_launch(
        &self,
        info: &ActivityInfo,
        version: &VersionId,
        group: &str,
        compute: &ComputeSpec,
    ) -> Result<(), Refused> {
        self.check_limit(info, version).await?;
        if self.is_scheduled_here(info) {
            return Ok(());
        }
        let known = self.known_run(info, version).await?;
        if known.spec_has(group, compute) {
            return Ok(());
        }
        if known.was_just_told() {
            return Err(not_in_spec(version, group));
        }
        let told = self.server.spec(known.run()).await.map_err(Refused::Unknown)?;
        let has = told.scaling_group_specs.get(group).is_some_and(|it| it.compute == *compute);
        self.known.record_spec(version, &known.run().run_id, told);
        if has { Ok(()) } else { Err(not_in_spec(version, group)) }
    }

    async fn known_run(
        &self,
        info: &ActivityInfo,
        version: &VersionId,
    ) -> Result<KnownRun, Refused> {
        let run_id = info.workflow_run_id.as_deref().unwrap_or_default();
        if let Some(known) = self.known.of(version, run_id) {
            return Ok(known);
        }
        let run = self.server.describe(version, run_id).await.map_err(Refused::Unknown)?;
        if run.kind != INSTANCE_WORKFLOW || run.task_queue != self.task_queue {
            return Err(Refused::Caller(format!(
                "activity {:.100} for version {version}: the run {run_id:.100} runs on the task \
                 queue {:.300}, not on {}",
                info.activity_type, run.task_queue, self.task_queue
            )));
        }
        Ok(self.known.insert(version, run))
    }
}

fn not_in_spec(version: &VersionId, group: &str) -> Refused {
    Refused::Spec(format!(
        "the compute config of {version} does not have the group {group:.300} with this provider \
         and its settings: if it has just changed, the next launch follows it"
    ))
}
