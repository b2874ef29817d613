//! The rollout status of versions in their deployments.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::bail;
use futures::{StreamExt, stream};
use wci_contract::VersionId;

use crate::control::{AdminClient, ControlError, Deployment, VersionStatus};

/// Concurrent calls.
const CONCURRENCY: usize = 8;

/// The deployments of some versions, by name.
#[derive(Debug, Default)]
pub(super) struct RolloutStatuses {
    known: BTreeMap<String, Deployment>,
    /// Deployments that could not be described, and why.
    failed: BTreeMap<String, ControlError>,
}

impl RolloutStatuses {
    /// Reads the deployments of `versions`. A failure of one does not affect the others.
    pub(super) async fn read(
        admin: &AdminClient,
        versions: impl Iterator<Item = &VersionId>,
    ) -> Self {
        let mut seen = BTreeSet::new();
        let one_of_each = versions.filter(|id| seen.insert(id.deployment().to_owned()));
        let found = stream::iter(one_of_each.cloned().collect::<Vec<_>>())
            .map(|id| async move {
                let found = admin.deployment(&id).await;
                (id.deployment().to_owned(), found)
            })
            .buffer_unordered(CONCURRENCY);
        let mut statuses = Self::default();
        for (deployment, found) in found.collect::<Vec<_>>().await {
            match found {
                Ok(found) => {
                    statuses.known.insert(deployment, found.unwrap_or_default());
                }
                Err(error) => {
                    statuses.failed.insert(deployment, error);
                }
            }
        }
        statuses
    }

    /// Prints the deployments that could not be described, and fails if there are any.
    pub(super) fn require_complete(&self) -> anyhow::Result<()> {
        for (deployment, error) in &self.failed {
            crate::output::note(format_args!("deployment {deployment}: {error}"));
        }
        match self.failed.len() {
            0 => Ok(()),
            1 => bail!("the status of 1 deployment is unknown"),
            some => bail!("the status of {some} deployments is unknown"),
        }
    }

    /// Whether no open workflow needs the version any more.
    pub(super) fn is_drained(&self, id: &VersionId) -> bool {
        self.status(id) == Some(VersionStatus::Drained)
    }

    /// The status of `id` in one word; `None` if the server does not know the version.
    pub(super) fn label(&self, id: &VersionId) -> Option<&'static str> {
        match self.status(id)? {
            VersionStatus::Current => Some("current"),
            VersionStatus::Ramping => Some("ramping"),
            VersionStatus::Draining => Some("draining"),
            VersionStatus::Drained => Some("drained"),
            // Never current: created, or registered by its workers.
            VersionStatus::Inactive | VersionStatus::Created => Some("inactive"),
            VersionStatus::Unspecified => None,
        }
    }

    /// What the server knows to be wrong with the compute of `id`; empty if nothing is, `None` if it
    /// does not say.
    pub(super) fn health(&self, id: &VersionId) -> Option<&str> {
        self.known.get(id.deployment())?.health(id.build_id())
    }

    fn status(&self, id: &VersionId) -> Option<VersionStatus> {
        self.known.get(id.deployment())?.status(id.build_id())
    }
}
