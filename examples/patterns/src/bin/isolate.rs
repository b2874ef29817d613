//! One activity per invocation: a crash or excessive memory use in one does not affect any other.
//!
//! The workflow `convert` takes `{"work_ms": 500}`. To try it out, add `"failure"`, which happens
//! to the first attempt after its work: `"crash"` and `"memory"` end the whole process, `"panic"`
//! ends only the attempt.

#![expect(missing_docs, reason = "the macros make public items of their own")]

use serde::{Deserialize, Serialize};
use std::{process::ExitCode, time::Duration};
use temporal_serverless_worker::{ServerlessWorker, Slots};
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::{
    ActivityOptions, WorkflowContext, WorkflowResult,
    activities::{ActivityContext, ActivityError},
};

/// Interval of the activity's heartbeats.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// Megabytes to allocate: more than a small function has.
const TOO_MANY_MEGABYTES: usize = 4096;

/// The input.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Image {
    work_ms: u64,
    failure: Option<Failure>,
}

/// What happens to the first attempt.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Failure {
    /// The process aborts, as it would after a fault in a C library.
    Crash,
    /// The process runs out of memory.
    Memory,
    /// The activity panics.
    Panic,
}

/// The workflow `convert`.
#[workflow]
#[derive(Default)]
pub struct Convert;

#[workflow_methods]
impl Convert {
    /// Converts one image in an activity and returns the number of attempts.
    #[run(name = "convert")]
    pub async fn run(ctx: &mut WorkflowContext<Self>, image: Image) -> WorkflowResult<u32> {
        let options = ActivityOptions::with_start_to_close_timeout(Duration::from_secs(60))
            // The server detects a crashed worker by its missing heartbeats.
            .heartbeat_timeout(4 * HEARTBEAT)
            .build();
        Ok(ctx.execute_activity(Activities::convert_image, image, options).await?)
    }
}

/// The activities of this worker.
pub struct Activities;

#[activities]
impl Activities {
    #[activity(name = "convert-image")]
    async fn convert_image(ctx: ActivityContext, image: Image) -> Result<u32, ActivityError> {
        let attempt = ctx.info().attempt;
        let work = tokio::time::sleep(Duration::from_millis(image.work_ms));
        tokio::pin!(work);
        loop {
            tokio::select! {
                () = &mut work => break,
                () = tokio::time::sleep(HEARTBEAT) => {
                    ctx.record_heartbeat(()).await?;
                }
            }
        }
        if let Some(failure) = image.failure.filter(|_| attempt == 1) {
            fail(failure);
        }
        Ok(attempt)
    }
}

#[expect(clippy::panic, reason = "the requested failure")]
fn fail(failure: Failure) {
    match failure {
        Failure::Crash => std::process::abort(),
        Failure::Panic => panic!("no such image"),
        Failure::Memory => {
            let memory: Vec<Vec<u8>> = (0..TOO_MANY_MEGABYTES).map(|_| vec![1; 1 << 20]).collect();
            tracing::warn!(megabytes = memory.len(), "the process did not run out of memory");
        }
    }
}

fn main() -> ExitCode {
    let worker = ServerlessWorker::builder("isolate")
        .slots(Slots { activity: 1, ..Slots::default() })
        .register_workflow::<Convert>()
        .register_activities(Activities);
    patterns::serve(worker)
}
