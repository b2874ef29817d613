//! Notifications of the version's workflow: a signal, repeated until it arrives.

use std::{convert::Infallible, future::pending, time::Duration};

use temporalio_common::{SignalDefinition, UntypedWorkflow};
use temporalio_workflow::{
    CancellableFuture, SignalWorkflowOptions, WorkflowContext, workflows::select,
};
use wci_contract::{
    VersionId,
    limits::{MAX_MESSAGE, cut},
    names,
    state::ValidationState,
    summaries,
};
use wci_instance::{Event, InstanceState};

use super::handle;
use crate::{
    Instance, options,
    revision::{Revision, follows},
    wait::until,
};

/// The wait before each retry. While a version is being created, its workflow does not exist yet.
const PAUSES: [Duration; 3] =
    [Duration::from_secs(2), Duration::from_secs(20), Duration::from_secs(120)];
/// The wait before each further retry. Each costs a handful of events: some servers never have a
/// workflow for the version.
const LAST_PAUSES: [Duration; 2] = [Duration::from_secs(600), Duration::from_secs(3_600)];

/// The signal that the version's workflow handles.
struct SyncValidation;

impl SignalDefinition for SyncValidation {
    type Workflow = UntypedWorkflow;
    type Input = ValidationState;

    fn name(&self) -> &str {
        names::SYNC_VALIDATION
    }
}

/// Notifies the version's workflow of each new validation status.
pub(crate) async fn drive(ctx: &WorkflowContext<Instance>) -> Infallible {
    if !follows(ctx, Revision::Second) {
        return pending().await;
    }
    let gives_up = !follows(ctx, Revision::Fifth);
    loop {
        until(ctx, |s| s.outbox.notification).await;
        ctx.state_mut(|s| s.outbox.notification = false);
        if gives_up {
            notify_a_few_times(ctx).await;
        } else {
            notify_until_known(ctx).await;
        }
    }
}

/// Runs of earlier revisions take the status for known after the last attempt.
async fn notify_a_few_times(ctx: &WorkflowContext<Instance>) {
    let Some((version, status)) = begin(ctx) else { return };
    let mut pauses = PAUSES.into_iter();
    while notify(ctx, &version, status.clone()).await.is_err() {
        let Some(pause) = pauses.next() else { break };
        ctx.timer(options::timer(pause, summaries::NOTIFY_AGAIN[0])).await;
    }
    handle(ctx, Event::VersionNotified(status));
}

/// Each attempt sends the status as it is then. Another status is sent at once.
async fn notify_until_known(ctx: &WorkflowContext<Instance>) {
    let [.., longest] = LAST_PAUSES;
    let mut pauses = PAUSES.into_iter().chain(LAST_PAUSES);
    while let Some((version, status)) = begin(ctx) {
        let Err(message) = notify(ctx, &version, status.clone()).await else {
            return handle(ctx, Event::VersionNotified(status));
        };
        let pause = pauses.next().unwrap_or(longest);
        let wait_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
        handle(ctx, Event::NotificationFailed { message, wait_ms });
        let mut timer = Box::pin(ctx.timer(options::timer(pause, summaries::NOTIFY_AGAIN[0])));
        let is_outdated = |s: &Instance| s.state().is_none_or(|it| it.is_outdated(&status));
        let mut outdated = Box::pin(until(ctx, is_outdated));
        select! {
            _ = timer => {}
            () = outdated => timer.cancel(),
        }
    }
}

/// The version and its status, if there is something to notify about.
fn begin(ctx: &WorkflowContext<Instance>) -> Option<(VersionId, ValidationState)> {
    ctx.state_mut(|s| {
        let state: &mut InstanceState = s.state_mut()?;
        Some((state.version().clone(), state.begin_notification()?))
    })
}

/// Errors are messages.
async fn notify(
    ctx: &WorkflowContext<Instance>,
    version: &VersionId,
    status: ValidationState,
) -> Result<(), String> {
    let workflow = ctx.external_workflow(version.version_workflow_id(), None);
    let sent = workflow.signal(SyncValidation, status, SignalWorkflowOptions::default()).await;
    sent.map(drop).map_err(|error| cut(&error.to_string(), MAX_MESSAGE).to_owned())
}
