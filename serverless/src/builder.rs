//! Configuration of a worker by the program.

use crate::{
    capacity::{Pollers, Slots},
    consolidation::Consolidation,
    definition::WorkerDefinition,
    environment::Environment,
    error::Error,
    hooks::Hook,
    panics,
    settings::{Requested, Settings},
    timing::Timing,
    worker::ServerlessWorker,
};
use std::{future::Future, sync::Arc};
use temporalio_common::{
    WorkflowDefinition,
    data_converters::DataConverter,
    telemetry::metrics::CoreMeter,
    worker::{VersioningBehavior, WorkerDeploymentOptions},
};
use temporalio_sdk::{
    WorkerOptions, activities::ActivityImplementer, workflows::WorkflowImplementation,
};

/// Configures a [`ServerlessWorker`].
///
/// Created by [`ServerlessWorker::builder`]. The environment variables in [`crate::variables`]
/// take precedence over the values set here.
#[must_use]
pub struct Builder {
    requested: Requested,
    options: WorkerOptions,
    data_converter: DataConverter,
    hooks: Vec<Hook>,
    core_meter: Option<Arc<dyn CoreMeter>>,
    has_registrations: bool,
    registration_error: Option<Error>,
}

impl ServerlessWorker {
    /// Creates a builder for a worker that polls `task_queue`.
    ///
    /// [`TEMPORAL_TASK_QUEUE`](crate::variables::TASK_QUEUE) takes precedence over `task_queue`.
    pub fn builder(task_queue: impl Into<String>) -> Builder {
        Builder::new(task_queue.into())
    }
}

impl Builder {
    fn new(task_queue: String) -> Self {
        // Without deployment options of our own, the SDK would hash the whole executable to
        // derive a build ID.
        let options = WorkerOptions::new("")
            .deployment_options(WorkerDeploymentOptions::from_build_id(String::new()))
            .build();
        Self {
            requested: Requested::new(task_queue),
            options,
            data_converter: DataConverter::default(),
            hooks: Vec::new(),
            core_meter: None,
            has_registrations: false,
            registration_error: None,
        }
    }

    /// Registers the workflow `W`.
    pub fn register_workflow<W>(mut self) -> Self
    where
        W: WorkflowImplementation,
        <W::Run as WorkflowDefinition>::Input: Send,
    {
        self.has_registrations = true;
        if let Err(error) = self.options.register_workflow::<W>() {
            self.registration_error.get_or_insert(Error::Registration(error.to_string()));
        }
        self
    }

    /// Registers all activities of `activities`.
    pub fn register_activities<A: ActivityImplementer>(mut self, activities: A) -> Self {
        self.has_registrations = true;
        self.options.register_activities(activities);
        self
    }

    /// Adds a shutdown hook, which runs after the last task, for example to flush buffers.
    ///
    /// Hooks run one after the other in the order of their registration. Together they may take
    /// no longer than [`Timing::shutdown_hook_budget`].
    pub fn on_shutdown<H, F>(mut self, hook: H) -> Self
    where
        H: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        self.hooks.push(Arc::new(move |_| Box::pin(hook())));
        self
    }

    /// Records metrics of each run and of the SDK's core with `telemetry`, and flushes it during
    /// shutdown.
    ///
    /// The flush is a shutdown hook: it runs in its place among the hooks of
    /// [`Builder::on_shutdown`].
    #[cfg(feature = "otel")]
    pub fn telemetry(mut self, telemetry: crate::otel::Telemetry) -> Self {
        self.core_meter = Some(telemetry.core_meter());
        self.hooks.push(Arc::new(move |report| Box::pin(telemetry.clone().finish(report))));
        self
    }

    /// Sets the name of the Worker Deployment.
    pub fn deployment_name(mut self, name: impl Into<String>) -> Self {
        self.requested.deployment_name = Some(name.into());
        self
    }

    /// Sets the build ID within the Worker Deployment.
    pub fn build_id(mut self, build_id: impl Into<String>) -> Self {
        self.requested.build_id = Some(build_id.into());
        self
    }

    /// Sets the versioning behavior of workflow types that declare none themselves.
    ///
    /// It determines what happens to running workflows when another version becomes current:
    /// [`VersioningBehavior::AutoUpgrade`], the default, moves them to that version with their
    /// next task; [`VersioningBehavior::Pinned`] keeps them on this version until they complete.
    pub fn default_versioning_behavior(mut self, behavior: VersioningBehavior) -> Self {
        self.requested.versioning_behavior = behavior;
        self
    }

    /// Sets the identity that the server shows for this worker.
    ///
    /// The default is `<pid>@<host>`.
    pub fn identity(mut self, identity: impl Into<String>) -> Self {
        self.requested.identity = Some(identity.into());
        self
    }

    /// Sets how many tasks may run at once.
    pub fn slots(mut self, slots: Slots) -> Self {
        self.requested.slots = slots;
        self
    }

    /// Sets the number of concurrent polls and of cached workflows.
    pub fn pollers(mut self, pollers: Pollers) -> Self {
        self.requested.pollers = pollers;
        self
    }

    /// Sets the timeouts of a run.
    pub fn timing(mut self, timing: Timing) -> Self {
        self.requested.timing = timing;
        self
    }

    /// Sets when the worker leaves although it has tasks, because the others suffice; `None` turns
    /// that off.
    ///
    /// By default it is [`Consolidation::default`].
    pub fn consolidation(mut self, consolidation: Option<Consolidation>) -> Self {
        self.requested.consolidation = consolidation;
        self
    }

    /// Sets the converter for payloads and failures.
    ///
    /// The default is the SDK's own converter.
    pub fn data_converter(mut self, converter: DataConverter) -> Self {
        self.data_converter = converter;
        self
    }

    /// Changes options of the SDK's worker that have no method here, such as interceptors.
    ///
    /// Options that this crate controls are overwritten afterwards: task queue, version, identity,
    /// slots, pollers, sticky cache, eager activities and graceful shutdown.
    pub fn worker_options(mut self, change: impl FnOnce(&mut WorkerOptions)) -> Self {
        // `change` may register something. If it does not, the SDK reports an error.
        self.has_registrations = true;
        change(&mut self.options);
        self
    }

    /// Reads the environment and checks every setting that can be checked without a server.
    ///
    /// Settings that are valid but risky are logged as warnings: timeouts without any reserve, and
    /// a program that is built with `panic = "abort"`.
    ///
    /// # Errors
    /// An error of class [`ErrorClass::Settings`](crate::ErrorClass::Settings), which names the
    /// setting and the remedy.
    pub fn build(self) -> Result<ServerlessWorker, Error> {
        self.build_in(&Environment::of_process())
    }

    fn build_in(self, environment: &Environment) -> Result<ServerlessWorker, Error> {
        if let Some(error) = self.registration_error {
            return Err(error);
        }
        if !self.has_registrations {
            return Err(Error::NothingRegistered);
        }
        let settings = Settings::resolve(self.requested, environment)?;
        let risks = settings.warning.as_deref().into_iter().chain(panics::warning(panics::ABORTS));
        risks.for_each(|warning| tracing::warn!("{warning}"));
        Ok(ServerlessWorker::new(WorkerDefinition {
            settings,
            options: self.options,
            data_converter: self.data_converter,
            hooks: self.hooks,
            core_meter: self.core_meter,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_with_nothing_registered_is_refused() {
        let builder = ServerlessWorker::builder("orders").deployment_name("shop").build_id("v1");
        let refused = builder.build_in(&Environment::default()).map(|_| ());
        assert!(matches!(refused, Err(Error::NothingRegistered)));
    }
}
