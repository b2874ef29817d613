//! A workflow that lasts longer than any invocation: between its steps no worker lives, and each
//! step may be taken by another one.
//!
//! The workflow `remind` takes `{"times": 3, "every_ms": 60000}`.

#![expect(missing_docs, reason = "the macros make public items of their own")]

use serde::{Deserialize, Serialize};
use std::{process::ExitCode, time::Duration};
use temporal_serverless_worker::{ServerlessWorker, VersioningBehavior};
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::{
    ActivityOptions, WorkflowContext, WorkflowResult,
    activities::{ActivityContext, ActivityError},
};

/// How often, and how far apart.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Reminders {
    times: u32,
    every_ms: u64,
}

/// The workflow.
#[workflow]
#[derive(Default)]
pub struct Remind;

#[workflow_methods]
impl Remind {
    /// Sleeps and reminds in turns. A timer needs no worker: when it fires, the workflow task
    /// brings one.
    #[run(name = "remind")]
    pub async fn run(ctx: &mut WorkflowContext<Self>, wanted: Reminders) -> WorkflowResult<u32> {
        let options = ActivityOptions::start_to_close_timeout(Duration::from_secs(10));
        for nth in 1..=wanted.times {
            ctx.timer(Duration::from_millis(wanted.every_ms)).await;
            ctx.execute_activity(Activities::send, nth, options.clone()).await?;
        }
        Ok(wanted.times)
    }
}

/// The activities of this worker.
pub struct Activities;

#[activities]
impl Activities {
    #[activity(name = "send-reminder")]
    async fn send(_: ActivityContext, nth: u32) -> Result<(), ActivityError> {
        tracing::info!(nth, "a reminder");
        Ok(())
    }
}

fn main() -> ExitCode {
    // Pinned: a workflow ends on the version it began on, however many invocations that takes.
    let worker = ServerlessWorker::builder("span")
        .default_versioning_behavior(VersioningBehavior::Pinned)
        .register_workflow::<Remind>()
        .register_activities(Activities);
    patterns::live(worker)
}
