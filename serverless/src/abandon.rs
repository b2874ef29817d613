//! Abandoning activities that outlast the worker stop timeout.

use crate::runtime_context::in_runtime;
use temporalio_sdk::{
    ApplicationFailure,
    activities::ActivityError,
    interceptors::{ActivityInboundInterceptor, ExecuteActivityInput, ExecuteActivityOutput, Next},
};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

/// The failure type that the SDK's core also uses for activities that it cancels on shutdown.
const FAILURE_TYPE: &str = "WorkerShutdown";

/// Runs activities in the context of the program's runtime and fails the running ones when
/// `token` is cancelled.
///
/// Without the failure, the server would notice the lost attempt only after a timeout. With it,
/// the server retries immediately and passes on the last heartbeat's details.
pub(crate) struct AbandonInterceptor {
    /// Cancelled when running activities are to be abandoned.
    pub(crate) token: CancellationToken,
    /// The runtime in whose context activities run.
    pub(crate) program_runtime: Handle,
}

impl ActivityInboundInterceptor for AbandonInterceptor {
    fn execute_activity<'a>(
        &'a self,
        input: ExecuteActivityInput,
        next: Next<'a, ExecuteActivityInput, ExecuteActivityOutput<'a>>,
    ) -> ExecuteActivityOutput<'a> {
        // A local activity's failure would be recorded as its result. If its workflow task stays
        // unanswered instead, another worker repeats the task with everything in it.
        let is_local = input.activity_info().is_local;
        let running = in_runtime(&self.program_runtime, next.run(input));
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
    let failure = ApplicationFailure::builder("the worker shut down before the activity completed")
        .type_name(FAILURE_TYPE.to_owned())
        .build();
    ActivityError::application(failure)
}
