//! Starting one process of a pool, and staying with it.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    process::Child,
    sync::{Notify, mpsc::UnboundedSender},
};

use super::{
    super::{
        claims,
        environment::WorkerVariables,
        handshake::{self, Start},
        roster::Permit,
        worker_log::WorkerLog,
    },
    members::Member,
    place::{Desired, Place},
    recipe::{Kitchen, Recipe},
};
use crate::shepherd::Term;

/// A process that this system worker started is gone.
#[derive(Debug)]
pub(super) struct End {
    /// Which.
    pub(super) number: u64,
    /// How long it lived; zero when it did not start.
    pub(super) lived: Duration,
}

/// Whom to tell of ends.
#[derive(Clone)]
pub(super) struct Ends {
    pub(super) sender: UnboundedSender<End>,
    pub(super) nudge: Arc<Notify>,
}

/// Starts the process `number` of a pool. Errors are messages.
pub(super) fn start(
    kitchen: &Kitchen,
    place: &Place,
    desired: &Desired,
    number: u64,
    ends: Ends,
) -> Result<(), String> {
    let recipe = kitchen.recipe(&desired.config).map_err(|error| error.to_string())?;
    let machine = kitchen.machine();
    let Some(permit) = machine.reserve(1).pop() else {
        let most = machine.max_processes();
        return Err(format!("{most} processes live on this machine, as many as may"));
    };
    let record = Member::record(place.records(), number, desired.generation);
    match claims::create(place.records(), &record) {
        Ok(true) => {}
        Ok(false) => return Err("its record is there already".to_owned()),
        Err(error) => return Err(format!("cannot keep records of processes: {error}")),
    }
    let launch_id = launch_id(desired);
    let child = spawn(kitchen, place, desired, &recipe, &record, (number, &launch_id));
    let child = child.map_err(|error| {
        claims::release(&record);
        format!("cannot start a shepherd: {error}")
    })?;
    let log = WorkerLog::new(launch_id, Arc::clone(&recipe.plan.secrets));
    tokio::spawn(attend(child, record, permit, log, (number, ends)));
    Ok(())
}

/// What stands for a launch's ID in logs and variables.
fn launch_id(desired: &Desired) -> String {
    let Desired { version, group, .. } = desired;
    format!("{version}/{group}")
}

fn spawn(
    kitchen: &Kitchen,
    place: &Place,
    desired: &Desired,
    recipe: &Recipe,
    record: &Path,
    (number, launch_id): (u64, &str),
) -> io::Result<Child> {
    let variables = WorkerVariables {
        namespace: &desired.namespace,
        deployment: desired.version.deployment(),
        build_id: desired.version.build_id(),
        deadline_ms: None,
        identity: format!("{launch_id}/{number}@{}", recipe.plan.command),
        launch_id,
    };
    let lease = kitchen.machine().lease();
    let term = Term::Kept {
        keeper: place.keeper(),
        lease_ms: u64::try_from(lease.as_millis()).unwrap_or(u64::MAX),
        stop_ms: recipe.stop_ms,
    };
    handshake::spawn(kitchen.machine().shepherd(), &recipe.plan, record, &variables, term)
}

/// Stays with a process until it is gone.
async fn attend(
    child: Child,
    record: PathBuf,
    permit: Permit,
    mut log: WorkerLog,
    (number, ends): (u64, Ends),
) {
    let began = Instant::now();
    let lived = match handshake::shake_hands(child, record).await {
        Start::Running(mut worker) => {
            // Its record now says that it serves.
            ends.nudge.notify_one();
            log.is_of(worker.pid);
            while let Some(line) = worker.next_line().await {
                log.line(&line);
            }
            log.ended(worker.ended().await);
            began.elapsed()
        }
        Start::Elsewhere => Duration::ZERO,
        Start::Failed(class, message) => {
            tracing::warn!(%class, message, "a process of a pool did not start");
            Duration::ZERO
        }
    };
    drop(permit);
    let _ = ends.sender.send(End { number, lived });
    ends.nudge.notify_one();
}
