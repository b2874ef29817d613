//! The algorithms by name, and the launch strategy that each of them supports.

use std::fmt;

use wci_contract::LaunchStrategy;

/// A scaling algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Starts at once as many workers as the waiting tasks need.
    Demand,
    /// One worker for tasks that found none, and one for a backlog; as in Temporal server 1.32.
    NoSync,
    /// As many workers as rates and backlog call for; as in Temporal server 1.32.
    RateBased,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 3] = [Self::Demand, Self::NoSync, Self::RateBased];

    /// The algorithm with this name in specs.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The name in specs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Demand => "demand",
            Self::NoSync => "no-sync",
            Self::RateBased => "rate-based",
        }
    }

    /// The launch strategy of the providers that it supports.
    pub fn strategy(self) -> LaunchStrategy {
        match self {
            Self::Demand | Self::NoSync => LaunchStrategy::Invoke,
            Self::RateBased => LaunchStrategy::WorkerSet,
        }
    }

    /// The default algorithm for providers with this launch strategy, as in the server's controller.
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
    fn only_exact_names_of_algorithms_are_parsed() {
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::parse(algorithm.name()), Some(algorithm));
        }
        for name in ["", "No-Sync", "no-sync ", "bogus"] {
            assert_eq!(Algorithm::parse(name), None, "{name}");
        }
    }

    #[test]
    fn a_default_supports_its_launch_strategy() {
        for strategy in [LaunchStrategy::Invoke, LaunchStrategy::WorkerSet] {
            assert_eq!(Algorithm::default_for(strategy).strategy(), strategy);
        }
    }
}
