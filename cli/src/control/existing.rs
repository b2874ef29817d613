//! Which of several versions exists.

use anyhow::bail;
use wci_contract::VersionId;

use super::{AdminClient, ControlError};

/// The most versions to ask the server for.
const MAX_CANDIDATES: usize = 8;

impl AdminClient {
    /// The one of `candidates` that exists. A single candidate need not exist.
    pub(crate) async fn existing(&self, candidates: &[VersionId]) -> anyhow::Result<VersionId> {
        if let [only] = candidates {
            return Ok(only.clone());
        }
        let names = |ids: &[VersionId]| {
            ids.iter().map(VersionId::to_string).collect::<Vec<_>>().join(" and ")
        };
        if candidates.len() > MAX_CANDIDATES {
            bail!("the version has too many slashes: write it as DEPLOYMENT:BUILD");
        }
        let mut found = Vec::new();
        for id in candidates {
            if self.exists(id).await? {
                found.push(id.clone());
            }
        }
        match found.as_slice() {
            [only] => Ok(only.clone()),
            [] => bail!("none of {} exists: see `wci list`", names(candidates)),
            several => {
                bail!("{} exist: write the one that you mean, with its colon", names(several))
            }
        }
    }

    /// Whether the version has or had an instance, or the server knows it.
    async fn exists(&self, id: &VersionId) -> Result<bool, ControlError> {
        if self.latest_run(id).await?.is_some() {
            return Ok(true);
        }
        let deployment = self.deployment(id).await?;
        Ok(deployment.is_some_and(|known| known.status(id.build_id()).is_some()))
    }
}
