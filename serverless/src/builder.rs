//! How a program describes its worker.

use crate::{
    environment::Environment,
    error::Error,
    hooks::Hook,
    panics,
    settings::{Requested, Settings},
    tuning::{Pollers, Slots, Timing},
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

/// Describes a [`ServerlessWorker`]; made by [`ServerlessWorker::builder`].
///
/// Where an environment variable of [`crate::variables`] sets the same thing, it wins.
#[must_use]
pub struct Builder {
    requested: Requested,
    options: WorkerOptions,
    data_converter: DataConverter,
    hooks: Vec<Hook>,
    core_meter: Option<Arc<dyn CoreMeter>>,
    registered: bool,
    refused: Option<Error>,
}

impl Builder {
    pub(crate) fn new(task_queue: String) -> Self {
        // Without deployment options of our own, the SDK would read the whole executable to
        // make a build ID of it.
        let options = WorkerOptions::new("")
            .deployment_options(WorkerDeploymentOptions::from_build_id(String::new()))
            .build();
        Self {
            requested: Requested {
                task_queue,
                deployment_name: None,
                build_id: None,
                identity: None,
                versioning_behavior: VersioningBehavior::AutoUpgrade,
                slots: Slots::default(),
                pollers: Pollers::default(),
                timing: Timing::default(),
            },
            options,
            data_converter: DataConverter::default(),
            hooks: Vec::new(),
            core_meter: None,
            registered: false,
            refused: None,
        }
    }

    /// Registers a workflow.
    pub fn register_workflow<W>(mut self) -> Self
    where
        W: WorkflowImplementation,
        <W::Run as WorkflowDefinition>::Input: Send,
    {
        self.registered = true;
        if let Err(error) = self.options.register_workflow::<W>() {
            self.refused.get_or_insert(Error::Registration(error.to_string()));
        }
        self
    }

    /// Registers all activities of `activities`.
    pub fn register_activities<A: ActivityImplementer>(mut self, activities: A) -> Self {
        self.registered = true;
        self.options.register_activities(activities);
        self
    }

    /// Runs `hook` in the shutdown, after the last task: to flush what must not be lost.
    ///
    /// Hooks run one after the other in the order in which they were registered, and all
    /// together for no longer than [`Timing::shutdown_hook_budget`].
    pub fn on_shutdown<H, F>(mut self, hook: H) -> Self
    where
        H: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        self.hooks.push(Arc::new(move |_| Box::pin(hook())));
        self
    }

    /// Counts each life in `telemetry`, has the SDK's core record there, and sends what is
    /// collected in the shutdown: a hook in its turn.
    #[cfg(feature = "otel")]
    pub fn telemetry(mut self, telemetry: crate::otel::Telemetry) -> Self {
        self.core_meter = Some(telemetry.core_meter());
        self.hooks.push(Arc::new(move |life| Box::pin(telemetry.clone().finish(life))));
        self
    }

    /// The Worker Deployment's name.
    pub fn deployment_name(mut self, name: impl Into<String>) -> Self {
        self.requested.deployment_name = Some(name.into());
        self
    }

    /// The build ID within the Worker Deployment.
    pub fn build_id(mut self, build_id: impl Into<String>) -> Self {
        self.requested.build_id = Some(build_id.into());
        self
    }

    /// What happens to a workflow of a type that declares no versioning behavior itself when
    /// another version becomes current: [`VersioningBehavior::AutoUpgrade`] (the default) moves
    /// it there with its next task, [`VersioningBehavior::Pinned`] keeps it here to its end.
    pub fn default_versioning_behavior(mut self, behavior: VersioningBehavior) -> Self {
        self.requested.versioning_behavior = behavior;
        self
    }

    /// The identity that the server shows for this worker; `<pid>@<host>` by default.
    pub fn identity(mut self, identity: impl Into<String>) -> Self {
        self.requested.identity = Some(identity.into());
        self
    }

    /// How many tasks may run at once.
    pub fn slots(mut self, slots: Slots) -> Self {
        self.requested.slots = slots;
        self
    }

    /// How many polls wait at the server, and how many workflows stay cached.
    pub fn pollers(mut self, pollers: Pollers) -> Self {
        self.requested.pollers = pollers;
        self
    }

    /// The times of the worker's life.
    pub fn timing(mut self, timing: Timing) -> Self {
        self.requested.timing = timing;
        self
    }

    /// Converts payloads and failures; the SDK's own converter by default.
    pub fn data_converter(mut self, converter: DataConverter) -> Self {
        self.data_converter = converter;
        self
    }

    /// Changes options of the SDK's worker that have no method here, such as interceptors.
    ///
    /// What this crate sets itself (task queue, version, identity, slots, pollers, sticky cache,
    /// eager activities, graceful shutdown) is set afterwards.
    pub fn worker_options(mut self, change: impl FnOnce(&mut WorkerOptions)) -> Self {
        // It may register something; if not, the SDK says so.
        self.registered = true;
        change(&mut self.options);
        self
    }

    /// Reads the environment and checks everything that needs no server. What is allowed but
    /// unwise is logged as a warning: times that leave nothing for the unexpected, and a program
    /// that is built with `panic = "abort"`.
    ///
    /// # Errors
    /// One of class [`crate::ErrorClass::Settings`], which names the setting and the remedy.
    pub fn build(self) -> Result<ServerlessWorker, Error> {
        self.build_in(&Environment::of_process())
    }

    pub(crate) fn build_in(self, environment: &Environment) -> Result<ServerlessWorker, Error> {
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        if !self.registered {
            return Err(Error::NothingRegistered);
        }
        let settings = Settings::resolve(self.requested, environment)?;
        let unwise = settings.warning.as_deref().into_iter().chain(panics::warning(panics::ABORTS));
        unwise.for_each(|warning| tracing::warn!("{warning}"));
        Ok(ServerlessWorker {
            settings,
            options: self.options,
            data_converter: self.data_converter,
            hooks: self.hooks,
            core_meter: self.core_meter,
        })
    }
}
