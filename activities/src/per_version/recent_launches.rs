//! The latest launch of each version, so that the watches of this process know that workers are
//! on their way.

use std::time::{Duration, Instant};

use wci_contract::VersionId;

use super::PerVersion;

/// When this process last launched workers for each version.
#[derive(Debug, Default)]
pub struct RecentLaunches {
    latest: PerVersion<Instant>,
}

impl RecentLaunches {
    /// Records a launch for `version`, now.
    pub fn record(&self, version: &VersionId) {
        let now = Instant::now();
        self.latest.with_or_insert(version, now, |latest| *latest = now);
    }

    /// The time since the latest launch for `version`.
    pub fn since_latest(&self, version: &VersionId) -> Option<Duration> {
        self.latest.with(version, |latest| latest.elapsed())
    }
}
