//! The operator's configuration file: providers and limits by namespace. See
//! docs/operator-config.md.

mod choice;
mod lambda;
mod limit_keys;
mod secrets;
mod subprocess;
mod text;

use std::{collections::BTreeMap, path::Path};

use wci_activities::Ceiling;
use wci_providers::Settings;

use super::Limits;
use wci_cli::yaml_file::{self, FileError};

/// The content of the file.
#[derive(Debug)]
pub(super) struct Config {
    /// By name; at least one.
    pub(super) namespaces: BTreeMap<String, NamespaceConfig>,
}

/// The configuration of one namespace.
#[derive(Debug, Clone)]
pub(super) struct NamespaceConfig {
    /// The providers that its specs may use.
    pub(super) providers: Settings,
    /// Its limits.
    pub(super) limits: Limits,
    /// The ceilings of single providers, by type.
    pub(super) ceilings: BTreeMap<String, Ceiling>,
}

impl Config {
    /// Reads and checks the file at `path`. `limits` are the defaults.
    pub(super) fn read(path: &Path, limits: Limits) -> Result<Self, FileError> {
        let (file, text) = yaml_file::read(&text::KIND, path)?;
        text::parse(&file, &text, limits)
    }
}

/// A mistake in a section of the file: its own line, if known, and the message.
type Problem = (Option<u64>, String);

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
