//! Giving up activities that outlast the worker stop timeout.

use crate::home::within;
use temporalio_sdk::{
    ApplicationFailure,
    activities::ActivityError,
    interceptors::{ActivityInboundInterceptor, ExecuteActivityInput, ExecuteActivityOutput, Next},
};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

/// The failure's type: the one that the SDK's core uses for activities that it cancels.
const FAILURE_TYPE: &str = "WorkerShutdown";

/// Runs activities in the context of a runtime, and fails those that run as soon as the token
/// is cancelled.
///
/// The server would otherwise learn of their end from a timeout; told at once, it can start the
/// next attempt at once, with the last heartbeat's details.
pub(crate) struct Abandon {
    /// Given up when it is cancelled.
    pub(crate) token: CancellationToken,
    /// The program's runtime.
    pub(crate) home: Handle,
}

impl ActivityInboundInterceptor for Abandon {
    fn execute_activity<'a>(
        &'a self,
        input: ExecuteActivityInput,
        next: Next<'a, ExecuteActivityInput, ExecuteActivityOutput<'a>>,
    ) -> ExecuteActivityOutput<'a> {
        // A local activity's failure would be recorded as its result; its workflow task, left
        // unanswered, is repeated elsewhere with everything in it.
        let is_local = input.activity_info().is_local;
        let running = within(&self.home, next.run(input));
        if is_local {
            return Box::pin(running);
        }
        Box::pin(async move {
            tokio::select! {
                biased;
                result = running => result,
                () = self.token.cancelled() => Err(worker_shutdown()),
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
