//! Which workers of a launch this attempt starts.

use std::{io, path::PathBuf, sync::Arc, thread, time::Duration};

use tokio::task::spawn_blocking;

use super::{
    launch_records::{LaunchRecords, LaunchStatus},
    machine::Machine,
    process_access::ProcessLimits,
    process_table::Permit,
};
use crate::LaunchRequest;

/// How often, and how many times, to test whether another attempt has started what it claimed.
const PENDING_INTERVAL: Duration = Duration::from_millis(50);
const PENDING_CHECKS: u32 = 25;

/// The workers that this attempt starts.
pub(super) struct LaunchClaims {
    /// The number of workers of the launch that have been started already.
    pub(super) started: u32,
    /// The number of workers that would exceed the machine's limit.
    pub(super) over_limit: u32,
    /// The workers to start.
    pub(super) claims: Vec<Claim>,
}

/// One worker that this attempt has claimed and is permitted to start.
pub(super) struct Claim {
    /// The index of the worker within the launch.
    pub(super) index: u32,
    /// Its record.
    pub(super) record: PathBuf,
    /// To be held for as long as the process runs.
    pub(super) permit: Permit,
}

impl LaunchClaims {
    /// Claims the missing workers of the launch, as far as the machine's limit allows.
    pub(super) async fn acquire(
        machine: &Arc<Machine>,
        limits: ProcessLimits,
        request: &LaunchRequest,
    ) -> io::Result<Self> {
        let machine = Arc::clone(machine);
        let (count, already_started) = (request.count, request.already_started);
        let namespace = request.scope.namespace.clone();
        let records =
            LaunchRecords::new(machine.run_dir(), &request.scope.namespace, &request.launch_id);
        let claiming = move || {
            machine.prepare()?;
            let status = await_pending(&records, count)?;
            let permits = |missing| machine.reserve(&namespace, limits, missing);
            claim(permits, &records, count, already_started, status)
        };
        spawn_blocking(claiming).await.map_err(io::Error::other)?
    }
}

/// Waits until other attempts have started or abandoned what they claimed.
fn await_pending(records: &LaunchRecords, count: u32) -> io::Result<LaunchStatus> {
    for _ in 0..PENDING_CHECKS {
        let status = records.status(count)?;
        if status.pending == 0 {
            return Ok(status);
        }
        thread::sleep(PENDING_INTERVAL);
    }
    records.status(count)
}

fn claim(
    permits: impl FnOnce(u32) -> Vec<Permit>,
    records: &LaunchRecords,
    count: u32,
    already_started: u32,
    status: LaunchStatus,
) -> io::Result<LaunchClaims> {
    // The records cover this machine only; an earlier attempt may have run on another one.
    let mut started = (status.started + status.pending).max(already_started).min(count);
    let missing = count - started;
    let mut permits = permits(missing);
    let mut claims = Vec::with_capacity(permits.len());
    for index in status.unclaimed {
        let Some(permit) = permits.pop() else { break };
        match records.claim(index)? {
            Some(record) => claims.push(Claim { index, record, permit }),
            None => started += 1,
        }
    }
    let claimed = u32::try_from(claims.len()).unwrap_or(count);
    Ok(LaunchClaims { started, over_limit: count.saturating_sub(started + claimed), claims })
}
