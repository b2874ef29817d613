//! Notifications of the version's workflow: a signal, with a few retries.

use std::{convert::Infallible, future::pending, time::Duration};

use temporalio_common::{SignalDefinition, UntypedWorkflow};
use temporalio_workflow::{SignalWorkflowOptions, WorkflowContext};
use wci_contract::{VersionId, names, state::ValidationState, summaries};
use wci_instance::Event;

use super::handle;
use crate::{
    Instance, options,
    revision::{Revision, follows},
    wait::until,
};

/// The wait before each retry. While a version is being created, its workflow does not exist yet.
const PAUSES: [Duration; 3] =
    [Duration::from_secs(2), Duration::from_secs(20), Duration::from_secs(120)];

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
    loop {
        until(ctx, |s| s.outbox.notification).await;
        let notification = ctx.state_mut(|s| {
            s.outbox.notification = false;
            let state = s.state_mut()?;
            Some((state.version().clone(), state.begin_notification()?))
        });
        let Some((version, status)) = notification else { continue };
        let mut pauses = PAUSES.into_iter();
        while !notify(ctx, &version, status.clone()).await {
            let Some(pause) = pauses.next() else { break };
            ctx.timer(options::timer(pause, summaries::NOTIFY_AGAIN[0])).await;
        }
        handle(ctx, Event::VersionNotified(status));
    }
}

async fn notify(
    ctx: &WorkflowContext<Instance>,
    version: &VersionId,
    status: ValidationState,
) -> bool {
    let workflow = ctx.external_workflow(version.version_workflow_id(), None);
    workflow.signal(SyncValidation, status, SignalWorkflowOptions::default()).await.is_ok()
}
