//! `wci delete --drained`: clears away every version that no workflow needs any more.

use anyhow::bail;
use wci_contract::InstanceId;

use super::{confirm, remove};
use crate::{
    commands::standing::Standings,
    control::{Control, Keeper},
    output,
};

/// Instances that are looked through.
const MOST: usize = 100_000;

/// Deletes every drained version whose instance is ours. One that cannot go is told, and is no
/// reason to keep the others.
pub(super) async fn run(control: &Control, yes: bool, identity: &str) -> anyhow::Result<()> {
    let drained = find(control).await?;
    if drained.is_empty() {
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
            Ok(()) => output::say(format!("{id} deleted")),
            Err(error) => {
                eprintln!("{error:#}");
                kept += 1;
            }
        }
    }
    if kept > 0 {
        bail!("{kept} of {} drained versions are still there", drained.len());
    }
    Ok(())
}

async fn find(control: &Control) -> anyhow::Result<Vec<InstanceId>> {
    let (listed, _) = control.list(MOST).await?;
    let ours: Vec<InstanceId> = listed
        .into_iter()
        .filter(|listed| listed.keeper == Keeper::Wci)
        .map(|listed| listed.id)
        .collect();
    let standings = Standings::of(control, ours.iter()).await?;
    Ok(ours.into_iter().filter(|id| standings.is_drained(id)).collect())
}
