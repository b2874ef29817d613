//! A launch: as many processes as are still missing, started at once.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use tokio::{process::Child, sync::oneshot};
use wci_contract::{FailureClass, launch::Outcome};

use super::{
    claims,
    environment::WorkerVariables,
    handshake::{self, Start},
    machine::Machine,
    plan::Plan,
    slots::{Slot, Slots},
    spec::SubprocessSpec,
    trouble,
    worker_log::WorkerLog,
};
use crate::{LaunchRequest, Progress, clock::now_ms, shepherd::Term, tally::Tally};

/// What each process of a launch is, and how long it may live.
pub(super) struct Lives {
    plan: Plan,
    lifetime_ms: u64,
    grace_ms: u64,
}

impl Lives {
    /// Processes of `plan` that live as long as `spec` says.
    pub(super) fn new(plan: Plan, spec: &SubprocessSpec) -> Self {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self { plan, lifetime_ms: millis(spec.lifetime), grace_ms: millis(spec.grace()) }
    }
}

/// Starts what is missing of the launch.
pub(super) async fn run(
    machine: &Arc<Machine>,
    lives: &Lives,
    request: &LaunchRequest,
    progress: &dyn Progress,
) -> Outcome {
    let slots = match Slots::claim(machine, request).await {
        Ok(slots) => slots,
        Err(error) => {
            let message = format!("cannot keep records of processes: {error}");
            return request.refused(FailureClass::Internal, message);
        }
    };
    let mut tally = Tally::new(slots.started, progress);
    tally.failed(slots.no_room, FailureClass::Throttled, &no_room(machine));
    let mut starts = start_all(machine, lives, request, slots.free, &mut tally);
    while let Some(start) = starts.next().await {
        match start {
            Ok(Ok(())) => tally.started(),
            Ok(Err((class, message))) => {
                tally.failed(1, class, &format!("command {:?}: {message}", lives.plan.command));
            }
            Err(_) => tally.failed(1, FailureClass::Internal, "the system worker is stopping"),
        }
    }
    tally.finish()
}

fn no_room(machine: &Machine) -> String {
    format!(
        "{} processes live on this machine, as many as may: wait for some to end, or raise the \
         system worker's limit",
        machine.max_processes()
    )
}

type Started = Result<(), (FailureClass, String)>;

/// Starts a shepherd for each slot. Once one cannot be started, the others are not tried.
fn start_all(
    machine: &Machine,
    lives: &Lives,
    request: &LaunchRequest,
    slots: Vec<Slot>,
    tally: &mut Tally<'_>,
) -> FuturesUnordered<oneshot::Receiver<Started>> {
    let starts = FuturesUnordered::new();
    let mut failed = None;
    for slot in slots {
        let spawned = match failed {
            Some(class) => Err((class, String::new())),
            None => spawn(machine, lives, request, &slot),
        };
        match spawned {
            Ok(child) => starts.push(attend(
                child,
                slot,
                WorkerLog::new(request.launch_id.clone(), Arc::clone(&lives.plan.secrets)),
            )),
            Err((class, message)) => {
                claims::release(&slot.record);
                tally.failed(1, class, &message);
                failed = Some(class);
            }
        }
    }
    starts
}

fn spawn(
    machine: &Machine,
    lives: &Lives,
    request: &LaunchRequest,
    slot: &Slot,
) -> Result<Child, (FailureClass, String)> {
    let Lives { plan, lifetime_ms, grace_ms } = lives;
    let deadline_ms = now_ms().saturating_add(*lifetime_ms);
    let variables = WorkerVariables {
        namespace: &request.scope.namespace,
        deployment: request.scope.version.deployment(),
        build_id: request.scope.version.build_id(),
        deadline_ms: Some(deadline_ms),
        identity: format!("{}/{}@{}", request.launch_id, slot.index, plan.command),
        launch_id: &request.launch_id,
    };
    let term = Term::Deadline { deadline_ms, grace_ms: *grace_ms };
    handshake::spawn(machine.shepherd(), plan, &slot.record, &variables, term).map_err(|error| {
        // It is our own program: that it is not there is our own fault.
        let class = match trouble::class(&error) {
            FailureClass::Unavailable => FailureClass::Unavailable,
            _ => FailureClass::Internal,
        };
        (class, format!("cannot start a shepherd: {error}"))
    })
}

/// Stays with a process until it is gone, also when nobody waits for its launch any more.
fn attend(child: Child, slot: Slot, mut log: WorkerLog) -> oneshot::Receiver<Started> {
    let (report, started) = oneshot::channel();
    tokio::spawn(async move {
        let Slot { record, permit, .. } = slot;
        let mut worker = match handshake::shake_hands(child, record).await {
            Start::Running(worker) => worker,
            Start::Elsewhere => return drop(report.send(Ok(()))),
            Start::Failed(class, message) => return drop(report.send(Err((class, message)))),
        };
        let _ = report.send(Ok(()));
        log.is_of(worker.pid);
        while let Some(line) = worker.next_line().await {
            log.line(&line);
        }
        log.ended(worker.ended().await);
        drop(permit);
    });
    started
}
