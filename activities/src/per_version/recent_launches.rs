//! What this process launched lately, so that its watches know that help is on its way.

use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use wci_contract::VersionId;

/// Entries older than this say nothing any more.
const FORGET: Duration = Duration::from_secs(600);
/// When to look for entries to forget.
const CROWDED: usize = 1024;

/// The latest launch of each version, seen from this process.
#[derive(Debug, Default)]
pub struct RecentLaunches {
    latest: Mutex<BTreeMap<VersionId, Instant>>,
}

impl RecentLaunches {
    /// Takes note of a launch for `version`, now.
    pub fn note(&self, version: &VersionId) {
        let Ok(mut latest) = self.latest.lock() else { return };
        if latest.len() >= CROWDED {
            latest.retain(|_, at| at.elapsed() < FORGET);
        }
        latest.insert(version.clone(), Instant::now());
    }

    /// How long ago the latest launch for `version` was.
    pub fn since_latest(&self, version: &VersionId) -> Option<Duration> {
        self.latest.lock().ok()?.get(version).map(Instant::elapsed)
    }
}
