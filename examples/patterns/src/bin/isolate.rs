//! One activity for each invocation: what kills one, a crash or too much memory, touches no
//! other.
//!
//! The workflow `convert` takes `{"work_ms": 500}`, and to try it out `"trouble"`, into which the
//! first attempt gets after its work: `"crash"` and `"memory"` take its process with them, `"panic"`
//! takes the attempt alone.

#![expect(missing_docs, reason = "the macros make public items of their own")]

use serde::{Deserialize, Serialize};
use std::{process::ExitCode, time::Duration};
use temporal_serverless_worker::{ServerlessWorker, Slots};
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::{
    ActivityOptions, WorkflowContext, WorkflowResult,
    activities::{ActivityContext, ActivityError},
};

/// How often an activity tells that it lives.
const PULSE: Duration = Duration::from_millis(500);

/// Megabytes that nobody should have: more than the invocation of a small function.
const TOO_MANY: usize = 4096;

/// What to convert.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Image {
    work_ms: u64,
    trouble: Option<Trouble>,
}

/// What an image may bring.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Trouble {
    /// The end of the process, as by a fault in a library of C.
    Crash,
    /// More memory than there is.
    Memory,
    /// A mistake in the activity.
    Panic,
}

/// The workflow.
#[workflow]
#[derive(Default)]
pub struct Convert;

#[workflow_methods]
impl Convert {
    /// Has one image converted and returns how many attempts that took.
    #[run(name = "convert")]
    pub async fn run(ctx: &mut WorkflowContext<Self>, image: Image) -> WorkflowResult<u32> {
        let options = ActivityOptions::with_start_to_close_timeout(Duration::from_secs(60))
            // A worker that crashed says nothing; this is how the server learns of it.
            .heartbeat_timeout(4 * PULSE)
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
                () = tokio::time::sleep(PULSE) => {
                    ctx.record_heartbeat(()).await?;
                }
            }
        }
        if let Some(trouble) = image.trouble.filter(|_| attempt == 1) {
            get_into(trouble);
        }
        Ok(attempt)
    }
}

#[expect(clippy::panic, reason = "the trouble that is asked for")]
fn get_into(trouble: Trouble) {
    match trouble {
        Trouble::Crash => std::process::abort(),
        Trouble::Panic => panic!("no such image"),
        Trouble::Memory => {
            let taken: Vec<Vec<u8>> = (0..TOO_MANY).map(|_| vec![1; 1 << 20]).collect();
            tracing::warn!(megabytes = taken.len(), "there was memory enough");
        }
    }
}

fn main() -> ExitCode {
    let worker = ServerlessWorker::builder("isolate")
        .slots(Slots { activity: 1, ..Slots::default() })
        .register_workflow::<Convert>()
        .register_activities(Activities);
    patterns::live(worker)
}
