//! Taking over from the server's controller.

use wci_contract::{Spec, VersionId, activities::DryRun, state::State};

use super::{Hindrance, nudge};
use crate::control::{Control, Execution, Keeper, Past, Trouble, replacement};

/// Who wants to take over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Somebody names the version.
    Asked,
    /// Whatever there is: leaves alone what was released or is not finished.
    Sweeping,
}

/// What was found, or done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adopted {
    /// Ours took over.
    Now,
    /// It was ours.
    Before,
}

/// Takes the instance over: its state is read, ours is started in its place in one step, and
/// what reached the other one in between is passed on.
pub async fn adopt(
    control: &Control,
    id: &VersionId,
    manner: Manner,
    identity: &str,
) -> Result<Adopted, Hindrance> {
    let Some(theirs) = control.look(id).await?.filter(Execution::is_open) else {
        return Err(Hindrance::NotThere(id.clone()));
    };
    match Keeper::of(&theirs.task_queue, control.task_queue()) {
        Keeper::Wci => return Ok(Adopted::Before),
        Keeper::Other => {
            return Err(Hindrance::Elsewhere { id: id.clone(), queue: theirs.task_queue });
        }
        Keeper::Server => {}
    }
    let is_released = control.is_released(id).await?;
    if manner == Manner::Sweeping {
        match is_released {
            Some(false) => {}
            Some(true) => return Err(Hindrance::Released(id.clone())),
            None => return Err(Hindrance::Unfinished(id.clone())),
        }
    }
    let spec = spec_of(&control.dump_run(id, &theirs.run_id).await?);
    if manner == Manner::Sweeping && spec.is_empty() {
        return Err(Hindrance::Unfinished(id.clone()));
    }
    check(control, id, &spec).await?;
    let before = control.past(id, &theirs.run_id).await?;
    if before.has_update_under_way() {
        return Err(Hindrance::BeingChanged(id.clone()));
    }
    let state = control.dump_run(id, &theirs.run_id).await?;
    let taken = spec_of(&state);
    control.take_over(id, state, &theirs.run_id).await?;
    if is_released == Some(true) {
        control.unmark(id, identity).await?;
    }
    let after = control.past(id, &theirs.run_id).await?;
    catch_up(control, id, &theirs.run_id, &before, &after, &taken).await?;
    Ok(Adopted::Now)
}

fn spec_of(state: &State) -> Spec {
    state.spec.clone().unwrap_or_default()
}

/// Makes sure that our system worker can start the workers of `spec`.
async fn check(control: &Control, id: &VersionId, spec: &Spec) -> Result<(), Hindrance> {
    if spec.is_empty() {
        return Ok(());
    }
    let version = id.clone();
    let output = control
        .dry_run(&DryRun { version, request: replacement(&Spec::default(), spec, "") })
        .await?;
    match output.refusal {
        Some(refusal) => Err(Hindrance::Unable { id: id.clone(), why: refusal.message }),
        None => Ok(()),
    }
}

/// Passes on what reached the other instance after it was asked for its state, and what it had
/// begun and did not finish.
async fn catch_up(
    control: &Control,
    id: &VersionId,
    theirs: &str,
    before: &Past,
    after: &Past,
    taken: &Spec,
) -> Result<(), Trouble> {
    let mut tasks = after.announced_since(before.end());
    if tasks.is_empty() && after.has_work_under_way() {
        tasks.extend(nudge::stand_in(taken));
    }
    for task in tasks {
        control.announce(id, &task).await?;
    }
    if after.has_update_since(before.end()) {
        // It was answered, so it must count.
        let spec = spec_of(&control.dump_run(id, theirs).await?);
        if spec != *taken && !spec.is_empty() {
            control.update(id, &replacement(taken, &spec, "wci adopt")).await?;
        }
    }
    Ok(())
}
