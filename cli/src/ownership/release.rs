//! Handing an instance back to the server's controller.

use anyhow::{anyhow, bail};
use wci_contract::{VersionId, state::State};

use super::reannounce::reannounce;
use crate::control::{AdminClient, ControlError, Execution, Owner};

/// What a release came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Released {
    /// The server's controller runs the version now.
    Now {
        /// Whether tasks waited, and it was told so.
        notified: bool,
    },
    /// It did before.
    Already,
}

/// Hands the version back: ours ends, the server is given its spec and starts its own, which is
/// told once if tasks wait. The version is marked first, so that nobody adopts it meanwhile.
/// What was broken off can be asked for again.
pub(crate) async fn release(
    admin: &AdminClient,
    id: &VersionId,
    identity: &str,
) -> anyhow::Result<Released> {
    let Some(instance) = admin.latest_run(id).await? else {
        bail!("{id} is not there: no instance of it ever ran");
    };
    let Some(is_marked) = admin.is_released(id).await? else {
        bail!("the server does not know {id}: there is nothing that it could go on with");
    };
    let ours = admin.task_queue();
    let last = match (Owner::of(&instance.task_queue, ours), instance.is_open()) {
        (Owner::Server, true) if is_marked => return Ok(Released::Already),
        (Owner::Server, true) => {
            admin.mark_released(id, identity).await?;
            return Ok(Released::Already);
        }
        (Owner::Wci, true) => end(admin, id, &instance, identity).await?,
        // A release that was broken off, or whose instance the server did not start.
        (Owner::Wci, false) if is_marked => admin.dump_run(id, &instance.run_id).await?,
        (Owner::Other, true) => bail!(
            "{id} runs on task queue {0}, not on {ours}: name that system worker's queue with \
             --task-queue {0}",
            instance.task_queue
        ),
        (_, false) => bail!("{id} does not run any more"),
    };
    hand_over(admin, id, &instance, last, identity).await
}

/// Ends our instance; answers with all that it knew.
async fn end(
    admin: &AdminClient,
    id: &VersionId,
    instance: &Execution,
    identity: &str,
) -> anyhow::Result<State> {
    admin.require_worker(&instance.task_queue).await?;
    if admin.require_answer(id).await?.spec.is_none_or(|spec| spec.is_empty()) {
        bail!("{id} has no compute config yet: there is nothing to hand over");
    }
    admin.mark_released(id, identity).await?;
    match admin.release(id, identity).await {
        Ok(state) => Ok(state),
        // Whether it ends is not known: asked again, it goes on from there.
        Err(error) if error.is_outcome_unknown() => {
            bail!("{error}; {id} may still be released: see `wci describe {id}`")
        }
        Err(error) => {
            admin.unmark_released(id, identity).await?;
            Err(anyhow!("{id} was not released: {error}"))
        }
    }
}

async fn hand_over(
    admin: &AdminClient,
    id: &VersionId,
    ours: &Execution,
    last: State,
    identity: &str,
) -> anyhow::Result<Released> {
    let spec = last.spec.clone().unwrap_or_default();
    if let Err(error) = admin.update_version(id, &spec, Vec::new(), identity).await {
        return Err(take_back(admin, id, ours, last, identity, &error).await);
    }
    let announced = reannounce(admin, id, &last).await;
    let announced = announced.map_err(|error| {
        anyhow!("{id} is released, but whether tasks wait could not be told: {error}")
    })?;
    Ok(Released::Now { notified: announced > 0 })
}

/// The server could not go on, so ours does. What the server's attempt left is ended with it.
async fn take_back(
    admin: &AdminClient,
    id: &VersionId,
    ours: &Execution,
    last: State,
    identity: &str,
    why: &ControlError,
) -> anyhow::Error {
    let result = async {
        let latest = admin.latest_run(id).await?;
        let latest = latest.map_or_else(|| ours.run_id.clone(), |latest| latest.run_id);
        admin.take_over(id, last, &latest).await?;
        admin.unmark_released(id, identity).await
    };
    match result.await {
        Ok(()) => anyhow!("the server's controller does not take {id}: {why}; wci goes on with it"),
        Err(error) => anyhow!(
            "the server's controller does not take {id}: {why}; nobody runs it now, since wci \
             could not go on either: {error}; ask again"
        ),
    }
}
