//! The workflows of this build with a change, as another build might have it.
//!
//! The SDK's interceptors make the change around the real workflows, so that production code needs
//! no hook for it.

use std::{cell::Cell, collections::BTreeSet, time::Duration};

use anyhow::anyhow;
use temporalio_sdk::{
    WorkerOptions,
    workflow_interceptors::{
        CancellableWorkflowOutboundFuture, ExecuteWorkflowInput, ExecuteWorkflowResult,
        ScheduleActivityInput, ScheduleActivityResult, StartTimerInput, WorkflowCancellationHandle,
        WorkflowInterceptor, WorkflowInterceptorConstructor, WorkflowInterceptorContext,
        WorkflowInterceptorFuture, WorkflowNext,
    },
};
use temporalio_workflow::{
    ActivityOptions, TimerResult, WorkflowCancellationToken, common::error::ApplicationFailure,
};
use wci_cli::replay::this_build;
use wci_contract::{
    Spec, VersionId,
    activities::{DECIDE, DecideInput, RegisterInput},
};
use wci_workflows::InstanceActivities;

use crate::recordings::Recorded;

/// A change of the workflows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// None: shows that the interceptors alone do not make a replay fail.
    Nothing,
    /// An additional activity before anything else.
    ExtraActivity,
    /// An additional timer before anything else.
    ExtraTimer,
    /// Each timer is set twice, and one of the two is never cancelled.
    DoubledTimers,
    /// No timer is set.
    NoTimers,
    /// Activities other than decisions have other names.
    OtherActivities,
    /// An additional decision, awaited before anything else.
    ExtraDecision,
    /// Decisions have another name.
    OtherDecisions,
    /// The workflow panics.
    Panic,
    /// A run that completed fails, and the reverse.
    OtherEnd,
}

const SOON: Duration = Duration::from_secs(10);

type Outbound<T> = CancellableWorkflowOutboundFuture<T>;

impl Mutation {
    /// Every change that a replay must detect.
    pub const HARMFUL: [Self; 8] = [
        Self::ExtraActivity,
        Self::ExtraDecision,
        Self::ExtraTimer,
        Self::DoubledTimers,
        Self::NoTimers,
        Self::OtherActivities,
        Self::OtherDecisions,
        Self::OtherEnd,
    ];

    /// Whether the change affects a run like `recorded`.
    pub fn affects(self, recorded: &Recorded) -> bool {
        match self {
            Self::Nothing
            | Self::Panic
            | Self::ExtraActivity
            | Self::ExtraDecision
            | Self::ExtraTimer => true,
            Self::DoubledTimers | Self::NoTimers => recorded.has(&["TIMER_STARTED"]),
            Self::OtherActivities => recorded.activities().any(|kind| kind != DECIDE),
            Self::OtherDecisions => recorded.activities().any(|kind| kind == DECIDE),
            Self::OtherEnd => recorded.has(&[
                "WORKFLOW_EXECUTION_COMPLETED",
                "WORKFLOW_EXECUTION_FAILED",
                "WORKFLOW_EXECUTION_CANCELED",
                "WORKFLOW_EXECUTION_CONTINUED_AS_NEW",
            ]),
        }
    }

    /// Registers this build's workflows with the change.
    pub fn build(self) -> impl Fn(&mut WorkerOptions) -> anyhow::Result<()> {
        move |options| {
            this_build(options)?;
            let changed = move |_: &_| Mutant { mutation: self, doubling: Cell::new(false) };
            options.workflow_interceptor(WorkflowInterceptorConstructor::new(changed));
            Ok(())
        }
    }
}

/// One workflow with a change.
struct Mutant {
    mutation: Mutation,
    /// Whether the second timer is being set, which must not be doubled again.
    doubling: Cell<bool>,
}

impl WorkflowInterceptor for Mutant {
    fn execute<'a>(
        &'a self,
        ctx: WorkflowInterceptorContext,
        input: ExecuteWorkflowInput,
        next: WorkflowNext<
            'a,
            ExecuteWorkflowInput,
            WorkflowInterceptorFuture<'a, ExecuteWorkflowResult>,
        >,
    ) -> WorkflowInterceptorFuture<'a, ExecuteWorkflowResult> {
        WorkflowInterceptorFuture::new(async move {
            // A command is sent even if nothing awaits its result.
            if self.mutation == Mutation::ExtraActivity {
                let options = ActivityOptions::with_start_to_close_timeout(SOON).build();
                let input = RegisterInput {
                    version: VersionId::new("orders", "v1").expect("a version"),
                    spec: Spec::default(),
                    launch_id: String::new(),
                    underway: BTreeSet::new(),
                };
                drop(ctx.execute_activity(InstanceActivities::register, input, options));
            }
            assert!(self.mutation != Mutation::Panic, "changed");
            if self.mutation == Mutation::ExtraDecision {
                let options = ActivityOptions::with_start_to_close_timeout(SOON).build();
                let input = DecideInput::default();
                let _ = ctx.execute_activity(InstanceActivities::decide, input, options).await;
            }
            if self.mutation == Mutation::ExtraTimer {
                drop(ctx.timer(SOON));
            }
            let result = next.run(input).await;
            if self.mutation != Mutation::OtherEnd {
                return result;
            }
            match result {
                Ok(_) => Err(ApplicationFailure::non_retryable(anyhow!("changed")).into()),
                Err(_) => Ok(Box::new(())),
            }
        })
    }

    fn start_timer(
        &self,
        ctx: WorkflowInterceptorContext,
        input: StartTimerInput,
        next: WorkflowNext<'static, StartTimerInput, Outbound<TimerResult>>,
    ) -> Outbound<TimerResult> {
        match self.mutation {
            Mutation::NoTimers => never(),
            Mutation::DoubledTimers if !self.doubling.replace(true) => {
                let mut options = input.options().clone();
                // A token of its own, so that it is never cancelled: for a timer that is
                // cancelled in the task that set it, the SDK sends no command.
                options.cancellation_token = Some(WorkflowCancellationToken::new());
                drop(ctx.timer(options));
                self.doubling.set(false);
                next.run(input)
            }
            _ => next.run(input),
        }
    }

    fn schedule_activity(
        &self,
        _ctx: WorkflowInterceptorContext,
        mut input: ScheduleActivityInput,
        next: WorkflowNext<'static, ScheduleActivityInput, Outbound<ScheduleActivityResult>>,
    ) -> Outbound<ScheduleActivityResult> {
        let kind = input.activity_type_mut();
        let is_changed = match self.mutation {
            Mutation::OtherActivities => kind != DECIDE,
            Mutation::OtherDecisions => kind == DECIDE,
            _ => false,
        };
        if is_changed {
            kind.push_str("Changed");
        }
        next.run(input)
    }
}

/// A command that is not sent and never completes.
fn never<T: 'static>() -> Outbound<T> {
    Outbound::new(futures::future::pending(), WorkflowCancellationHandle::new(|_| {}))
}
