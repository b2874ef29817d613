//! One run of a worker: init, work, shutdown.

mod drain;
mod idle;
mod retirement;
mod surplus;

use crate::{
    abandon::AbandonInterceptor,
    connect::connect,
    definition::WorkerDefinition,
    drain_plan::DrainPlan,
    error::{Error, chain},
    gate::Gate,
    hooks,
    invocation::Invocation,
    report::{HookOutcome, LeaveReason, Phases, Report},
    runtime_context::in_runtime,
    sdk_worker::{self, RunResult},
    settings::Settings,
    task_tracker::{TaskState, TaskTracker},
    timing::Timing,
};
use drain::drain;
use idle::until_idle;
use std::{future::pending, pin::pin, rc::Rc, time::Duration};
use surplus::{Surroundings, until_surplus};
use temporal_query_safe_connection::query_safe_connection;
use temporalio_client::Client;
use temporalio_sdk::{WorkerRunError, error::WorkerValidationError};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Runs the worker once.
pub(crate) async fn run(
    definition: &WorkerDefinition,
    mut invocation: Invocation,
) -> Result<Report, Error> {
    let settings = &definition.settings;
    let connect_timeout = invocation.connect_timeout(&settings.timing)?;
    let client = tokio::select! {
        client = connect(settings, definition.data_converter.clone(), connect_timeout) => client?,
        signal = invocation.signals.next() => {
            return Ok(never_connected(LeaveReason::Signal(signal), invocation.started));
        }
    };
    let connected = Instant::now();
    let worked = work_and_drain(definition, &client, &mut invocation).await;
    // The hooks run after a failure, too: that is when what they flush matters most.
    let budget = DrainPlan::new(&settings.timing, invocation.time_left()).hooks;
    let mut result = worked.map(|worked| worked.report(invocation.started, connected));
    let hooks_started = Instant::now();
    let hooks = hooks::run(&definition.hooks, budget, result.as_ref().ok().copied());
    let hooks = in_runtime(&invocation.program_runtime, hooks).await;
    if let Ok(report) = &mut result {
        report.hooks = hooks;
        report.phases.hooks = hooks_started.elapsed();
        report.phases.total = invocation.started.elapsed();
    }
    result
}

/// How the work ended.
struct Worked {
    reason: LeaveReason,
    /// When the shutdown began.
    shutdown_began: Instant,
    /// How long the worker had been idle then.
    idle: Duration,
    /// Which tasks had finished and which were still running at the end of the wait for them.
    tasks: TaskState,
}

impl Worked {
    /// Creates the report of a run that began at `started`, as far as it is known before the hooks.
    fn report(self, started: Instant, connected: Instant) -> Report {
        let Self { reason, shutdown_began, idle, tasks } = self;
        Report {
            reason,
            tasks: tasks.finished,
            abandoned: tasks.running,
            hooks: HookOutcome::default(),
            phases: Phases {
                connect: connected - started,
                first_poll: tasks.first_poll,
                work: shutdown_began - connected,
                drain: shutdown_began.elapsed(),
                idle,
                total: started.elapsed(),
                hooks: Duration::ZERO,
            },
        }
    }
}

async fn work_and_drain(
    definition: &WorkerDefinition,
    client: &Client,
    invocation: &mut Invocation,
) -> Result<Worked, Error> {
    let settings = &definition.settings;
    let work_until = invocation.work_until(&settings.timing)?;
    let tracker = TaskTracker::new(invocation.started);
    let abandon = CancellationToken::new();
    let interceptor = AbandonInterceptor {
        token: abandon.clone(),
        program_runtime: invocation.program_runtime.clone(),
    };
    let connection = query_safe_connection(client.connection()).await;
    let connection = connection.map_err(|error| Error::Worker(chain(&error)))?;
    let gate = Gate::default();
    let consolidation = settings.consolidation.filter(|_| may_consolidate(settings, invocation));
    let mut sdk = sdk_worker::create(
        definition,
        client,
        connection,
        (&tracker, &gate),
        interceptor,
        consolidation.is_some(),
    )?;
    let (own, ends_polls) = (sdk.own.clone(), Rc::clone(&sdk.ends_polls));
    let surroundings = Surroundings { client, settings, own, gate, ends_polls };
    let stop_polling = sdk.worker.shutdown_handle();
    let mut run = pin!(sdk.worker.run());
    let reason = tokio::select! {
        biased;
        signal = invocation.signals.next() => LeaveReason::Signal(signal),
        ended = run.as_mut() => return Err(unexpected_end(ended)),
        () = sleep_until_some(work_until) => LeaveReason::Deadline,
        idle = until_idle(&tracker, settings) => idle?,
        () = until_surplus(&tracker, consolidation, &surroundings) => LeaveReason::Surplus,
    };
    let shutdown_began = Instant::now();
    let running = tracker.state().running.total();
    let idle = tracker.state().idle_time(tracker.elapsed());
    tracing::info!(%reason, running, "shutting down");
    stop_polling();
    if let (LeaveReason::Signal(_), Some(grace)) = (reason, settings.timing.termination_grace) {
        invocation.end_within(grace);
    }
    let plan = DrainPlan::new(&settings.timing, invocation.time_left());
    let tasks = drain(run, plan, &tracker, &abandon, &mut invocation.signals).await;
    Ok(Worked { reason, shutdown_began, idle, tasks })
}

/// Whether a worker like this one may leave although it has tasks: something started it with a
/// deadline and an idle timeout, and will start another one when there is more work.
fn may_consolidate(settings: &Settings, invocation: &Invocation) -> bool {
    let Timing { idle_timeout, heartbeat_interval, .. } = settings.timing;
    invocation.deadline.is_some() && idle_timeout.is_some() && heartbeat_interval.is_some()
}

/// Sleeps until `time`, or forever if there is none.
async fn sleep_until_some(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}

/// The error of a worker that ended although nothing had stopped it.
fn unexpected_end(ended: RunResult) -> Error {
    match ended {
        Ok(()) => Error::Worker("it stopped polling unexpectedly".to_owned()),
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

fn never_connected(reason: LeaveReason, started: Instant) -> Report {
    let tasks = TaskState::default();
    let total = started.elapsed();
    Report {
        reason,
        tasks: tasks.finished,
        abandoned: tasks.running,
        hooks: HookOutcome::default(),
        phases: Phases { connect: total, total, ..Phases::default() },
    }
}
