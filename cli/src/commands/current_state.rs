//! What is there before a command changes anything.

use anyhow::bail;
use wci_contract::{Spec, VersionId, messages::UpdateRequest};

use crate::control::{
    AdminClient, Deployment, Execution, Owner, VersionStatus, leftover, replacement,
};

/// A version, as instance and server have it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct CurrentState {
    /// The running instance.
    pub(super) instance: Option<Execution>,
    /// Its spec; empty without one.
    pub(super) spec: Spec,
    /// What the server knows of the deployment.
    pub(super) deployment: Option<Deployment>,
}

impl CurrentState {
    /// Looks. An instance that somebody else runs is an error: it is not ours to change.
    pub(super) async fn read(admin: &AdminClient, id: &VersionId) -> anyhow::Result<Self> {
        let (execution, deployment) = tokio::try_join!(admin.latest_run(id), admin.deployment(id))?;
        let instance = execution.filter(Execution::is_open);
        if let Some(execution) = &instance {
            require_ours(admin, id, execution)?;
        }
        // Where nobody runs the instance, the next question would only hang.
        admin.require_worker(admin.task_queue()).await?;
        let spec = match &instance {
            Some(_) => admin.require_answer(id).await?.spec.unwrap_or_default(),
            None => Spec::default(),
        };
        Ok(Self { instance, spec, deployment })
    }

    /// The version's status; `None` when the server does not know it.
    pub(super) fn status(&self, id: &VersionId) -> Option<VersionStatus> {
        self.deployment.as_ref().and_then(|deployment| deployment.status(id.build_id()))
    }

    /// Groups that are there and not in `wanted`.
    pub(super) fn leftover(&self, wanted: &Spec) -> Vec<String> {
        leftover(&self.spec, wanted)
    }

    /// The update that turns what is there into `wanted`.
    pub(super) fn request(&self, wanted: &Spec, identity: &str) -> UpdateRequest {
        replacement(&self.spec, wanted, identity)
    }
}

/// Refuses an instance on a queue that is not our system worker's.
pub(super) fn require_ours(
    admin: &AdminClient,
    id: &VersionId,
    execution: &Execution,
) -> anyhow::Result<()> {
    let queue = &execution.task_queue;
    match Owner::of(queue, admin.task_queue()) {
        Owner::Wci => Ok(()),
        Owner::Server => bail!(
            "{id} is run by the server's own controller (task queue {queue}), not by wci: go on \
             with `temporal worker deployment …`, or take it over with `wci adopt {id} -n {}`",
            admin.namespace(),
        ),
        Owner::Other => bail!(
            "{id} runs on task queue {queue}, not on {}: name that system worker's queue with \
             --task-queue {queue}",
            admin.task_queue(),
        ),
    }
}
