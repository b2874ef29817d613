//! An activity that takes longer than an invocation: it records its progress in heartbeat details,
//! and the next invocation continues from there.
//!
//! The workflow `copy` takes `{"rows": 1000, "row_ms": 20}` and returns how many rows each attempt
//! copied.

#![expect(missing_docs, reason = "the macros make public items of their own")]

use serde::{Deserialize, Serialize};
use std::{process::ExitCode, time::Duration};
use temporal_serverless_worker::ServerlessWorker;
use temporalio_common::RetryPolicy;
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::{
    ActivityOptions, WorkflowContext, WorkflowResult,
    activities::{ActivityContext, ActivityError},
};

/// Longer than any invocation, so that an attempt ends with its worker and not by this timeout.
const ATTEMPT: Duration = Duration::from_secs(15 * 60);
/// Time after which the server detects a crashed worker.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// The input.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Job {
    rows: u64,
    row_ms: u64,
}

/// The progress, which the heartbeat details carry.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The number of rows that each attempt copied.
    rows_by_attempt: Vec<u64>,
}

impl Progress {
    fn rows(&self) -> u64 {
        self.rows_by_attempt.iter().sum()
    }
}

/// The workflow `copy`.
#[workflow]
#[derive(Default)]
pub struct Copy;

#[workflow_methods]
impl Copy {
    /// Copies the rows in an activity, with as many attempts as it takes.
    #[run(name = "copy")]
    pub async fn run(ctx: &mut WorkflowContext<Self>, job: Job) -> WorkflowResult<Progress> {
        // The next attempt waits for the next invocation anyway, so the backoff need not grow.
        let retry = RetryPolicy::builder().backoff_coefficient(1.0).build();
        let options = ActivityOptions::with_start_to_close_timeout(ATTEMPT)
            .heartbeat_timeout(HEARTBEAT)
            .retry_policy(retry)
            .build();
        Ok(ctx.execute_activity(Activities::copy_rows, job, options).await?)
    }
}

/// The activities of this worker.
pub struct Activities;

#[activities]
impl Activities {
    #[activity(name = "copy-rows")]
    async fn copy_rows(ctx: ActivityContext, job: Job) -> Result<Progress, ActivityError> {
        let mut progress = last_progress(&ctx);
        tracing::info!(rows = progress.rows(), "resuming");
        progress.rows_by_attempt.push(0);
        while progress.rows() < job.rows {
            tokio::select! {
                () = copy_row(&job) => {}
                // The worker shuts down. The next attempt continues from the recorded progress.
                () = ctx.cancelled() => return Err(ActivityError::cancelled()),
            }
            if let Some(rows) = progress.rows_by_attempt.last_mut() {
                *rows += 1;
            }
            ctx.record_heartbeat(progress.clone()).await?;
        }
        Ok(progress)
    }
}

/// Returns the progress that the previous attempt recorded; none for the first attempt.
fn last_progress(ctx: &ActivityContext) -> Progress {
    ctx.heartbeat_details().deserialize().ok().flatten().unwrap_or_default()
}

async fn copy_row(job: &Job) {
    tokio::time::sleep(Duration::from_millis(job.row_ms)).await;
}

fn main() -> ExitCode {
    let worker = ServerlessWorker::builder("resume");
    patterns::serve(worker.register_workflow::<Copy>().register_activities(Activities))
}
