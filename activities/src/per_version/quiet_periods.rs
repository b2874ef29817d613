//! Versions that were just changed. After a change the server's own workflow of the version begins
//! a new run, which answers nothing in its first second and then one question at a time: whatever
//! we ask then is refused to a client with `too many requests issued to Worker Deployment`.

use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use wci_contract::VersionId;

/// From the check of a change to the end of the new run's first second, with some to spare.
const QUIET: Duration = Duration::from_secs(2);
/// However often a version is changed, it is read again after this.
const QUIET_MAX: Duration = Duration::from_secs(20);
/// When to look for versions to forget: those that nobody asked about for so long.
const CROWDED: usize = 4096;
const FORGET: Duration = Duration::from_secs(600);

/// Until when nothing is asked about a version that the server knows.
#[derive(Debug, Default)]
pub(crate) struct QuietPeriods {
    known: Mutex<BTreeMap<VersionId, Known>>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    answered: Instant,
    changed: Instant,
    quiet_until: Instant,
}

impl QuietPeriods {
    /// Takes note that the server answered about `version`.
    pub(crate) fn note_answer(&self, version: &VersionId) {
        let now = Instant::now();
        let Ok(mut known) = self.known.lock() else { return };
        if known.len() >= CROWDED {
            known.retain(|_, known| now - known.answered < FORGET);
        }
        let fresh = Known { answered: now, changed: now, quiet_until: now };
        known.entry(version.clone()).or_insert(fresh).answered = now;
    }

    /// Takes note that `version` is being changed, now. One that the server does not know yet is
    /// being created, and has no run that could end.
    pub(crate) fn note_change(&self, version: &VersionId) {
        let now = Instant::now();
        let Ok(mut known) = self.known.lock() else { return };
        let Some(known) = known.get_mut(version) else { return };
        if known.quiet_until <= now {
            known.changed = now;
        }
        known.quiet_until = (now + QUIET).min(known.changed + QUIET_MAX).max(known.quiet_until);
    }

    /// Waits until `version` may be asked about. It may be changed again meanwhile.
    pub(crate) async fn wait_until_quiet(&self, version: &VersionId) {
        loop {
            match self.rest(version) {
                Duration::ZERO => return,
                rest => tokio::time::sleep(rest).await,
            }
        }
    }

    /// How long to wait before `version` is asked about.
    fn rest(&self, version: &VersionId) -> Duration {
        let known = self.known.lock().ok();
        let until = known.and_then(|known| Some(known.get(version)?.quiet_until));
        until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_version_that_was_changed_is_left_alone_and_others_are_not() {
        let build = |id: &str| VersionId::new("d", id).unwrap();
        let changes = QuietPeriods::default();
        changes.note_answer(&build("known"));
        changes.note_answer(&build("other"));
        changes.note_change(&build("known"));
        changes.note_change(&build("new"));
        assert!(changes.rest(&build("known")) > Duration::from_secs(1));
        assert_eq!(changes.rest(&build("other")), Duration::ZERO);
        assert_eq!(changes.rest(&build("new")), Duration::ZERO);
    }
}
