//! How versions stand in the rollouts of their deployments.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::bail;
use futures::{StreamExt, stream};
use wci_contract::VersionId;

use crate::control::{AdminClient, ControlError, Deployment, VersionStatus};

/// Deployments that are asked about at once.
const ASKED_AT_ONCE: usize = 8;

/// The deployments of some versions, by name.
#[derive(Debug, Default)]
pub(super) struct RolloutStatuses {
    known: BTreeMap<String, Deployment>,
    /// Deployments about which the server did not answer, and why.
    unanswered: BTreeMap<String, ControlError>,
}

impl RolloutStatuses {
    /// Asks the server about the deployments of `versions`. One in error hides no other.
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
            .buffer_unordered(ASKED_AT_ONCE);
        let mut statuses = Self::default();
        for (deployment, found) in found.collect::<Vec<_>>().await {
            match found {
                Ok(found) => {
                    statuses.known.insert(deployment, found.unwrap_or_default());
                }
                Err(error) => {
                    statuses.unanswered.insert(deployment, error);
                }
            }
        }
        statuses
    }

    /// Tells which deployments the server did not answer about, and fails if there are any.
    pub(super) fn require_complete(&self) -> anyhow::Result<()> {
        for (deployment, error) in &self.unanswered {
            eprintln!("deployment {deployment}: {error}");
        }
        match self.unanswered.len() {
            0 => Ok(()),
            1 => bail!("the server does not say how the versions of 1 deployment stand"),
            some => bail!("the server does not say how the versions of {some} deployments stand"),
        }
    }

    /// Whether no workflow is left that needs the version.
    pub(super) fn is_drained(&self, id: &VersionId) -> bool {
        self.status(id) == Some(VersionStatus::Drained)
    }

    /// The standing of `id` in a word; `None` when the server knows no such version.
    pub(super) fn label(&self, id: &VersionId) -> Option<&'static str> {
        match self.status(id)? {
            VersionStatus::Current => Some("current"),
            VersionStatus::Ramping => Some("ramping"),
            VersionStatus::Draining => Some("draining"),
            VersionStatus::Drained => Some("drained"),
            // Never current: it was created, or registered by its workers.
            VersionStatus::Inactive | VersionStatus::Created => Some("inactive"),
            VersionStatus::Unspecified => None,
        }
    }

    fn status(&self, id: &VersionId) -> Option<VersionStatus> {
        self.known.get(id.deployment())?.status(id.build_id())
    }
}
