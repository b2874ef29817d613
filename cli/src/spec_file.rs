//! The spec file: the compute config of one version, in YAML.

mod document;
mod section;
mod text;

pub(crate) use document::{Document, Group};
#[cfg(test)]
pub(crate) use text::parse;
pub(crate) use text::read;

use wci_contract::{Spec, VersionId};

/// The content of a spec file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SpecFile {
    /// The version.
    pub(crate) id: VersionId,
    /// Its compute config.
    pub(crate) spec: Spec,
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
