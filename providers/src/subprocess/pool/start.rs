//! Starting one process of a pool, and following it until it exits.

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
        crash_counts::CrashCounts,
        environment::WorkerVariables,
        launch_records,
        process_table::Permit,
        worker_log::WorkerLog,
        worker_process::{self, StartResult},
    },
    members::Member,
    pool_files::{DesiredPool, PoolFiles},
    process_factory::{PoolProcessSpec, ProcessFactory},
};
use crate::{Scope, supervisor::Lifetime};

/// A process that this system worker started has exited.
#[derive(Debug)]
pub(super) struct MemberExit {
    /// The number of the process.
    pub(super) number: u64,
    /// How long it ran; zero if it did not start.
    pub(super) uptime: Duration,
}

/// Reports exits to the reconciler and wakes it.
#[derive(Clone)]
pub(super) struct ExitSender {
    pub(super) sender: UnboundedSender<MemberExit>,
    pub(super) wake: Arc<Notify>,
}

/// Starts the process `number` of a pool. Errors are messages.
pub(super) fn start(
    factory: &ProcessFactory,
    files: &PoolFiles,
    desired: &DesiredPool,
    number: u64,
    exits: ExitSender,
) -> Result<(), String> {
    let spec = factory.process_spec(&desired.config).map_err(|error| error.to_string())?;
    let machine = factory.machine();
    let (namespace, limits) = (&desired.namespace, factory.limits());
    let Some(permit) = machine.reserve(namespace, limits, 1).pop() else {
        return Err(machine.limit_reached(namespace, limits));
    };
    let record = Member::record(files.records(), number, desired.generation);
    match launch_records::create(files.records(), &record) {
        Ok(true) => {}
        Ok(false) => return Err(format!("its record {} exists already", record.display())),
        Err(error) => return Err(machine.cannot_write_records(&error)),
    }
    let launch_id = launch_id(desired);
    let supervisor = spawn(factory, files, desired, &spec, &record, (number, &launch_id));
    let supervisor = supervisor.map_err(|error| {
        launch_records::release(&record);
        machine.cannot_start_supervisor(&error)
    })?;
    let output = machine.output_budget(namespace, limits);
    let log = WorkerLog::new(launch_id, Arc::clone(&spec.process.secrets), output);
    let counts = machine.crash_counts().clone();
    let DesiredPool { namespace, version, group, .. } = desired.clone();
    let counted = (counts, Scope { namespace, version, group });
    tokio::spawn(follow(supervisor, record, permit, log, (number, exits), counted));
    Ok(())
}

/// Takes the place of a launch ID in logs and variables.
fn launch_id(desired: &DesiredPool) -> String {
    let DesiredPool { version, group, .. } = desired;
    format!("{version}/{group}")
}

fn spawn(
    factory: &ProcessFactory,
    files: &PoolFiles,
    desired: &DesiredPool,
    spec: &PoolProcessSpec,
    record: &Path,
    (number, launch_id): (u64, &str),
) -> io::Result<Child> {
    let variables = WorkerVariables {
        namespace: &desired.namespace,
        version: &desired.version,
        deadline_ms: None,
        identity: format!("{launch_id}/{number}@{}", spec.process.command),
        launch_id,
    };
    let machine = factory.machine();
    let lifetime = Lifetime::Leased {
        owner_lock: files.owner_lock(),
        lease_ms: u64::try_from(machine.lease().as_millis()).unwrap_or(u64::MAX),
        stop_ms: spec.stop_ms,
    };
    let program = machine.supervisor();
    worker_process::spawn_supervisor(program, &spec.process, record, &variables, lifetime)
}

/// Follows a process until it has exited.
async fn follow(
    supervisor: Child,
    record: PathBuf,
    permit: Permit,
    log: WorkerLog,
    (number, exits): (u64, ExitSender),
    (counts, scope): (CrashCounts, Scope),
) {
    let started = Instant::now();
    let uptime = match worker_process::await_start(supervisor, record).await {
        StartResult::Running(worker) => {
            // The record now says that the process runs.
            exits.wake.notify_one();
            let running = counts.started(&scope);
            running.exited(&worker.log_until_exit(log).await);
            started.elapsed()
        }
        StartResult::StartedElsewhere => Duration::ZERO,
        StartResult::Failed(class, message) => {
            tracing::warn!(%class, message, "a process of a pool did not start");
            Duration::ZERO
        }
    };
    drop(permit);
    let _ = exits.sender.send(MemberExit { number, uptime });
    exits.wake.notify_one();
}
