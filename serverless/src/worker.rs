//! A worker that is ready to live.

use crate::{
    builder::Builder, environment::Environment, error::Error, hooks::Hook, invocation::Invocation,
    life, report::Report, settings::Settings, variables,
};
use std::sync::Arc;
use temporalio_common::{data_converters::DataConverter, telemetry::metrics::CoreMeter};
use temporalio_sdk::WorkerOptions;

/// A worker that lives for one invocation, and can live again in the next.
#[derive(Clone)]
pub struct ServerlessWorker {
    pub(crate) settings: Settings,
    pub(crate) options: WorkerOptions,
    pub(crate) data_converter: DataConverter,
    pub(crate) hooks: Vec<Hook>,
    /// Where the SDK's core records, if anywhere.
    pub(crate) core_meter: Option<Arc<dyn CoreMeter>>,
}

impl ServerlessWorker {
    /// Describes a worker that polls `task_queue`, unless `TEMPORAL_TASK_QUEUE` names another.
    pub fn builder(task_queue: impl Into<String>) -> Builder {
        Builder::new(task_queue.into())
    }

    /// Lives once, as a process: connects, works, and shuts down.
    ///
    /// The invocation ends with whatever comes first: nothing to do for the idle timeout, the
    /// deadline in [`crate::variables::DEADLINE_MS`] less the deadline buffer, SIGTERM or SIGINT.
    /// After any of them the shutdown takes no longer than the deadline buffer, and a signal
    /// that comes while it waits for tasks ends the wait. Nothing is kept for the next life:
    /// each connects anew.
    ///
    /// The future is not `Send`; await it where the program blocks on its runtime, as in
    /// [`crate::block_on`].
    ///
    /// # Errors
    /// Any [`Error`] but those of class [`crate::ErrorClass::Settings`] that
    /// [`Builder::build`] has ruled out. The shutdown hooks have run if the worker had connected.
    pub async fn run(&self) -> Result<Report, Error> {
        let invocation = Invocation::of_process(&Environment::of_process())?;
        life::live(self, invocation).await
    }

    /// Lives as its surroundings ask: in an AWS Lambda function once for each invocation, until
    /// the environment is shut down, and anywhere else once, as [`ServerlessWorker::run`] does.
    /// What each life was like is logged.
    ///
    /// A Lambda function is known by [`crate::variables::LAMBDA_RUNTIME_API`] and needs this
    /// crate's feature `lambda`. There, an event with any body starts a life; its deadline is
    /// the invocation's; the worker's identity is `<request ID>@<function ARN>` unless it is
    /// set; and the invocation's result is the [`Report`] as JSON, or the error. A life that
    /// fails, or a drain that does not end, does not touch the next one: connection, tasks and
    /// timers of each are gone when it ends. Activities and hooks run in the context of the
    /// runtime that awaits this future, so connection pools that they share go on working from
    /// one invocation to the next. Code that blocks a thread is all that can outlive its life.
    ///
    /// The future is not `Send`; await it where the program blocks on its runtime, as in
    /// [`crate::block_on`].
    ///
    /// # Errors
    /// As [`ServerlessWorker::run`]; in a Lambda function only [`Error::Process`], when the
    /// runtime API cannot be used: what goes wrong in a life is the invocation's error.
    pub async fn serve(self) -> Result<(), Error> {
        let environment = Environment::of_process();
        if environment.text(variables::LAMBDA_RUNTIME_API).is_some() {
            return in_lambda(self).await;
        }
        self.run().await?.log();
        Ok(())
    }
}

#[cfg(feature = "lambda")]
async fn in_lambda(worker: ServerlessWorker) -> Result<(), Error> {
    crate::lambda::serve(worker).await
}

#[cfg(not(feature = "lambda"))]
async fn in_lambda(_: ServerlessWorker) -> Result<(), Error> {
    Err(Error::Process(format!(
        "{} is set, so this is Lambda: build with the feature `lambda` of temporal-serverless-worker",
        variables::LAMBDA_RUNTIME_API
    )))
}
