//! One watch of a version at a time, in one process.
//!
//! A watch that the workflow has cancelled hears so only with its next heartbeat. It ends sooner
//! when the one in its place begins here.

use std::{collections::BTreeMap, sync::Mutex};

use wci_contract::activities::Version;

/// Which watch of each version is the latest of this process.
#[derive(Debug, Default)]
pub struct WatchTurns {
    latest: Mutex<BTreeMap<(String, String), u64>>,
}

impl WatchTurns {
    /// Makes the caller's watch of `version` the latest.
    pub(crate) fn take(&self, version: &Version) -> u64 {
        let Ok(mut latest) = self.latest.lock() else { return 0 };
        let turn = latest.entry(key(version)).or_default();
        *turn += 1;
        *turn
    }

    /// Whether another watch of `version` has begun since `turn` was taken.
    pub(crate) fn is_over(&self, version: &Version, turn: u64) -> bool {
        let Ok(latest) = self.latest.lock() else { return false };
        latest.get(&key(version)).is_some_and(|latest| *latest > turn)
    }
}

fn key(version: &Version) -> (String, String) {
    (version.deployment_name.clone(), version.build_id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_is_over_when_another_of_its_version_begins() {
        let version = |build: &str| Version { deployment_name: "d".into(), build_id: build.into() };
        let turns = WatchTurns::default();
        let (first, other) = (turns.take(&version("v1")), turns.take(&version("v2")));
        assert!(!turns.is_over(&version("v1"), first));
        let second = turns.take(&version("v1"));
        assert!(turns.is_over(&version("v1"), first) && !turns.is_over(&version("v1"), second));
        assert!(!turns.is_over(&version("v2"), other));
    }
}
