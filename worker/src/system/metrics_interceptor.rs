//! Counts the events and failures of instance workflows, except during replay, and the bytes of the
//! cached runs.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use temporalio_common::protos::coresdk::{
    workflow_activation::{
        InitializeWorkflow, WorkflowActivation, workflow_activation_job::Variant,
    },
    workflow_completion::{WorkflowActivationCompletion, workflow_activation_completion::Status},
};
use temporalio_sdk::interceptors::WorkerInterceptor;
use wci_activities::NamespaceMetrics;
use wci_contract::{VersionId, names::INSTANCE_WORKFLOW};

use super::cache_budget::CacheBudget;

/// Records the metrics of the instance workflows of one namespace.
pub(super) struct MetricsInterceptor {
    metrics: NamespaceMetrics,
    /// The versions of the cached runs, by run ID.
    runs: Mutex<BTreeMap<String, VersionId>>,
    budget: Arc<CacheBudget>,
}

impl MetricsInterceptor {
    pub(super) fn new(metrics: NamespaceMetrics, budget: Arc<CacheBudget>) -> Self {
        metrics.cached(0);
        Self { metrics, runs: Mutex::default(), budget }
    }

    /// The version of a run; updates the set of cached runs.
    fn version(&self, run_id: &str, activation: &WorkflowActivation) -> Option<VersionId> {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        for job in &activation.jobs {
            match &job.variant {
                Some(Variant::InitializeWorkflow(start)) => {
                    runs.insert(run_id.to_owned(), version_of(start)?);
                    self.metrics.cached(runs.len());
                }
                Some(Variant::RemoveFromCache(_)) => {
                    let version = runs.remove(run_id);
                    self.metrics.cached(runs.len());
                    return version;
                }
                _ => {}
            }
        }
        runs.get(run_id).cloned()
    }

    fn count(&self, version: &VersionId, job: &Variant) {
        match job {
            Variant::InitializeWorkflow(start)
                if start.continued_from_execution_run_id.is_empty() =>
            {
                self.metrics.created(version);
            }
            Variant::SignalWorkflow(signal) => self.metrics.signalled(version, &signal.signal_name),
            Variant::DoUpdate(update) => self.metrics.updated(version, &update.name),
            _ => {}
        }
    }
}

/// The version of an instance; `None` for a workflow of another type.
fn version_of(start: &InitializeWorkflow) -> Option<VersionId> {
    let id = VersionId::from_workflow_id(&start.workflow_id)?;
    (start.workflow_type == INSTANCE_WORKFLOW).then_some(id)
}

#[async_trait(?Send)]
impl WorkerInterceptor for MetricsInterceptor {
    async fn on_workflow_activation(
        &self,
        activation: &WorkflowActivation,
    ) -> Result<(), anyhow::Error> {
        self.budget.activated(activation);
        let version = self.version(&activation.run_id, activation);
        if let Some(version) = version.filter(|_| !activation.is_replaying) {
            let jobs = activation.jobs.iter().filter_map(|job| job.variant.as_ref());
            jobs.for_each(|job| self.count(&version, job));
        }
        Ok(())
    }

    async fn on_workflow_activation_completion(&self, completion: &WorkflowActivationCompletion) {
        self.budget.completed(completion);
        if !matches!(completion.status, Some(Status::Failed(_))) {
            return;
        }
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(version) = runs.get(&completion.run_id) {
            self.metrics.workflow_error(version);
        }
    }
}
