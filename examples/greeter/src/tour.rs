//! The workflow `tour`: it runs until it has received its signals and returns the builds that
//! processed it. It shows what happens to running workflows when a version is replaced.

#![expect(unreachable_pub, reason = "the macros name these types in public items")]

use serde::{Deserialize, Serialize};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{SyncWorkflowContext, WorkflowContext, WorkflowResult};

/// The input: `{"stops": 2}`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Plan {
    /// Number of `next` signals after which the tour completes.
    stops: usize,
}

/// The workflow `tour`.
#[workflow]
#[derive(Default)]
pub struct Tour {
    signalled: usize,
}

#[workflow_methods]
impl Tour {
    /// Advances with each signal `next`. Returns the build at the start and at each stop.
    #[run(name = "tour")]
    pub async fn run(ctx: &mut WorkflowContext<Self>, plan: Plan) -> WorkflowResult<Vec<String>> {
        let mut builds = vec![build(ctx)];
        while builds.len() <= plan.stops {
            let stop = builds.len();
            ctx.wait_condition(|tour| tour.signalled >= stop).await?;
            builds.push(build(ctx));
        }
        Ok(builds)
    }

    /// Advances to the next stop.
    #[signal(name = "next")]
    pub fn next(&mut self, _ctx: &mut SyncWorkflowContext<Self>) {
        self.signalled += 1;
    }
}

/// Returns the build that processes the current task.
fn build(ctx: &WorkflowContext<Tour>) -> String {
    ctx.current_deployment_version().map(|version| version.build_id).unwrap_or_default()
}
