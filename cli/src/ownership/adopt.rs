//! Adopts an instance from the server's controller.

use wci_contract::{Spec, VersionId, activities::DryRun, state::State};
use wci_history::RunHistory;

use super::{AdoptError, reannounce, retry::until_done};
use crate::control::{AdminClient, ControlError, Execution, Owner, replacement};

/// Who requests the adoption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdoptMode {
    /// A user names the version.
    Requested,
    /// Automatic adoption, which skips released versions and those without a compute config.
    Automatic,
}

/// The result of an adoption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adopted {
    /// The instance was adopted.
    Now,
    /// It was ours already.
    Already,
}

/// Adopts the instance of `id`: reads its state, replaces it with ours in one step, and passes on
/// what reached the old one in between. `identity` is recorded with the change.
///
/// # Errors
/// [`AdoptError`] says why the instance stays with its owner.
pub async fn adopt(
    admin: &AdminClient,
    id: &VersionId,
    mode: AdoptMode,
    identity: &str,
) -> Result<Adopted, AdoptError> {
    let Some(theirs) = admin.latest_run(id).await?.filter(Execution::is_open) else {
        return Err(AdoptError::NotRunning(id.clone()));
    };
    match Owner::of(&theirs.task_queue, admin.task_queue()) {
        Owner::Wci => {
            finish(admin, id, mode, identity).await?;
            return Ok(Adopted::Already);
        }
        Owner::Other => {
            return Err(AdoptError::OtherOwner { id: id.clone(), queue: theirs.task_queue });
        }
        Owner::Server => {}
    }
    let is_released = admin.is_released(id).await?;
    if mode == AdoptMode::Automatic {
        match is_released {
            Some(false) => {}
            Some(true) => return Err(AdoptError::Released(id.clone())),
            None => return Err(AdoptError::NoComputeConfig(id.clone())),
        }
    }
    let spec = spec_of(&admin.dump_run(id, &theirs.run_id).await?);
    if mode == AdoptMode::Automatic && spec.is_empty() {
        return Err(AdoptError::NoComputeConfig(id.clone()));
    }
    check(admin, id, &spec).await?;
    let before = admin.history(id, &theirs.run_id).await?;
    if before.has_pending_update() {
        return Err(AdoptError::UpdateInProgress(id.clone()));
    }
    let state = admin.dump_run(id, &theirs.run_id).await?;
    let taken = spec_of(&state);
    until_done(|| admin.take_over(id, state.clone(), &theirs.run_id)).await?;
    // From here on the version is ours, whatever happens.
    let caught_up = async {
        let after = until_done(|| admin.history(id, &theirs.run_id)).await?;
        catch_up(admin, id, &theirs.run_id, &before, &after, &taken).await
    };
    // Tasks wait, the mark does not.
    let caught_up = caught_up.await;
    let unmarked = match is_released {
        Some(true) => until_done(|| admin.unmark_released(id, identity)).await,
        _ => Ok(()),
    };
    let (id, text) = (id.clone(), |error: ControlError| error.to_string());
    caught_up.map_err(|error| AdoptError::NotCaughtUp { id: id.clone(), why: text(error) })?;
    unmarked.map_err(|error| AdoptError::StillMarked { id, why: text(error) })?;
    Ok(Adopted::Now)
}

/// Removes the mark that an interrupted adoption left.
async fn finish(
    admin: &AdminClient,
    id: &VersionId,
    mode: AdoptMode,
    identity: &str,
) -> Result<(), AdoptError> {
    if mode == AdoptMode::Requested && admin.is_released(id).await? == Some(true) {
        until_done(|| admin.unmark_released(id, identity))
            .await
            .map_err(|error| AdoptError::StillMarked { id: id.clone(), why: error.to_string() })?;
    }
    Ok(())
}

fn spec_of(state: &State) -> Spec {
    state.spec.clone().unwrap_or_default()
}

/// Fails unless our system worker can start the workers of `spec`.
async fn check(admin: &AdminClient, id: &VersionId, spec: &Spec) -> Result<(), AdoptError> {
    if spec.is_empty() {
        return Ok(());
    }
    let version = id.clone();
    let output = admin
        .dry_run(&DryRun { version, request: replacement(&Spec::default(), spec, "") })
        .await?;
    match output.refusal {
        Some(refusal) => {
            Err(AdoptError::CannotStartWorkers { id: id.clone(), why: refusal.message })
        }
        None => Ok(()),
    }
}

/// Passes on what reached the other instance after its state was read, and what it started but did
/// not finish.
async fn catch_up(
    admin: &AdminClient,
    id: &VersionId,
    theirs: &str,
    before: &RunHistory,
    after: &RunHistory,
    taken: &Spec,
) -> Result<(), ControlError> {
    let mut tasks = after.announced_after(before.last_event_id());
    if tasks.is_empty() && after.has_pending_activity() {
        tasks.extend(reannounce::synthetic_signal(taken));
    }
    for task in tasks {
        until_done(|| admin.announce(id, &task)).await?;
    }
    if after.has_update_after(before.last_event_id()) {
        // The caller was told that it succeeded.
        let spec = spec_of(&until_done(|| admin.dump_run(id, theirs)).await?);
        if spec != *taken && !spec.is_empty() {
            let request = replacement(taken, &spec, "wci adopt");
            until_done(|| admin.update(id, &request)).await?;
        }
    }
    Ok(())
}
