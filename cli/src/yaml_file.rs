//! A file that a person wrote in YAML: bounded, read strictly, each mistake told with its place.

mod problem;
mod source;

pub use problem::FileError;
pub use source::read;

use serde::de::DeserializeOwned;

/// Deeper than any file of ours, shallower than any stack.
const MAX_DEPTH: usize = 16;
/// Scalars, lists and maps of one file, aliases expanded.
const MAX_NODES: usize = 20_000;

/// What is said of one kind of file when something is wrong with it.
#[derive(Debug)]
pub struct Kind {
    /// For example `spec file`.
    pub name: &'static str,
    /// What one such file holds, for one that has too much.
    pub holds: &'static str,
    /// How to begin an empty one.
    pub begin: &'static str,
    /// An example of a list in it.
    pub list: &'static str,
    /// What a word that must be one of a few stands for.
    pub choice: &'static str,
    /// What a missing key would say, with an example.
    pub missing: fn(&str) -> &'static str,
}

/// Reads `text`, the content of `file`.
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
        // What a key of a provider means is the provider's business: 007 and `no` stay text.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
    }
}
