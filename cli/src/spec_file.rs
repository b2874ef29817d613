//! The spec file: one version's compute config, written by a person in YAML.

mod document;
mod section;
mod text;

pub(crate) use document::{Document, Group};
#[cfg(test)]
pub(crate) use text::parse;
pub(crate) use text::read;

use wci_contract::{Spec, VersionId};

/// What a spec file says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SpecFile {
    /// The version that it is for.
    pub(crate) id: VersionId,
    /// Its compute config.
    pub(crate) spec: Spec,
}

#[cfg(test)]
mod tests;
