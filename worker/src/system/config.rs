//! The operator's configuration file: what each namespace may use. See docs/operator-config.md.

mod choice;
mod lambda;
mod secrets;
mod subprocess;
mod text;

use std::{collections::BTreeMap, path::Path};

use wci_providers::Settings;

use super::Limits;
use wci_cli::yaml_file::{self, FileError};

/// What the file says.
#[derive(Debug)]
pub(super) struct Config {
    /// By namespace; at least one.
    pub(super) namespaces: BTreeMap<String, Allowance>,
}

/// What one namespace may use.
#[derive(Debug, Clone)]
pub(super) struct Allowance {
    /// Its providers.
    pub(super) providers: Settings,
    /// Everything else.
    pub(super) limits: Limits,
}

impl Config {
    /// Reads and checks the file at `path`. Where it has no limits, `limits` hold.
    pub(super) fn read(path: &Path, limits: Limits) -> Result<Self, FileError> {
        let (file, text) = yaml_file::read(&text::KIND, path)?;
        text::parse(&file, &text, limits)
    }
}

/// What is wrong below some line of the file: the line of its own, if it has one, and the words.
type Problem = (Option<u64>, String);

#[cfg(test)]
mod tests;
