//! The workflow `tour`: it lasts as long as one likes, and tells which builds served it. Made to
//! watch what becomes of running workflows when a version is replaced.

#![expect(unreachable_pub, reason = "the macros name these types in public items")]

use serde::{Deserialize, Serialize};
use temporalio_macros::{workflow, workflow_methods};
use temporalio_sdk::{SyncWorkflowContext, WorkflowContext, WorkflowResult};

/// The input: `{"stops": 2}`.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Plan {
    /// Signals `next` after which the tour is over.
    stops: usize,
}

/// The workflow.
#[workflow]
#[derive(Default)]
pub struct Tour {
    signalled: usize,
}

#[workflow_methods]
impl Tour {
    /// Goes on with each signal `next`. The result: the build at the start and at each stop.
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

    /// On to the next stop.
    #[signal(name = "next")]
    pub fn next(&mut self, _ctx: &mut SyncWorkflowContext<Self>) {
        self.signalled += 1;
    }
}

/// The build that serves the current task.
fn build(ctx: &WorkflowContext<Tour>) -> String {
    ctx.current_deployment_version().map(|version| version.build_id).unwrap_or_default()
}
