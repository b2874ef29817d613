//! Waits for a condition of the workflow's state.

use futures::{FutureExt, future::FusedFuture};
use temporalio_workflow::{WaitConditionOptions, WorkflowCancellationToken, WorkflowContext};

use crate::Instance;

/// Resolves when `condition` holds. Unlike the SDK's own wait, it does not fail when the workflow
/// is cancelled: the main loop handles the cancellation, and waits that fail at once would spin.
pub(crate) fn until<'a>(
    ctx: &'a WorkflowContext<Instance>,
    condition: impl FnMut(&Instance) -> bool + 'a,
) -> impl FusedFuture<Output = ()> + 'a {
    let detached = WaitConditionOptions::builder()
        .cancellation_token(WorkflowCancellationToken::new())
        .build();
    ctx.wait_condition_with_options(condition, detached).map(|_| ())
}
