//! Versions that were just changed. After a change the server's own workflow of the version begins
//! a new run, which answers nothing in its first second and then one question at a time: whatever
//! we ask then is refused to a client with `too many requests issued to Worker Deployment`.

use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use wci_contract::activities::Version;

/// From the check of a change to the end of the new run's first second, with some to spare.
const QUIET: Duration = Duration::from_secs(2);
/// However often a version is changed, it is read again after this.
const QUIET_MAX: Duration = Duration::from_secs(20);
/// When to look for entries to forget.
const CROWDED: usize = 1024;

/// Until when nothing is asked about a version.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    quiet: Mutex<BTreeMap<(String, String), Quiet>>,
}

#[derive(Debug, Clone, Copy)]
struct Quiet {
    since: Instant,
    until: Instant,
}

impl Changes {
    /// Takes note that `version` is being changed, now.
    pub(crate) fn note(&self, version: &Version) {
        let now = Instant::now();
        let Ok(mut quiet) = self.quiet.lock() else { return };
        if quiet.len() >= CROWDED {
            quiet.retain(|_, quiet| quiet.until > now);
        }
        let entry = quiet.entry(key(version)).or_insert(Quiet { since: now, until: now });
        if entry.until <= now {
            entry.since = now;
        }
        entry.until = (now + QUIET).min(entry.since + QUIET_MAX).max(entry.until);
    }

    /// Waits until `version` may be asked about. It may be changed again meanwhile.
    pub(crate) async fn settled(&self, version: &Version) {
        loop {
            match self.rest(version) {
                Duration::ZERO => return,
                rest => tokio::time::sleep(rest).await,
            }
        }
    }

    /// How long to wait before `version` is asked about.
    fn rest(&self, version: &Version) -> Duration {
        let until = self.quiet.lock().ok().and_then(|quiet| Some(quiet.get(&key(version))?.until));
        until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }
}

fn key(version: &Version) -> (String, String) {
    (version.deployment_name.clone(), version.build_id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_was_changed_is_left_alone_and_others_are_not() {
        let changed = Version { deployment_name: "d".into(), build_id: "v1".into() };
        let other = Version { build_id: "v2".into(), ..changed.clone() };
        let changes = Changes::default();
        changes.note(&changed);
        assert!(changes.rest(&changed) > Duration::from_secs(1));
        assert_eq!(changes.rest(&other), Duration::ZERO);
    }
}
