//! What the server reports about a namespace's versions, and how often it is read.

pub(crate) mod connection;
mod instance_count;
pub(crate) mod instance_runs;
mod query_literal;
pub(crate) mod read_budget;
pub(crate) mod stats_by_type;
pub(crate) mod version_reader;
mod version_stats;
pub(crate) mod workers;
