//! Giving up activities that outlast the worker stop timeout.

use temporalio_sdk::{
    ApplicationFailure,
    activities::ActivityError,
    interceptors::{ActivityInboundInterceptor, ExecuteActivityInput, ExecuteActivityOutput, Next},
};
use tokio_util::sync::CancellationToken;

/// The failure's type: the one that the SDK's core uses for activities that it cancels.
const FAILURE_TYPE: &str = "WorkerShutdown";

/// Fails running activities as soon as the token is cancelled.
///
/// The server would otherwise learn of their end from a timeout; told at once, it can start the
/// next attempt at once, with the last heartbeat's details.
pub(crate) struct Abandon(pub(crate) CancellationToken);

impl ActivityInboundInterceptor for Abandon {
    fn execute_activity<'a>(
        &'a self,
        input: ExecuteActivityInput,
        next: Next<'a, ExecuteActivityInput, ExecuteActivityOutput<'a>>,
    ) -> ExecuteActivityOutput<'a> {
        // A local activity's failure would be recorded as its result; its workflow task, left
        // unanswered, is repeated elsewhere with everything in it.
        if input.activity_info().is_local {
            return next.run(input);
        }
        let running = next.run(input);
        Box::pin(async move {
            tokio::select! {
                biased;
                result = running => result,
                () = self.0.cancelled() => Err(worker_shutdown()),
            }
        })
    }
}

fn worker_shutdown() -> ActivityError {
    let failure = ApplicationFailure::builder("the worker left before the activity ended")
        .type_name(FAILURE_TYPE.to_owned())
        .build();
    ActivityError::application(failure)
}
