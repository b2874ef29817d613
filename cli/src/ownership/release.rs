//! Releases an instance to the server's controller.

use std::fmt::Display;

use anyhow::{anyhow, bail};
use wci_contract::{VersionId, state::State};

use super::{
    ForServer,
    for_server::for_server,
    reannounce::{announce_backlog, reannounce},
    retry::until_done,
};
use crate::control::{AdminClient, Execution, Owner};

/// The result of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Released {
    /// The version was released to the server's controller.
    Now {
        /// Whether tasks waited and were announced to it.
        notified: bool,
        /// What its controller does not have, in sentences without a full stop.
        changes: Vec<String>,
    },
    /// The server's controller ran it already.
    Already,
}

/// Releases the version: ends our instance, gives its spec to the server, which starts its own, and
/// announces waiting tasks to that once. The version is marked first, so that nobody adopts it in
/// between. An interrupted release can be repeated. `warn` gets what the server's controller lacks
/// before anything is changed.
pub(crate) async fn release(
    admin: &AdminClient,
    id: &VersionId,
    identity: &str,
    warn: impl Fn(&[String]),
) -> anyhow::Result<Released> {
    let Some(instance) = admin.latest_run(id).await? else {
        bail!("{id} does not exist: no instance of it ever ran");
    };
    let Some(is_marked) = admin.is_released(id).await? else {
        bail!("the server does not know {id}, so it cannot run it");
    };
    let ours = admin.task_queue();
    let last = match (Owner::of(&instance.task_queue, ours), instance.is_open()) {
        // An earlier release may not have come to this.
        (Owner::Server, true) if is_marked => {
            until_done(|| announce_backlog(admin, id)).await?;
            return Ok(Released::Already);
        }
        (Owner::Server, true) => {
            admin.mark_released(id, identity).await?;
            return Ok(Released::Already);
        }
        (Owner::Wci, true) => {
            warn(&check(admin, id, &instance).await?);
            end(admin, id, identity).await?
        }
        // An interrupted release, or one whose instance the server did not start.
        (Owner::Wci, false) if is_marked => {
            let last = admin.dump_run(id, &instance.run_id).await?;
            if let Ok(translated) = for_server(&last.spec.clone().unwrap_or_default()) {
                warn(&translated.changes);
            }
            last
        }
        (Owner::Other, true) => bail!(
            "{id} runs on task queue {0}, not on {ours}: use --task-queue {0} to release it through \
             that system worker",
            instance.task_queue
        ),
        (_, false) => bail!("{id} is not running any more"),
    };
    hand_over(admin, id, &instance, last, identity).await
}

/// Fails unless the server's controller can run the version; returns what it lacks.
async fn check(
    admin: &AdminClient,
    id: &VersionId,
    instance: &Execution,
) -> anyhow::Result<Vec<String>> {
    admin.require_worker(&instance.task_queue).await?;
    let spec = admin.require_description(id).await?.spec.unwrap_or_default();
    if spec.is_empty() {
        bail!("{id} has no compute config yet: there is nothing to release");
    }
    Ok(for_server(&spec).map_err(|why| not_released(id, &why))?.changes)
}

/// Ends our instance and returns its last state.
async fn end(admin: &AdminClient, id: &VersionId, identity: &str) -> anyhow::Result<State> {
    admin.mark_released(id, identity).await?;
    match admin.release(id, identity).await {
        Ok(state) => Ok(state),
        // Whether it ends is unknown: another release continues from there.
        Err(error) if error.is_outcome_unknown() => {
            bail!("{error}; {id} may still be released: see `wci describe {id}`")
        }
        Err(error) => {
            // What went wrong first is what the reader needs.
            let unmarked = until_done(|| admin.unmark_released(id, identity)).await;
            let mark = unmarked.err().map(|error| {
                format!("; its mark stays, so that automatic adoption leaves it alone: {error}")
            });
            Err(not_released(id, &format!("{error}{}", mark.unwrap_or_default())))
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
    let translated = for_server(&last.spec.clone().unwrap_or_default());
    let ForServer { spec, changes } = match translated {
        Ok(translated) => translated,
        // It was changed since it was checked.
        Err(why) => return Err(take_back(admin, id, ours, last, identity, &why).await),
    };
    if let Err(error) = admin.update_version(id, &spec, Vec::new(), identity).await {
        return Err(take_back(admin, id, ours, last, identity, &error).await);
    }
    let announced = until_done(|| reannounce(admin, id, &last)).await;
    let announced = announced.map_err(|error| {
        anyhow!(
            "{id} is released, but its waiting tasks could not be announced: {error}; release it \
             again to announce them"
        )
    })?;
    Ok(Released::Now { notified: announced > 0, changes })
}

fn not_released(id: &VersionId, why: &dyn Display) -> anyhow::Error {
    anyhow!("{id} was not released: {why}")
}

/// The server could not take over, so our instance continues. Ends what the server's attempt left.
async fn take_back(
    admin: &AdminClient,
    id: &VersionId,
    ours: &Execution,
    last: State,
    identity: &str,
    why: &dyn Display,
) -> anyhow::Error {
    let taken = async {
        let latest = until_done(|| admin.latest_run(id)).await?;
        let latest = latest.map_or_else(|| ours.run_id.clone(), |latest| latest.run_id);
        until_done(|| admin.take_over(id, last.clone(), &latest)).await
    };
    let refused = format!("the server's controller did not take over {id}: {why}");
    if let Err(error) = taken.await {
        return anyhow!(
            "{refused}; nobody runs it now, because wci could not continue either: {error}; run \
             `wci release {id}` again"
        );
    }
    match until_done(|| admin.unmark_released(id, identity)).await {
        Ok(()) => anyhow!("{refused}; wci continues to run it"),
        Err(error) => anyhow!(
            "{refused}; wci continues to run it, but it is still marked as released: {error}; \
             `wci adopt {id}` removes the mark"
        ),
    }
}
