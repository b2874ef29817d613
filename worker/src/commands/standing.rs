//! How versions stand in the rollouts of their deployments.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use wci_contract::InstanceId;

use crate::control::{Control, Deployment, Trouble, VersionStatus};

/// Deployments that are asked about at once.
const ASKED_AT_ONCE: usize = 8;

/// The deployments of some versions, by name.
#[derive(Debug, Default)]
pub(super) struct Standings(BTreeMap<String, Deployment>);

impl Standings {
    /// Asks the server about the deployments of `versions`.
    pub(super) async fn of(
        control: &Control,
        versions: impl Iterator<Item = &InstanceId>,
    ) -> Result<Self, Trouble> {
        let mut seen = BTreeSet::new();
        let one_of_each = versions.filter(|id| seen.insert(id.deployment().to_owned()));
        let found = stream::iter(one_of_each.cloned().collect::<Vec<_>>())
            .map(|id| async move {
                let found = control.deployment(&id).await?;
                Ok::<_, Trouble>((id.deployment().to_owned(), found.unwrap_or_default()))
            })
            .buffer_unordered(ASKED_AT_ONCE);
        Ok(Self(found.try_collect().await?))
    }

    /// Whether no workflow is left that needs the version.
    pub(super) fn is_drained(&self, id: &InstanceId) -> bool {
        self.status(id) == Some(VersionStatus::Drained)
    }

    /// The standing of `id` in a word; `None` when the server knows no such version.
    pub(super) fn word(&self, id: &InstanceId) -> Option<&'static str> {
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

    fn status(&self, id: &InstanceId) -> Option<VersionStatus> {
        self.0.get(id.deployment())?.status(id.build_id())
    }
}
