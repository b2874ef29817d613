//! A worker that is ready to run.

use crate::{
    definition::WorkerDefinition, environment::Environment, error::Error, invocation::Invocation,
    lifecycle, report::Report, variables,
};

/// A Temporal worker that runs for one invocation at a time.
///
/// Created by [`ServerlessWorker::builder`].
#[derive(Clone)]
pub struct ServerlessWorker {
    definition: WorkerDefinition,
}

impl ServerlessWorker {
    pub(crate) fn new(definition: WorkerDefinition) -> Self {
        Self { definition }
    }

    /// Runs the worker once, as a process: connects, processes tasks, and shuts down.
    ///
    /// The worker shuts down when the first of these happens:
    ///
    /// - it has been idle for [`Timing::idle_timeout`](crate::Timing::idle_timeout);
    /// - the other workers suffice for the load; see [`Consolidation`](crate::Consolidation);
    /// - the deadline in [`variables::DEADLINE_MS`] is only
    ///   [`Timing::deadline_buffer`](crate::Timing::deadline_buffer) away;
    /// - the process receives SIGTERM or SIGINT.
    ///
    /// The shutdown takes no longer than the deadline buffer. A signal that arrives while the
    /// shutdown waits for running tasks ends the wait. Each run opens a connection of its own and
    /// keeps nothing for the next one.
    ///
    /// The future is not `Send`. Await it where the program blocks on its runtime, as in
    /// [`block_on`](crate::block_on).
    ///
    /// # Errors
    /// Any [`Error`] except those of class [`ErrorClass::Settings`](crate::ErrorClass::Settings)
    /// that [`Builder::build`](crate::Builder::build) has ruled out. If the worker had connected,
    /// the shutdown hooks have run.
    pub async fn run(&self) -> Result<Report, Error> {
        let invocation = Invocation::of_process(&Environment::of_process())?;
        lifecycle::run(&self.definition, invocation).await
    }

    /// Runs the worker as its environment requires, and logs the report of each run.
    ///
    /// In an AWS Lambda function the worker runs once for each invocation until the execution
    /// environment shuts down. Anywhere else it runs once, like [`ServerlessWorker::run`].
    ///
    /// # Lambda mode
    /// [`variables::LAMBDA_RUNTIME_API`] indicates a Lambda function. Lambda mode requires this
    /// crate's feature `lambda` and works as follows:
    ///
    /// - An event with any body starts a run.
    /// - The run's deadline is that of the invocation.
    /// - The worker's identity is `<request ID>@<function ARN>` unless it is set.
    /// - The result of the invocation is the [`Report`] as JSON, or the error.
    /// - A run that fails, or whose tasks do not end, does not affect the next one: its
    ///   connection, tasks and timers end with it. Only code that blocks a thread can outlive its
    ///   run.
    /// - Activities and shutdown hooks run in the context of the runtime that awaits this future,
    ///   so the connection pools that they share keep working across invocations.
    ///
    /// The future is not `Send`. Await it where the program blocks on its runtime, as in
    /// [`block_on`](crate::block_on).
    ///
    /// # Errors
    /// Outside of Lambda, those of [`ServerlessWorker::run`]. In a Lambda function only
    /// [`Error::Process`], if the runtime API cannot be used: an error of a run becomes the
    /// error of its invocation.
    pub async fn serve(self) -> Result<(), Error> {
        let environment = Environment::of_process();
        if environment.text(variables::LAMBDA_RUNTIME_API).is_some() {
            return serve_lambda(self.definition).await;
        }
        self.run().await?.log();
        Ok(())
    }
}

#[cfg(feature = "lambda")]
async fn serve_lambda(definition: WorkerDefinition) -> Result<(), Error> {
    crate::lambda::serve(definition).await
}

#[cfg(not(feature = "lambda"))]
async fn serve_lambda(_: WorkerDefinition) -> Result<(), Error> {
    Err(Error::Process(format!(
        "{} is set, so this process runs in Lambda: enable the feature `lambda` of temporal-serverless-worker",
        variables::LAMBDA_RUNTIME_API
    )))
}
