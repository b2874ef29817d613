//! Waiting for a condition of the workflow's state.

use futures::{FutureExt, future::FusedFuture};
use temporalio_workflow::{WaitConditionOptions, WorkflowCancellationToken, WorkflowContext};

use crate::Instance;

/// Resolves when `condition` holds. Unlike the SDK's own wait it outlasts the cancellation of
/// the workflow, which the loop alone answers: a wait that fails at once would spin.
pub(crate) fn until<'a>(
    ctx: &'a WorkflowContext<Instance>,
    condition: impl FnMut(&Instance) -> bool + 'a,
) -> impl FusedFuture<Output = ()> + 'a {
    let detached = WaitConditionOptions::builder()
        .cancellation_token(WorkflowCancellationToken::new())
        .build();
    ctx.wait_condition_with_options(condition, detached).map(|_| ())
}
