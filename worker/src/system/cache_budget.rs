//! Bounds the cache of workflows in bytes.
//!
//! The SDK bounds it in number only. Of every cached run it keeps the commands, and so the inputs of
//! all activities; beside them there is the workflow's state. This counts both from what passes
//! between the SDK and the workflows, and has the largest runs evicted when they are too many bytes.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError, Weak},
};

use prost::Message;
use temporalio_common::protos::coresdk::{
    workflow_activation::{WorkflowActivation, workflow_activation_job::Variant},
    workflow_completion::WorkflowActivationCompletion,
};
use temporalio_sdk::runtime::CoreWorker;

/// A run that has just begun; measured, see ADR 30.
const RUN: usize = 100 * 1024;
/// The start input is kept as the SDK's event, as the workflow's argument, and decoded as its state.
const COPIES_OF_INPUT: usize = 4;

/// The bytes of the cached runs of one worker, and their limit.
pub(super) struct CacheBudget {
    limit: usize,
    runs: Mutex<BTreeMap<String, Run>>,
    worker: OnceLock<Weak<CoreWorker>>,
}

#[derive(Debug, Clone, Copy)]
struct Run {
    bytes: usize,
    /// Whether the workflow handles an activation now.
    active: bool,
    /// Whether its eviction was requested.
    leaving: bool,
}

impl CacheBudget {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, runs: Mutex::default(), worker: OnceLock::new() }
    }

    /// Evicts from the cache of `worker` from now on.
    pub(super) fn evict_from(&self, worker: Weak<CoreWorker>) {
        // There is one worker for each budget.
        let _ = self.worker.set(worker);
    }

    /// A workflow is about to be activated.
    pub(super) fn activated(&self, activation: &WorkflowActivation) {
        let mut runs = self.lock();
        for job in &activation.jobs {
            match &job.variant {
                Some(Variant::InitializeWorkflow(start)) => {
                    let bytes = RUN + COPIES_OF_INPUT * start.encoded_len();
                    let run = Run { bytes, active: true, leaving: false };
                    runs.insert(activation.run_id.clone(), run);
                }
                Some(Variant::RemoveFromCache(_)) => {
                    runs.remove(&activation.run_id);
                }
                _ => {}
            }
        }
        if let Some(run) = runs.get_mut(&activation.run_id) {
            run.active = true;
        }
    }

    /// A workflow has handled an activation.
    pub(super) fn completed(&self, completion: &WorkflowActivationCompletion) {
        if let Some(run) = self.lock().get_mut(&completion.run_id) {
            run.active = false;
            run.bytes = run.bytes.saturating_add(completion.encoded_len());
        }
        let Some(worker) = self.worker.get().and_then(Weak::upgrade) else { return };
        for run_id in self.runs_to_evict(&completion.run_id) {
            tracing::debug!(run_id, "evicting a large workflow");
            worker.request_workflow_eviction(&run_id);
        }
    }

    /// The largest idle runs, so that the others fit. The run that has just handled something is
    /// the last choice.
    fn runs_to_evict(&self, latest: &str) -> Vec<String> {
        let mut runs = self.lock();
        let mut staying: usize =
            runs.values().filter(|run| !run.leaving).map(|run| run.bytes).sum();
        let mut idle: Vec<(&String, &mut Run)> =
            runs.iter_mut().filter(|(_, run)| !run.active && !run.leaving).collect();
        idle.sort_by_key(|(id, run)| (id.as_str() == latest, std::cmp::Reverse(run.bytes)));
        let mut chosen = Vec::new();
        for (id, run) in idle {
            if staying <= self.limit {
                break;
            }
            staying -= run.bytes;
            run.leaving = true;
            chosen.push(id.clone());
        }
        chosen
    }

    /// A panic elsewhere leaves the map whole.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Run>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use temporalio_common::protos::coresdk::workflow_activation::{
        InitializeWorkflow, RemoveFromCache, WorkflowActivationJob,
    };

    fn activation(run_id: &str, job: Variant) -> WorkflowActivation {
        WorkflowActivation {
            run_id: run_id.to_owned(),
            jobs: vec![WorkflowActivationJob { variant: Some(job) }],
            ..WorkflowActivation::default()
        }
    }

    fn started(budget: &CacheBudget, run_id: &str, bytes: usize) {
        let identity = "x".repeat(bytes / COPIES_OF_INPUT);
        let start = InitializeWorkflow { identity, ..InitializeWorkflow::default() };
        budget.activated(&activation(run_id, Variant::InitializeWorkflow(start)));
    }

    fn completed(budget: &CacheBudget, run_id: &str) -> Vec<String> {
        let completion = WorkflowActivationCompletion::empty(run_id);
        budget.completed(&completion);
        budget.runs_to_evict(run_id)
    }

    #[test]
    fn the_largest_idle_runs_are_evicted_until_the_others_fit() {
        let budget = CacheBudget::new(1_100_000);
        for (run_id, bytes) in [("small", 100_000), ("large", 500_000)] {
            started(&budget, run_id, bytes);
            assert_eq!(completed(&budget, run_id), Vec::<String>::new());
        }
        started(&budget, "busy", 600_000);
        started(&budget, "latest", 1_000);
        assert_eq!(completed(&budget, "latest"), ["large"]);
        started(&budget, "more", 300_000);
        assert_eq!(completed(&budget, "latest"), ["small", "latest"], "the others are active");
        assert_eq!(completed(&budget, "busy"), ["busy"]);
        assert_eq!(completed(&budget, "busy"), Vec::<String>::new(), "nothing is evicted twice");
        budget
            .activated(&activation("large", Variant::RemoveFromCache(RemoveFromCache::default())));
        assert_eq!(budget.lock().len(), 4);
    }

    #[test]
    fn what_a_run_sends_counts() {
        let budget = CacheBudget::new(1_000_000);
        started(&budget, "a", 1000);
        let completion = WorkflowActivationCompletion::empty("a");
        budget.lock().insert("b".to_owned(), Run { bytes: 890_000, active: false, leaving: false });
        assert_eq!(completed(&budget, "a"), Vec::<String>::new());
        for _ in 0..10_000 {
            budget.completed(&completion);
        }
        assert_eq!(budget.runs_to_evict("a"), ["b"]);
    }
}
