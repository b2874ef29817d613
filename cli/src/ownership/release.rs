//! Handing an instance back to the server's controller.

use anyhow::{anyhow, bail};
use wci_contract::{VersionId, state::State};

use super::nudge::nudge;
use crate::control::{Control, Execution, Keeper, Trouble};

/// What a release came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Released {
    /// The server's controller runs the version now.
    Now {
        /// Whether tasks waited, and it was told so.
        told: bool,
    },
    /// It did before.
    Before,
}

/// Hands the version back: ours ends, the server is given its spec and starts its own, which is
/// told once if tasks wait. The version is marked first, so that nobody adopts it meanwhile.
/// What was broken off can be asked for again.
pub(crate) async fn release(
    control: &Control,
    id: &VersionId,
    identity: &str,
) -> anyhow::Result<Released> {
    let Some(instance) = control.look(id).await? else {
        bail!("{id} is not there: no instance of it ever ran");
    };
    let Some(is_marked) = control.is_released(id).await? else {
        bail!("the server does not know {id}: there is nothing that it could go on with");
    };
    let ours = control.task_queue();
    let last = match (Keeper::of(&instance.task_queue, ours), instance.is_open()) {
        (Keeper::Server, true) if is_marked => return Ok(Released::Before),
        (Keeper::Server, true) => {
            control.mark(id, identity).await?;
            return Ok(Released::Before);
        }
        (Keeper::Wci, true) => end(control, id, &instance, identity).await?,
        // A release that was broken off, or whose instance the server did not start.
        (Keeper::Wci, false) if is_marked => control.dump_run(id, &instance.run_id).await?,
        (Keeper::Other, true) => bail!(
            "{id} runs on task queue {0}, not on {ours}: name that system worker's queue with \
             --task-queue {0}",
            instance.task_queue
        ),
        (_, false) => bail!("{id} does not run any more"),
    };
    hand_over(control, id, &instance, last, identity).await
}

/// Ends our instance; answers with all that it knew.
async fn end(
    control: &Control,
    id: &VersionId,
    instance: &Execution,
    identity: &str,
) -> anyhow::Result<State> {
    control.require_worker(&instance.task_queue).await?;
    if control.require_answer(id).await?.spec.is_none_or(|spec| spec.is_empty()) {
        bail!("{id} has no compute config yet: there is nothing to hand over");
    }
    control.mark(id, identity).await?;
    match control.release(id, identity).await {
        Ok(state) => Ok(state),
        // Whether it ends is not known: asked again, it goes on from there.
        Err(trouble) if trouble.is_open_ended() => {
            bail!("{trouble}; {id} may still be released: see `wci describe {id}`")
        }
        Err(trouble) => {
            control.unmark(id, identity).await?;
            Err(anyhow!("{id} was not released: {trouble}"))
        }
    }
}

async fn hand_over(
    control: &Control,
    id: &VersionId,
    ours: &Execution,
    last: State,
    identity: &str,
) -> anyhow::Result<Released> {
    let spec = last.spec.clone().unwrap_or_default();
    if let Err(trouble) = control.update_version(id, &spec, Vec::new(), identity).await {
        return Err(take_back(control, id, ours, last, identity, &trouble).await);
    }
    let told = nudge(control, id, &last).await;
    let told = told.map_err(|trouble| {
        anyhow!("{id} is released, but whether tasks wait could not be told: {trouble}")
    })?;
    Ok(Released::Now { told: told > 0 })
}

/// The server could not go on, so ours does. What the server's attempt left is ended with it.
async fn take_back(
    control: &Control,
    id: &VersionId,
    ours: &Execution,
    last: State,
    identity: &str,
    why: &Trouble,
) -> anyhow::Error {
    let result = async {
        let latest = control.look(id).await?;
        let latest = latest.map_or_else(|| ours.run_id.clone(), |latest| latest.run_id);
        control.take_over(id, last, &latest).await?;
        control.unmark(id, identity).await
    };
    match result.await {
        Ok(()) => anyhow!("the server's controller does not take {id}: {why}; wci goes on with it"),
        Err(trouble) => anyhow!(
            "the server's controller does not take {id}: {why}; nobody runs it now, since wci \
             could not go on either: {trouble}; ask again"
        ),
    }
}
