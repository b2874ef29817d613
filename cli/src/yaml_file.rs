//! Reads a YAML file strictly, with size limits. Errors name the line.

mod problem;
mod source;

pub use problem::FileError;
pub use source::read;

use serde::de::DeserializeOwned;

/// Limit of nesting.
const MAX_DEPTH: usize = 16;
/// Limit of scalars, lists and maps, with aliases expanded.
const MAX_NODES: usize = 20_000;

/// A kind of file: the words for its error messages.
#[derive(Debug)]
pub struct Kind {
    /// For example `spec file`.
    pub name: &'static str,
    /// What such a file holds.
    pub holds: &'static str,
    /// The keys to begin with.
    pub begin: &'static str,
    /// An example of a list.
    pub list: &'static str,
    /// What an enumerated value is called, for example `task type`.
    pub choice: &'static str,
    /// Describes a missing key, with an example.
    pub missing: fn(&str) -> &'static str,
}

/// Parses `text`, the content of `file`.
pub fn parse<T: DeserializeOwned>(kind: &Kind, file: &str, text: &str) -> Result<T, FileError> {
    serde_saphyr::from_str_with_options(text, options())
        .map_err(|error| FileError::yaml(kind, file, &error))
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 4 * MAX_NODES,
        },
        // The provider interprets its keys: 007 and `no` stay strings.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
    }
}
