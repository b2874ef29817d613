//! The server learns of a version's task queues when a worker polls them: a group whose types it
//! does not know gets one worker.

use std::collections::BTreeSet;

use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::sync::watch;
use wci_contract::{
    TaskType,
    activities::{InvokeInput, InvokeProgress, RegisterInput, RegisterOutput},
};
use wci_providers::Progress;

use crate::{SystemActivities, heartbeat::beating, system_activities::launch::attempt};

/// Registration reports nothing before its end.
struct Quiet;

impl Progress for Quiet {
    fn started(&self, _total: u32) {}
}

pub(crate) async fn register(
    launching: &SystemActivities,
    ctx: &ActivityContext,
    input: RegisterInput,
) -> Result<RegisterOutput, ActivityError> {
    launching.metrics.activity(&input.version, "invoke_workers_to_register_task_queues");
    let (_sender, receiver) = watch::channel(InvokeProgress::default());
    beating(ctx, receiver, start_missing(launching, input)).await?
}

async fn start_missing(
    launching: &SystemActivities,
    input: RegisterInput,
) -> Result<RegisterOutput, ActivityError> {
    let known = launching.reader.registered(&input.version).await?;
    let mut output = RegisterOutput::default();
    for (name, group) in &input.spec.scaling_group_specs {
        let is_coming = input.underway.contains(name);
        if is_coming || !is_missing(&input.spec.types_of(name), &known) {
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
            launch_id: format!(
                "{}-{}",
                input.launch_id,
                output.started.len() + output.failed.len()
            ),
            count: 1,
        };
        launching.recent_launches.note(&input.version);
        let outcome = attempt(launching, &launch, 0, &Quiet).await;
        launching.metrics.registration(&group.compute.provider_type, &outcome);
        tracing::info!(
            version = input.version.to_string(),
            group = name,
            started = outcome.started,
            message = outcome.message,
            "started a worker to register task queues"
        );
        if outcome.is_success() {
            output.started.push(name.clone());
        } else {
            output.failed.insert(name.clone(), outcome.message);
        }
    }
    Ok(output)
}

/// Whether none of the group's types is known. A worker need not serve every type that falls to
/// its group, so one is enough.
fn is_missing(types: &[TaskType], known: &BTreeSet<TaskType>) -> bool {
    !types.is_empty() && !types.iter().any(|kind| known.contains(kind))
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
