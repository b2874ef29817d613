//! How compute providers start workers.

use crate::names::SUBPROCESS_POOL;

/// How a compute provider starts workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LaunchStrategy {
    /// Each launch starts workers, which exit on their own.
    Invoke,
    /// The provider keeps a set of workers at the size that it is given.
    WorkerSet,
}

impl LaunchStrategy {
    /// The strategy of this provider type, for example `aws-lambda`. A type that this build does
    /// not know invokes.
    pub fn of(provider_type: &str) -> Self {
        if provider_type == SUBPROCESS_POOL { Self::WorkerSet } else { Self::Invoke }
    }

    /// Whether the provider keeps a worker set.
    pub fn is_worker_set(self) -> bool {
        self == Self::WorkerSet
    }
}
