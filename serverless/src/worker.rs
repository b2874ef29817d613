//! A worker that is ready to live.

use crate::{
    builder::Builder, environment::Environment, error::Error, hooks::Hook, invocation::Invocation,
    life, report::Report, settings::Settings,
};
use temporalio_common::data_converters::DataConverter;
use temporalio_sdk::WorkerOptions;

/// A worker that lives for one invocation, and can live again in the next.
pub struct ServerlessWorker {
    pub(crate) settings: Settings,
    pub(crate) options: WorkerOptions,
    pub(crate) data_converter: DataConverter,
    pub(crate) hooks: Vec<Hook>,
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
}
