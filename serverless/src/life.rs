//! A worker's life: init, work, shutdown.

use crate::{
    abandon::Abandon,
    connect::connect,
    drain::DrainPlan,
    error::{Error, chain},
    home::within,
    hooks::{self, HookOutcome},
    idle::{Verdict, judge},
    invocation::Invocation,
    ledger::{Activity, Ledger},
    report::{LeaveReason, Phases, Report, whole_millis},
    sdk_worker::assemble,
    settings::Settings,
    signals::Signals,
    tuning::Timing,
    worker::ServerlessWorker,
};
use std::{
    future::{Future, pending},
    pin::{Pin, pin},
    time::Duration,
};
use temporal_query_safe_connection::query_safe_connection;
use temporalio_client::Client;
use temporalio_sdk::{WorkerRunError, error::WorkerValidationError};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

type RunResult = Result<(), WorkerRunError>;

/// Lives once.
pub(crate) async fn live(
    worker: &ServerlessWorker,
    mut invocation: Invocation,
) -> Result<Report, Error> {
    let settings = &worker.settings;
    let most = invocation.connect_within(&settings.timing)?;
    let client = tokio::select! {
        client = connect(settings, worker.data_converter.clone(), most) => client?,
        signal = invocation.signals.next() => {
            let reason = LeaveReason::Signal(signal);
            return Ok(never_worked(reason, invocation.started));
        }
    };
    let connected = Instant::now();
    let worked = work_and_drain(worker, &client, &mut invocation).await;
    // What the hooks flush matters most when something went wrong.
    let left = invocation.left();
    let budget = DrainPlan::new(&settings.timing, left).hooks;
    let mut lived = worked.map(|worked| worked.report(invocation.started, connected));
    let hooks_began = Instant::now();
    let hooks = hooks::run(&worker.hooks, budget, lived.as_ref().ok().copied());
    let hooks = within(&invocation.home, hooks).await;
    if let Ok(report) = &mut lived {
        report.hooks = hooks;
        report.phases.hooks = hooks_began.elapsed();
        report.phases.total = invocation.started.elapsed();
    }
    lived
}

/// How the work ended.
struct Worked {
    reason: LeaveReason,
    /// When it was decided to leave.
    decided: Instant,
    /// For how long nothing had happened then.
    idle: Duration,
    /// What had been done, and what still ran, when there was no more waiting.
    activity: Activity,
}

impl Worked {
    /// The report of a life that began at `started`, as far as it is known before the hooks.
    fn report(self, started: Instant, connected: Instant) -> Report {
        let Self { reason, decided, idle, activity } = self;
        Report {
            reason,
            tasks: activity.done,
            abandoned: activity.running,
            hooks: HookOutcome::default(),
            phases: Phases {
                connect: connected - started,
                first_poll: activity.ready,
                work: decided - connected,
                drain: decided.elapsed(),
                idle,
                total: started.elapsed(),
                hooks: Duration::ZERO,
            },
        }
    }
}

async fn work_and_drain(
    worker: &ServerlessWorker,
    client: &Client,
    invocation: &mut Invocation,
) -> Result<Worked, Error> {
    let settings = &worker.settings;
    let work_until = invocation.work_until(&settings.timing)?;
    let ledger = Ledger::new(invocation.started);
    let abandon = CancellationToken::new();
    let abandons = Abandon { token: abandon.clone(), home: invocation.home.clone() };
    let polled = query_safe_connection(client.connection()).await;
    let polled = polled.map_err(|error| Error::Worker(chain(&error)))?;
    let mut sdk = assemble(worker, client, polled, &ledger, abandons)?;
    let stop = sdk.worker.shutdown_handle();
    let mut run = pin!(sdk.worker.run());
    let reason = tokio::select! {
        biased;
        signal = invocation.signals.next() => LeaveReason::Signal(signal),
        ended = run.as_mut() => return Err(ended_by_itself(ended)),
        () = reached(work_until) => LeaveReason::Deadline,
        idle = nothing_to_do(&ledger, settings) => idle?,
    };
    let decided = Instant::now();
    let running = ledger.activity().running.total();
    let idle = ledger.activity().idle_at(ledger.now());
    tracing::info!(%reason, running, "leaving");
    stop();
    if let (LeaveReason::Signal(_), Some(grace)) = (reason, settings.timing.termination_grace) {
        invocation.end_within(grace);
    }
    let plan = DrainPlan::new(&settings.timing, invocation.left());
    let activity = drain(run, plan, &ledger, &abandon, &mut invocation.signals).await;
    Ok(Worked { reason, decided, idle, activity })
}

async fn reached(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}

/// Ends when nothing has happened for the idle timeout.
async fn nothing_to_do(ledger: &Ledger, settings: &Settings) -> Result<LeaveReason, Error> {
    let Timing { idle_timeout, connect_timeout, .. } = settings.timing;
    let mut activity = ledger.watch();
    let polls = activity.wait_for(|activity| activity.ready.is_some());
    if timeout(connect_timeout, polls).await.is_err() {
        return Err(Error::NotPolling { waited_ms: whole_millis(connect_timeout) });
    }
    tracing::info!(
        task_queue = settings.task_queue,
        deployment = settings.version.deployment_name,
        build_id = settings.version.build_id,
        first_poll_ms = ledger.activity().ready.map(whole_millis),
        "polling"
    );
    let Some(idle_timeout) = idle_timeout else {
        return pending().await;
    };
    loop {
        match judge(&ledger.activity(), idle_timeout, ledger.now()) {
            Verdict::Leave => return Ok(LeaveReason::Idle),
            Verdict::Until(time) => sleep_until(ledger.at(time)).await,
            Verdict::Busy => {
                let ended = activity.wait_for(|activity| activity.running.total() == 0);
                if ended.await.is_err() {
                    return pending().await;
                }
            }
        }
    }
}

/// Waits for what runs as `plan` allows, then gives it up. Returns what was done and what was
/// given up.
async fn drain(
    mut run: Pin<&mut impl Future<Output = RunResult>>,
    plan: DrainPlan,
    ledger: &Ledger,
    abandon: &CancellationToken,
    signals: &mut Signals,
) -> Activity {
    let ended = tokio::select! {
        biased;
        ended = timeout(plan.wait, run.as_mut()) => ended.ok(),
        signal = signals.next() => {
            tracing::warn!(?signal, "not waiting for running tasks any longer");
            None
        }
    };
    let activity = ledger.activity();
    if let Some(ended) = ended {
        log_failure(ended);
        return activity;
    }
    tracing::warn!(
        waited_ms = whole_millis(plan.wait),
        workflow_tasks = activity.running.workflow,
        activities = activity.running.activity,
        local_activities = activity.running.local_activity,
        "giving up running tasks; the server will have them repeated"
    );
    abandon.cancel();
    if activity.running.activity == 0 {
        return activity;
    }
    if let Ok(ended) = timeout(plan.report, run).await {
        log_failure(ended);
    }
    activity
}

/// A failure of the shutdown costs no result: it is told and forgotten.
fn log_failure(ended: RunResult) {
    if let Err(error) = ended {
        tracing::warn!(error = %chain(&error), "the worker failed while it shut down");
    }
}

fn ended_by_itself(ended: RunResult) -> Error {
    match ended {
        Ok(()) => Error::Worker("it stopped polling by itself".to_owned()),
        Err(WorkerRunError::Validation(WorkerValidationError::NamespaceDescribeError {
            source,
            namespace,
        })) => Error::Namespace {
            namespace,
            reason: source.message().trim_end_matches('.').to_owned(),
        },
        Err(error) => Error::Worker(chain(&error)),
    }
}

fn never_worked(reason: LeaveReason, started: Instant) -> Report {
    let activity = Activity::default();
    let total = started.elapsed();
    Report {
        reason,
        tasks: activity.done,
        abandoned: activity.running,
        hooks: HookOutcome::default(),
        phases: Phases { connect: total, total, ..Phases::default() },
    }
}

#[cfg(test)]
mod tests;
