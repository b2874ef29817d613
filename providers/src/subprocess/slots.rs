//! Which workers of a launch this attempt starts.

use std::{io, path::PathBuf, sync::Arc, thread, time::Duration};

use tokio::task::spawn_blocking;

use super::{
    claims::{LaunchFolder, Survey},
    machine::Machine,
    roster::Permit,
};
use crate::LaunchRequest;

/// How often, and how many times, to look whether another attempt gets to start what it claimed.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const LOOKS: u32 = 25;

/// What is to be started.
pub(super) struct Slots {
    /// Workers of the launch that are started already.
    pub(super) started: u32,
    /// Workers for which there is no room.
    pub(super) no_room: u32,
    /// Workers to start.
    pub(super) free: Vec<Slot>,
}

/// One process to start, claimed, with room for it.
pub(super) struct Slot {
    /// Which worker of the launch.
    pub(super) index: u32,
    /// Its record.
    pub(super) record: PathBuf,
    /// To be kept for as long as the process lives.
    pub(super) permit: Permit,
}

impl Slots {
    /// Claims what is missing of the launch, as far as there is room.
    pub(super) async fn claim(machine: &Arc<Machine>, request: &LaunchRequest) -> io::Result<Self> {
        let machine = Arc::clone(machine);
        let (count, already_started) = (request.count, request.already_started);
        let folder =
            LaunchFolder::new(machine.run_dir(), &request.scope.namespace, &request.launch_id);
        let claiming = move || {
            machine.sweep();
            let survey = settled_survey(&folder, count)?;
            claim(&machine, &folder, count, already_started, survey)
        };
        spawn_blocking(claiming).await.map_err(io::Error::other)?
    }
}

/// Waits until claims of other attempts have become processes, or nobody's.
fn settled_survey(folder: &LaunchFolder, count: u32) -> io::Result<Survey> {
    for _ in 0..LOOKS {
        let survey = folder.survey(count)?;
        if survey.pending == 0 {
            return Ok(survey);
        }
        thread::sleep(LOOK_AGAIN);
    }
    folder.survey(count)
}

fn claim(
    machine: &Machine,
    folder: &LaunchFolder,
    count: u32,
    already_started: u32,
    survey: Survey,
) -> io::Result<Slots> {
    // Records tell of this machine only; an earlier attempt may have run on another.
    let mut started = (survey.started + survey.pending).max(already_started).min(count);
    let missing = count - started;
    let mut permits = machine.reserve(missing);
    let mut free = Vec::with_capacity(permits.len());
    for index in survey.open {
        let Some(permit) = permits.pop() else { break };
        match folder.claim(index)? {
            Some(record) => free.push(Slot { index, record, permit }),
            None => started += 1,
        }
    }
    let claimed = u32::try_from(free.len()).unwrap_or(count);
    Ok(Slots { started, no_room: count.saturating_sub(started + claimed), free })
}
