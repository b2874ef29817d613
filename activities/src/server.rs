//! What the server reports about a namespace's versions, and how often it is read.

pub(crate) mod instance_count;
pub(crate) mod pollers;
pub(crate) mod read_budget;
pub(crate) mod version_reader;
pub(crate) mod version_stats;
