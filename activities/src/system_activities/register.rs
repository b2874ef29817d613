//! Registers task queues. The server learns about a version's task queues when a worker polls
//! them, so a group whose types it does not know gets one worker.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{SystemActivities, provider_call::NoProgress};
use crate::activity_heartbeat::with_heartbeats;
use temporalio_sdk::activities::{ActivityContext, ActivityError, ActivityInfo};
use tokio::sync::watch;
use wci_contract::{
    TaskType,
    activities::{InvokeInput, InvokeProgress, RegisterInput, RegisterOutput},
    launch::Outcome,
    limits::{MAX_MESSAGE, cut},
};
use wci_providers::Provider;

/// How long the activity waits until the server knows the task queues of the workers that it
/// started.
const WAIT: Duration = Duration::from_secs(15);
/// Between two looks at what the watch has found.
const INTERVAL: Duration = Duration::from_millis(250);

impl SystemActivities {
    pub(super) async fn register_queues(
        &self,
        ctx: &ActivityContext,
        input: RegisterInput,
    ) -> Result<RegisterOutput, ActivityError> {
        let checked = self.callers.check_identity(ctx.info(), &input.version);
        checked.map_err(|refused| self.refused(refused).into_error())?;
        self.metrics.activity(&input.version, "invoke_workers_to_register_task_queues");
        let (_sender, receiver) = watch::channel(InvokeProgress::default());
        let work = async {
            self.check_groups_of(ctx.info(), &input).await?;
            self.start_and_wait(input).await
        };
        with_heartbeats(ctx, receiver, work).await?
    }

    /// Checks that the instance may start workers of each group.
    async fn check_groups_of(
        &self,
        info: &ActivityInfo,
        input: &RegisterInput,
    ) -> Result<(), ActivityError> {
        for (name, group) in &input.spec.scaling_group_specs {
            let checked =
                self.callers.check_launch(info, &input.version, name, &group.compute).await;
            checked.map_err(|refused| self.refused(refused).into_error())?;
        }
        Ok(())
    }

    /// Starts a worker for each group that has none, and waits for a while until the server knows
    /// the task queues of all groups.
    async fn start_and_wait(&self, input: RegisterInput) -> Result<RegisterOutput, ActivityError> {
        let mut missing = self.missing(&input).await?;
        let mut output = RegisterOutput::default();
        let mut launches = BTreeMap::new();
        for name in &missing {
            let Some(group) = input.spec.scaling_group_specs.get(name) else { continue };
            if input.underway.contains(name) {
                continue;
            }
            if group.compute.is_worker_set() {
                output.empty_sets.push(name.clone());
                continue;
            }
            let launch = InvokeInput {
                version: input.version.clone(),
                group: name.clone(),
                compute: group.compute.clone(),
                launch_id: format!("{}-{}", input.launch_id, launches.len()),
                count: 1,
            };
            let outcome = self.start_worker(&launch).await;
            launches.insert(name.clone(), launch);
            if outcome.is_success() {
                output.started.push(name.clone());
            } else {
                output.failed.insert(name.clone(), outcome.message);
            }
        }
        let is_awaited = |name: &String| {
            let has_exited = launches.get(name).is_some_and(|it| self.exit_of(it).is_some());
            (output.started.contains(name) || input.underway.contains(name)) && !has_exited
        };
        let deadline = tokio::time::Instant::now() + WAIT;
        let mut waited = false;
        while missing.iter().any(is_awaited) && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(INTERVAL).await;
            waited = true;
            let seen = self.reader.types_seen_by_watch(&input.version);
            missing.retain(|name| is_missing(&input.spec.types_of(name), &seen));
        }
        if waited && !missing.is_empty() {
            // The watch may run in another process.
            missing = self.missing(&input).await?;
        }
        let crashes = self.registry.crashes(&self.namespace, &input.version);
        output.unregistered = missing
            .into_iter()
            .map(|name| {
                let exit = launches.get(&name).and_then(|launch| self.exit_of(launch));
                // A worker that tasks called for, or one of a worker set.
                let crash = crashes.get(&name).filter(|crashes| crashes.in_a_row > 0);
                let crash = || crash.map(|it| cut(&it.to_string(), MAX_MESSAGE).to_owned());
                let known = output.failed.get(&name).cloned().or(exit);
                let message = known.or_else(crash).unwrap_or_default();
                (name, message)
            })
            .collect();
        self.metrics.registered(&input.version, output.unregistered.len());
        Ok(output)
    }

    /// The groups none of whose task queues the server knows.
    async fn missing(&self, input: &RegisterInput) -> Result<BTreeSet<String>, ActivityError> {
        let registered = self.reader.registered_types(&input.version).await?;
        let groups = input.spec.scaling_group_specs.keys();
        Ok(groups
            .filter(|name| is_missing(&input.spec.types_of(name), &registered))
            .cloned()
            .collect())
    }

    /// How the worker of `launch` exited, if it has and its provider knows.
    fn exit_of(&self, launch: &InvokeInput) -> Option<String> {
        match self.registry.find(&launch.compute.provider_type).ok()? {
            Provider::Invoke(provider) => provider.last_exit(&launch.launch_id),
            Provider::WorkerSet(_) => None,
        }
    }

    async fn start_worker(&self, launch: &InvokeInput) -> Outcome {
        self.record_launch(&launch.version);
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
