//! Starts a launch of one worker in the activity that decided on it.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::time::Instant;
use wci_contract::{
    VersionId,
    activities::{DecideInput, DecideOutput, InvokeInput},
    decision::Action,
    launch::Outcome,
};

use super::{SystemActivities, launch::log_launch, provider_call::NoProgress};
use crate::metrics::LaunchOperation;

/// How long a decision waits for the outcome of its own launch. Most providers answer sooner,
/// which saves another activity; one that hangs delays other groups no longer than this.
const OUTCOME_WITHIN: Duration = Duration::from_millis(100);

impl SystemActivities {
    /// Starts the launches of one worker that `output` decided on, and returns the outcomes of
    /// those that finish at once, by group. The workflow requests the other launches, and gets
    /// their outcomes then.
    pub(super) async fn launch_with_decision(
        self: &Arc<Self>,
        version: &VersionId,
        input: DecideInput,
        output: &DecideOutput,
    ) -> BTreeMap<String, Outcome> {
        let mut started = Vec::new();
        for (name, group) in input.groups {
            let actions = output.groups.get(&name).map(|decision| decision.actions.as_slice());
            let (Some([Action::InvokeWorker { count: 1 }]), Some(launch)) =
                (actions, group.speculative_launch)
            else {
                continue;
            };
            // The workflow would not be answered for another version either.
            if launch.version != *version || launch.count != 1 {
                continue;
            }
            self.record_launch(&launch.version);
            let activities = Arc::clone(self);
            let request = launch.clone();
            self.speculative_launches.start(&launch.launch_id, async move {
                activities.request_workers(&request, 0, &NoProgress).await
            });
            if group.report_outcome {
                started.push((name, launch));
            }
        }
        self.outcomes_at_once(started).await
    }

    /// The outcomes of those launches in `started` that finish at once.
    async fn outcomes_at_once(
        &self,
        started: Vec<(String, InvokeInput)>,
    ) -> BTreeMap<String, Outcome> {
        let decided = SystemTime::now();
        let deadline = Instant::now() + OUTCOME_WITHIN;
        let mut outcomes = BTreeMap::new();
        for (group, launch) in started {
            let timed = self.speculative_launches.outcome_by(&launch.launch_id, deadline).await;
            let Some(timed) = timed else { continue };
            let provider = &launch.compute.provider_type;
            let operation = LaunchOperation::Invoke { count: 1, is_first_attempt: true };
            let span = self.metrics.launch(&launch.version, provider, operation, Some(decided));
            span.end(&timed);
            log_launch(&launch, &timed.outcome);
            outcomes.insert(group, timed.outcome);
        }
        outcomes
    }
}
