//! What a simulation compares: an algorithm with its settings, and the loop that it runs in.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use wci_contract::LaunchStrategy;
use wci_scaling::{Algorithm, check_config};

use crate::ParseError;

/// The name of the built-in controller's loop with `no-sync`.
const BUILT_IN: &str = "built-in";

/// The loop that an algorithm runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loop {
    /// The instance of `wci`: watch, deferred tasks, back-off.
    Instance,
    /// The controller built into Temporal Server 1.32.
    BuiltIn,
}

/// An algorithm with its settings, and the loop that it runs in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contender {
    /// The loop.
    pub controller: Loop,
    /// The algorithm.
    #[serde(serialize_with = "name_of")]
    pub algorithm: Algorithm,
    /// The algorithm's settings.
    pub config: Map<String, Value>,
}

fn name_of<S: Serializer>(algorithm: &Algorithm, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(algorithm.name())
}

impl Contender {
    /// The contender of this name: an algorithm, which runs in the instance of `wci`, or `built-in`.
    ///
    /// # Errors
    /// An unknown name.
    pub fn named(name: &str) -> Result<Self, ParseError> {
        let (controller, algorithm) = match name {
            BUILT_IN => (Loop::BuiltIn, Some(Algorithm::NoSync)),
            name => (Loop::Instance, Algorithm::parse(name)),
        };
        let algorithm = algorithm.ok_or_else(|| ParseError::Unknown {
            what: "algorithm",
            name: ParseError::shown(name),
            known: Self::names().join(", "),
        })?;
        Ok(Self { controller, algorithm, config: Map::new() })
    }

    /// All names.
    pub fn names() -> Vec<&'static str> {
        Algorithm::ALL.into_iter().map(Algorithm::name).chain([BUILT_IN]).collect()
    }

    /// The names of those that are compared by default.
    pub fn defaults() -> Vec<&'static str> {
        let known = Self::names();
        ["demand", "no-sync"].into_iter().filter(|name| known.contains(name)).collect()
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self.controller {
            Loop::Instance => self.algorithm.name(),
            Loop::BuiltIn => BUILT_IN,
        }
    }

    /// Whether the algorithm has this setting.
    pub fn knows(&self, key: &str) -> bool {
        let config = Map::from_iter([(key.to_owned(), Value::Null)]);
        let unknown = |error| matches!(error, wci_scaling::ConfigError::UnknownKey { .. });
        !check_config(self.algorithm, &config).is_err_and(unknown)
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// The first setting that the algorithm refuses.
    pub fn check(&self) -> Result<(), ParseError> {
        check_config(self.algorithm, &self.config)
            .map_err(|error| ParseError::unfit(format!("{}: {error}", self.name())))
    }

    /// Whether its provider maintains a worker set. Such workers do not exit on their own.
    pub fn is_worker_set(&self) -> bool {
        self.algorithm.strategy() == LaunchStrategy::WorkerSet
    }
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
