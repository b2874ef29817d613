//! Registers task queues. The server learns about a version's task queues when a worker polls
//! them, so a group whose types it does not know gets one worker.

use std::collections::BTreeSet;

use super::{SystemActivities, provider_call::NoProgress};
use crate::activity_heartbeat::with_heartbeats;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::sync::watch;
use wci_contract::{
    TaskType,
    activities::{InvokeInput, InvokeProgress, RegisterInput, RegisterOutput},
    launch::Outcome,
};

impl SystemActivities {
    pub(super) async fn register_queues(
        &self,
        ctx: &ActivityContext,
        input: RegisterInput,
    ) -> Result<RegisterOutput, ActivityError> {
        self.metrics.activity(&input.version, "invoke_workers_to_register_task_queues");
        let (_sender, receiver) = watch::channel(InvokeProgress::default());
        with_heartbeats(ctx, receiver, self.start_missing(input)).await?
    }

    async fn start_missing(&self, input: RegisterInput) -> Result<RegisterOutput, ActivityError> {
        let registered = self.reader.registered_types(&input.version).await?;
        let mut output = RegisterOutput::default();
        for (name, group) in &input.spec.scaling_group_specs {
            let is_coming = input.underway.contains(name);
            if is_coming || !is_missing(&input.spec.types_of(name), &registered) {
                continue;
            }
            if group.compute.is_worker_set() {
                output.empty_sets.push(name.clone());
                continue;
            }
            let number = output.started.len() + output.failed.len();
            let launch = InvokeInput {
                version: input.version.clone(),
                group: name.clone(),
                compute: group.compute.clone(),
                launch_id: format!("{}-{number}", input.launch_id),
                count: 1,
            };
            let outcome = self.start_worker(&launch).await;
            if outcome.is_success() {
                output.started.push(name.clone());
            } else {
                output.failed.insert(name.clone(), outcome.message);
            }
        }
        Ok(output)
    }

    async fn start_worker(&self, launch: &InvokeInput) -> Outcome {
        self.recent_launches.record(&launch.version);
        let outcome = self.request_workers(launch, 0, &NoProgress).await;
        self.metrics.registration(&launch.compute.provider_type, &outcome);
        tracing::info!(
            version = launch.version.to_string(),
            group = launch.group,
            started = outcome.started,
            message = outcome.message,
            "started a worker to register task queues"
        );
        outcome
    }
}

/// Whether none of the group's types is registered. A worker need not serve every type of its
/// group, so one is enough.
fn is_missing(types: &[TaskType], registered: &BTreeSet<TaskType>) -> bool {
    !types.is_empty() && !types.iter().any(|kind| registered.contains(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use TaskType::{Activity, Nexus, Workflow};

    #[test]
    fn a_group_is_missing_until_one_of_its_types_is_known() {
        assert!(is_missing(&[Workflow, Activity, Nexus], &BTreeSet::new()));
        assert!(!is_missing(&[Workflow, Activity, Nexus], &BTreeSet::from([Workflow])));
        assert!(is_missing(&[Activity], &BTreeSet::from([Workflow])));
        assert!(!is_missing(&[], &BTreeSet::new()));
    }
}
