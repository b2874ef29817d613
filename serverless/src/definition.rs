//! What a built worker consists of.

use crate::{hooks::Hook, settings::Settings};
use std::sync::Arc;
use temporalio_common::{data_converters::DataConverter, telemetry::metrics::CoreMeter};
use temporalio_sdk::WorkerOptions;

/// Everything that a run needs besides its invocation.
#[derive(Clone)]
pub(crate) struct WorkerDefinition {
    pub(crate) settings: Settings,
    /// The registered workflows and activities, and the program's own SDK options.
    pub(crate) options: WorkerOptions,
    pub(crate) data_converter: DataConverter,
    pub(crate) hooks: Vec<Hook>,
    /// Records the metrics of the SDK's core, if set.
    pub(crate) core_meter: Option<Arc<dyn CoreMeter>>,
}
