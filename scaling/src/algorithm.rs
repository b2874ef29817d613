//! The algorithms by name, and the providers that each of them fits.

use std::fmt;

use wci_contract::LaunchStrategy;

/// A scaling algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// As many workers at once as the tasks that wait ask for.
    Demand,
    /// One worker for tasks that found none, and for a backlog; as Temporal server 1.32 has it.
    NoSync,
    /// As many workers as rates and backlog ask for; as Temporal server 1.32 has it.
    RateBased,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 3] = [Self::Demand, Self::NoSync, Self::RateBased];

    /// The algorithm that a spec calls `name`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// What specs call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Demand => "demand",
            Self::NoSync => "no-sync",
            Self::RateBased => "rate-based",
        }
    }

    /// The only kind of provider that it can drive.
    pub fn strategy(self) -> LaunchStrategy {
        match self {
            Self::Demand | Self::NoSync => LaunchStrategy::Invoke,
            Self::RateBased => LaunchStrategy::WorkerSet,
        }
    }

    /// What a group with such a provider gets when its spec names no algorithm: what the
    /// server's controller would take.
    pub fn default_for(strategy: LaunchStrategy) -> Self {
        match strategy {
            LaunchStrategy::Invoke => Self::NoSync,
            LaunchStrategy::WorkerSet => Self::RateBased,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_is_found_by_its_own_name_and_nothing_else_is() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::parse(algorithm.name()), Some(algorithm));
        }
        for name in ["", "No-Sync", "no-sync ", "bogus"] {
            assert_eq!(Algorithm::parse(name), None, "{name}");
        }
    }

    #[test]
    fn a_default_fits_the_provider_that_it_is_the_default_for() {
        for strategy in [LaunchStrategy::Invoke, LaunchStrategy::WorkerSet] {
            assert_eq!(Algorithm::default_for(strategy).strategy(), strategy);
        }
    }
}
