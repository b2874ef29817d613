//! A launch: starting all its missing processes at once.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use tokio::{process::Child, sync::oneshot};
use wci_contract::{FailureClass, launch::Outcome};

use super::{
    config::SubprocessConfig,
    environment::WorkerVariables,
    launch_claims::{Claim, LaunchClaims},
    launch_records,
    machine::Machine,
    os_error,
    process_access::ProcessLimits,
    process_spec::ProcessSpec,
    worker_exit::WorkerExit,
    worker_log::WorkerLog,
    worker_process::{self, StartResult},
};
use crate::{LaunchRequest, Progress, Scope, clock::now_ms, supervisor::Lifetime, tally::Tally};

/// What each process of a launch runs, and for how long.
pub(super) struct LaunchProcessSpec {
    process: ProcessSpec,
    lifetime_ms: u64,
    grace_ms: u64,
}

impl LaunchProcessSpec {
    /// Processes that run `process` for the lifetime that `config` gives.
    pub(super) fn new(process: ProcessSpec, config: &SubprocessConfig) -> Self {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self { process, lifetime_ms: millis(config.lifetime), grace_ms: millis(config.grace()) }
    }
}

/// Starts the missing workers of the launch.
pub(super) async fn run(
    machine: &Arc<Machine>,
    limits: ProcessLimits,
    spec: &LaunchProcessSpec,
    request: &LaunchRequest,
    progress: &dyn Progress,
) -> Outcome {
    let claims = match LaunchClaims::acquire(machine, limits, request).await {
        Ok(claims) => claims,
        Err(error) => {
            return request.refused(FailureClass::Internal, machine.cannot_write_records(&error));
        }
    };
    let mut tally = Tally::new(claims.started, progress);
    if claims.over_limit > 0 {
        let message = machine.limit_reached(&request.scope.namespace, limits);
        tally.failed(claims.over_limit, FailureClass::Throttled, &message);
    }
    let output = machine.output_budget(&request.scope.namespace, limits);
    let log = || {
        let (launch_id, secrets) = (request.launch_id.clone(), Arc::clone(&spec.process.secrets));
        WorkerLog::new(launch_id, secrets, Arc::clone(&output))
    };
    let mut starts = start_all(machine, spec, request, claims.claims, log, &mut tally);
    while let Some(start) = starts.next().await {
        match start {
            Ok(Ok(())) => tally.started(),
            Ok(Err((class, message))) => {
                let command = &spec.process.command;
                tally.failed(1, class, &format!("command {command:?}: {message}"));
            }
            Err(_) => tally.failed(1, FailureClass::Internal, "the system worker is stopping"),
        }
    }
    tally.finish()
}

type Started = Result<(), (FailureClass, String)>;

/// Starts a supervisor for each claim. After the first failure the others are not tried.
fn start_all(
    machine: &Arc<Machine>,
    spec: &LaunchProcessSpec,
    request: &LaunchRequest,
    claims: Vec<Claim>,
    log: impl Fn() -> WorkerLog,
    tally: &mut Tally<'_>,
) -> FuturesUnordered<oneshot::Receiver<Started>> {
    let starts = FuturesUnordered::new();
    let mut failed = None;
    for claim in claims {
        let spawned = match failed {
            Some(class) => Err((class, String::new())),
            None => spawn(machine, spec, request, &claim),
        };
        match spawned {
            Ok(supervisor) => {
                let scope = request.scope.clone();
                starts.push(follow(Arc::clone(machine), supervisor, claim, log(), scope));
            }
            Err((class, message)) => {
                launch_records::release(&claim.record);
                tally.failed(1, class, &message);
                failed = Some(class);
            }
        }
    }
    starts
}

fn spawn(
    machine: &Machine,
    spec: &LaunchProcessSpec,
    request: &LaunchRequest,
    claim: &Claim,
) -> Result<Child, (FailureClass, String)> {
    let LaunchProcessSpec { process, lifetime_ms, grace_ms } = spec;
    let deadline_ms = now_ms().saturating_add(*lifetime_ms);
    let variables = WorkerVariables {
        namespace: &request.scope.namespace,
        version: &request.scope.version,
        deadline_ms: Some(deadline_ms),
        identity: format!("{}/{}@{}", request.launch_id, claim.index, process.command),
        launch_id: &request.launch_id,
    };
    let lifetime = Lifetime::Deadline { deadline_ms, grace_ms: *grace_ms };
    let program = machine.supervisor();
    worker_process::spawn_supervisor(program, process, &claim.record, &variables, lifetime).map_err(
        |error| {
            // The supervisor is our own program, so a missing file is our own fault.
            let class = match os_error::failure_class(&error) {
                FailureClass::Unavailable => FailureClass::Unavailable,
                _ => FailureClass::Internal,
            };
            (class, machine.cannot_start_supervisor(&error))
        },
    )
}

/// Follows a process until it has exited, even if its launch has been abandoned.
fn follow(
    machine: Arc<Machine>,
    supervisor: Child,
    claim: Claim,
    log: WorkerLog,
    scope: Scope,
) -> oneshot::Receiver<Started> {
    let (report, started) = oneshot::channel();
    tokio::spawn(async move {
        let Claim { record, permit, .. } = claim;
        let worker = match worker_process::await_start(supervisor, record).await {
            StartResult::Running(worker) => worker,
            StartResult::StartedElsewhere => return drop(report.send(Ok(()))),
            StartResult::Failed(class, message) => {
                return drop(report.send(Err((class, message))));
            }
        };
        let _ = report.send(Ok(()));
        let running = machine.crash_counts().started(&scope);
        let launch_id = log.launch_id().to_owned();
        let exit = worker.log_until_exit(log).await;
        running.exited(&exit);
        if let WorkerExit::Failed(exit) = exit {
            machine.failed_exits().keep(&launch_id, exit.sentence());
        }
        drop(permit);
    });
    started
}
