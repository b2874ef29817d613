//! `wci delete --drained`: clears away every version that no workflow needs any more.

use anyhow::bail;
use wci_contract::VersionId;

use super::{Removed, confirm, remove};
use crate::{
    commands::standing::Standings,
    control::{Control, Keeper},
    output,
};

/// Instances that are looked through.
const MOST: usize = 100_000;

/// Deletes every drained version whose instance is ours. One that cannot go is told, and is no
/// reason to keep the others; nor is a deployment that the server does not answer about.
pub(super) async fn run(control: &Control, yes: bool, identity: &str) -> anyhow::Result<()> {
    let (drained, standings) = find(control).await?;
    if drained.is_empty() {
        standings.complete()?;
        output::say("nothing to delete: no version is drained");
        return Ok(());
    }
    if !yes {
        let names: Vec<String> = drained.iter().map(ToString::to_string).collect();
        confirm(&names.join(", "), control.namespace())?;
    }
    let mut kept = 0;
    for id in &drained {
        match remove(control, id, true, false, identity).await {
            Ok(Removed::Now) => output::say(format!("{id} deleted")),
            Ok(Removed::Before) => output::say(format!("{id} was deleted by somebody else")),
            Err(error) => {
                eprintln!("{error:#}");
                kept += 1;
            }
        }
    }
    standings.complete()?;
    if kept > 0 {
        bail!("{kept} of {} drained versions are still there", drained.len());
    }
    Ok(())
}

async fn find(control: &Control) -> anyhow::Result<(Vec<VersionId>, Standings)> {
    let (listed, _) = control.list(MOST).await?;
    let ours: Vec<VersionId> = listed
        .into_iter()
        .filter(|listed| listed.keeper == Keeper::Wci)
        .map(|listed| listed.id)
        .collect();
    let standings = Standings::of(control, ours.iter()).await;
    Ok((ours.into_iter().filter(|id| standings.is_drained(id)).collect(), standings))
}
