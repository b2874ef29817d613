//! The current state of a version, read before a command changes it.

use anyhow::bail;
use wci_contract::{Spec, VersionId, messages::UpdateRequest};

use crate::control::{
    AdminClient, Deployment, Execution, Owner, VersionStatus, leftover, replacement,
};

/// The current state of a version, from its instance and the server.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct CurrentState {
    /// The running instance, if any.
    pub(super) instance: Option<Execution>,
    /// Its spec; empty if it has none.
    pub(super) spec: Spec,
    /// The deployment, if the server knows it.
    pub(super) deployment: Option<Deployment>,
}

impl CurrentState {
    /// Reads the state. Fails for an instance that wci does not run, since it must not change it.
    pub(super) async fn read(admin: &AdminClient, id: &VersionId) -> anyhow::Result<Self> {
        let (execution, deployment) = tokio::try_join!(admin.latest_run(id), admin.deployment(id))?;
        let instance = execution.filter(Execution::is_open);
        if let Some(execution) = &instance {
            require_ours(admin, id, execution)?;
        }
        // Without a system worker, the next call would time out.
        admin.require_worker(admin.task_queue()).await?;
        let spec = match &instance {
            Some(_) => admin.require_description(id).await?.spec.unwrap_or_default(),
            None => Spec::default(),
        };
        Ok(Self { instance, spec, deployment })
    }

    /// The version's status; `None` if the server does not know it.
    pub(super) fn status(&self, id: &VersionId) -> Option<VersionStatus> {
        self.deployment.as_ref().and_then(|deployment| deployment.status(id.build_id()))
    }

    /// Groups of the current spec that are not in `wanted`.
    pub(super) fn leftover(&self, wanted: &Spec) -> Vec<String> {
        leftover(&self.spec, wanted)
    }

    /// The update that replaces the current spec with `wanted`.
    pub(super) fn request(&self, wanted: &Spec, identity: &str) -> UpdateRequest {
        replacement(&self.spec, wanted, identity)
    }
}

/// Fails for an instance on a task queue of another owner.
pub(super) fn require_ours(
    admin: &AdminClient,
    id: &VersionId,
    execution: &Execution,
) -> anyhow::Result<()> {
    let queue = &execution.task_queue;
    match Owner::of(queue, admin.task_queue()) {
        Owner::Wci => Ok(()),
        Owner::Server => bail!(
            "{id} is run by the server's own controller (task queue {queue}), not by wci: manage \
             it with `temporal worker deployment …`, or adopt it with `wci adopt {id} -n {}`",
            admin.namespace(),
        ),
        Owner::Other => bail!(
            "{id} runs on task queue {queue}, not on {}: use --task-queue {queue} to reach that \
             system worker",
            admin.task_queue(),
        ),
    }
}
