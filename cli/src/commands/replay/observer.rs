//! Observes a replay: its progress and its result.
//!
//! The SDK's replayer does not report the progress of a replay, has no time limit, and counts a
//! replay without a result as a success.

use std::time::Duration;

use async_trait::async_trait;
use temporalio_common::protos::coresdk::{
    workflow_activation::{
        WorkflowActivation, remove_from_cache::EvictionReason, workflow_activation_job::Variant,
    },
    workflow_completion::{WorkflowActivationCompletion, workflow_activation_completion::Status},
};
use temporalio_sdk::interceptors::WorkerInterceptor;
use tokio::{sync::watch, time::timeout};

/// A workflow without an activation for this time waits for something that was not recorded.
const IDLE_LIMIT: Duration = Duration::from_secs(10);

/// What was observed of a replay.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// The ID of the last event that was applied.
    pub(super) position: i64,
    /// Why the workflow's code failed, if it did.
    pub(super) failure: Option<String>,
    /// How it ended, once it did.
    pub(super) end: Option<End>,
}

/// Why the SDK evicted the workflow.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub(super) reason: EvictionReason,
    pub(super) message: String,
}

/// Records the activations of the workflow and their completions.
#[derive(Clone)]
pub(super) struct Observer(watch::Sender<Seen>);

impl Observer {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Seen::default()))
    }

    /// Waits for the end of the replay. The result has no end if nothing happened for too long.
    pub(super) async fn end(&self) -> Seen {
        let mut seen = self.0.subscribe();
        loop {
            let now = seen.borrow_and_update().clone();
            if now.end.is_some() || !matches!(timeout(IDLE_LIMIT, seen.changed()).await, Ok(Ok(())))
            {
                return self.0.borrow().clone();
            }
        }
    }
}

#[async_trait(?Send)]
impl WorkerInterceptor for Observer {
    async fn on_workflow_activation(
        &self,
        activation: &WorkflowActivation,
    ) -> Result<(), anyhow::Error> {
        let removal = activation.jobs.iter().find_map(|job| match &job.variant {
            Some(Variant::RemoveFromCache(removal)) => Some(removal),
            _ => None,
        });
        self.0.send_modify(|seen| {
            seen.position = seen.position.max(i64::from(activation.history_length));
            if let Some(removal) = removal {
                let message = removal.message.clone();
                seen.end = Some(End { reason: removal.reason(), message });
            }
        });
        Ok(())
    }

    async fn on_workflow_activation_completion(&self, completion: &WorkflowActivationCompletion) {
        if let Some(Status::Failed(failed)) = &completion.status {
            let failure = failed.failure.clone().unwrap_or_default().message;
            self.0.send_modify(|seen| seen.failure = Some(failure));
        }
    }
}
