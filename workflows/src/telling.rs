//! The version workflow is told when what a check found is no longer what it knows.

use std::{convert::Infallible, future::pending, time::Duration};

use temporalio_common::{SignalDefinition, UntypedWorkflow};
use temporalio_workflow::{SignalWorkflowOptions, WorkflowContext};
use wci_contract::{names, state::ValidationState};

use crate::{
    Instance,
    book::Book,
    options,
    revision::{Revision, follows},
    wait::until,
};

/// Before each try but the first. During a create the version workflow is not there yet.
const PAUSES: [Duration; 3] =
    [Duration::from_secs(2), Duration::from_secs(20), Duration::from_secs(120)];

/// The signal that the version workflow takes.
struct SyncValidation;

impl SignalDefinition for SyncValidation {
    type Workflow = UntypedWorkflow;
    type Input = ValidationState;

    fn name(&self) -> &str {
        names::SYNC_VALIDATION
    }
}

/// Tells what is new, and tries again for a while where that fails.
pub(crate) async fn drive_telling(ctx: &WorkflowContext<Instance>) -> Infallible {
    if !follows(ctx, Revision::Second) {
        return pending().await;
    }
    loop {
        until(ctx, |s| s.is_open() && s.book.news().is_some()).await;
        let Some((version, news)) = ctx.state(|s| s.book.news()) else { continue };
        let mut pauses = PAUSES.into_iter();
        while !tell(ctx, &version, news.clone()).await {
            let Some(pause) = pauses.next() else { break };
            ctx.timer(options::timer(pause, "tell the version again")).await;
        }
        ctx.state_mut(|s| s.book.wci().last_notified = Some(news));
    }
}

async fn tell(ctx: &WorkflowContext<Instance>, version: &str, news: ValidationState) -> bool {
    let version = ctx.external_workflow(version, None);
    version.signal(SyncValidation, news, SignalWorkflowOptions::default()).await.is_ok()
}

impl Book {
    /// What the version workflow does not know yet, and that workflow's ID.
    fn news(&self) -> Option<(String, ValidationState)> {
        let found = self.state.validation_state.as_ref()?;
        let told = self.state.wci.as_ref().and_then(|wci| wci.last_notified.as_ref());
        let is_told = told.is_some_and(|told| {
            (&told.status, &told.err_message) == (&found.status, &found.err_message)
        });
        let id = self.version()?.version_workflow_id();
        (!is_told).then(|| (id, found.clone()))
    }
}
