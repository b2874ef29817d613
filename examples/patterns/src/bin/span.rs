//! A workflow that lasts longer than any invocation: no worker runs between its steps, and each
//! step may run on another worker.
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

/// The input: the number of reminders and the time between them.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Reminders {
    times: u32,
    every_ms: u64,
}

/// The workflow `remind`.
#[workflow]
#[derive(Default)]
pub struct Remind;

#[workflow_methods]
impl Remind {
    /// Alternates between waiting and reminding. A timer needs no worker: when it fires, the
    /// workflow task starts one.
    #[run(name = "remind")]
    pub async fn run(ctx: &mut WorkflowContext<Self>, reminders: Reminders) -> WorkflowResult<u32> {
        let options = ActivityOptions::start_to_close_timeout(Duration::from_secs(10));
        for nth in 1..=reminders.times {
            ctx.timer(Duration::from_millis(reminders.every_ms)).await;
            ctx.execute_activity(Activities::send, nth, options.clone()).await?;
        }
        Ok(reminders.times)
    }
}

/// The activities of this worker.
pub struct Activities;

#[activities]
impl Activities {
    #[activity(name = "send-reminder")]
    async fn send(_: ActivityContext, nth: u32) -> Result<(), ActivityError> {
        tracing::info!(nth, "reminder sent");
        Ok(())
    }
}

fn main() -> ExitCode {
    // Pinned: a workflow completes on the version it started on, however many invocations it takes.
    let worker = ServerlessWorker::builder("span")
        .default_versioning_behavior(VersioningBehavior::Pinned)
        .register_workflow::<Remind>()
        .register_activities(Activities);
    patterns::serve(worker)
}
