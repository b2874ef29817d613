//! What all namespaces of one system worker share.

use std::sync::Arc;

use crate::{HostSettings, SetSize, lambda::Aws, subprocess::Machine};

/// What all namespaces of one system worker share: connections to AWS, and the processes on this
/// machine. Cheap to clone. Making one touches neither the network nor the disk.
#[derive(Clone)]
pub struct Host {
    aws: Arc<Aws>,
    machine: Option<Arc<Machine>>,
}

impl Host {
    /// A host with these settings.
    pub fn new(settings: HostSettings) -> Self {
        Self {
            aws: Arc::new(Aws::new(settings.aws)),
            machine: settings.processes.map(|processes| Arc::new(Machine::new(processes))),
        }
    }

    /// Processes of the `subprocess` provider that live on this machine now, those that an
    /// earlier system worker left included. Reads the disk when first asked.
    pub fn living(&self) -> u32 {
        self.machine.as_ref().map_or(0, |machine| machine.living())
    }

    /// How large the sets of workers are that this system worker keeps now.
    pub fn worker_sets(&self) -> Vec<SetSize> {
        self.machine.as_ref().map_or_else(Vec::new, |machine| machine.kept().sizes())
    }

    pub(crate) fn aws(&self) -> Arc<Aws> {
        Arc::clone(&self.aws)
    }

    pub(crate) fn machine(&self) -> Option<Arc<Machine>> {
        self.machine.clone()
    }
}
