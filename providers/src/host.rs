//! Resources that all namespaces of one system worker share.

use std::sync::Arc;

use crate::{HostSettings, SetSize, lambda::SessionCache, subprocess::Machine};

/// Resources that all namespaces of one system worker share: sessions with AWS and the processes
/// on this machine. Cheap to clone. Creating one touches neither the network nor the disk.
#[derive(Clone)]
pub struct Host {
    aws_sessions: Arc<SessionCache>,
    machine: Option<Arc<Machine>>,
}

impl Host {
    /// A host with these settings.
    pub fn new(settings: HostSettings) -> Self {
        Self {
            aws_sessions: Arc::new(SessionCache::new(settings.aws)),
            machine: settings.processes.map(|processes| Arc::new(Machine::new(processes))),
        }
    }

    /// The number of processes that run on this machine now, including those that an earlier system
    /// worker left. The first call reads the disk.
    pub fn running_processes(&self) -> u32 {
        self.machine.as_ref().map_or(0, |machine| machine.running_processes())
    }

    /// The sizes of the worker sets that this system worker owns now.
    pub fn worker_sets(&self) -> Vec<SetSize> {
        self.machine.as_ref().map_or_else(Vec::new, |machine| machine.pools().sizes())
    }

    pub(crate) fn aws_sessions(&self) -> Arc<SessionCache> {
        Arc::clone(&self.aws_sessions)
    }

    pub(crate) fn machine(&self) -> Option<Arc<Machine>> {
        self.machine.clone()
    }
}
