//! Resources that all namespaces of one system worker share.

use std::sync::Arc;

use wci_contract::Crashes;

use crate::{
    HostSettings, Scope, SetSize, clock::now_ms, lambda::SessionCache, subprocess::Machine,
};

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

    /// The groups with workers that failed one after another on this machine, as this system worker
    /// saw it.
    pub fn crashes(&self) -> Vec<(Scope, Crashes)> {
        let machine = self.machine.as_ref();
        machine.map_or_else(Vec::new, |machine| machine.crash_counts().all(now_ms()))
    }

    pub(crate) fn aws_sessions(&self) -> Arc<SessionCache> {
        Arc::clone(&self.aws_sessions)
    }

    pub(crate) fn machine(&self) -> Option<Arc<Machine>> {
        self.machine.clone()
    }
}
