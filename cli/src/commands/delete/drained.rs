//! `wci delete --drained`: deletes every version that no open workflow needs any more.

use anyhow::bail;
use wci_contract::VersionId;

use super::{Removed, confirm, remove};
use crate::{
    commands::rollout_status::RolloutStatuses,
    control::{AdminClient, Owner},
    output,
};

/// Limit of instances to list.
const MAX_LISTED: usize = 100_000;

/// Deletes every drained version that wci runs. A failure of one does not affect the others, nor
/// does a deployment that cannot be described.
pub(super) async fn run(admin: &AdminClient, yes: bool, identity: &str) -> anyhow::Result<()> {
    let (drained, statuses) = find(admin).await?;
    if drained.is_empty() {
        statuses.require_complete()?;
        output::say("nothing to delete: no version is drained");
        return Ok(());
    }
    if !yes {
        let names: Vec<String> = drained.iter().map(ToString::to_string).collect();
        confirm(&names.join(", "), admin.namespace())?;
    }
    let mut kept = 0;
    for id in &drained {
        match remove(admin, id, true, false, identity).await {
            Ok(Removed::Now) => output::say(format!("{id} deleted")),
            Ok(Removed::NotFound) => output::say(format!("{id} was deleted by another client")),
            Err(error) => {
                crate::output::note(format_args!("{error:#}"));
                kept += 1;
            }
        }
    }
    statuses.require_complete()?;
    if kept > 0 {
        bail!("{kept} of {} drained versions could not be deleted", drained.len());
    }
    Ok(())
}

async fn find(admin: &AdminClient) -> anyhow::Result<(Vec<VersionId>, RolloutStatuses)> {
    let (listed, _) = admin.list(MAX_LISTED).await?;
    let ours: Vec<VersionId> = listed
        .into_iter()
        .filter(|listed| listed.owner == Owner::Wci)
        .map(|listed| listed.id)
        .collect();
    let statuses = RolloutStatuses::read(admin, ours.iter()).await;
    Ok((ours.into_iter().filter(|id| statuses.is_drained(id)).collect(), statuses))
}
