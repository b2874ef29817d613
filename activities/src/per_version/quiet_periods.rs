//! Quiet periods after changes of versions. After a change, the server's own workflow of the
//! version continues as a new run. That run answers no query in its first second, and then one at
//! a time: while we query it, the server refuses clients with `too many requests issued to Worker
//! Deployment`.

use std::time::{Duration, Instant};

use wci_contract::VersionId;

use super::PerVersion;

/// From the validation of a change to the end of the new run's first second, with some margin.
const QUIET: Duration = Duration::from_secs(2);
/// A version that is changed again and again is read after this nevertheless.
const QUIET_MAX: Duration = Duration::from_secs(20);

/// Until when each version that the server knows must not be described.
#[derive(Debug, Default)]
pub(crate) struct QuietPeriods {
    periods: PerVersion<Period>,
}

#[derive(Debug, Clone, Copy)]
struct Period {
    changed: Instant,
    quiet_until: Instant,
}

impl QuietPeriods {
    /// Records that the server described `version`.
    pub(crate) fn record_answer(&self, version: &VersionId) {
        let now = Instant::now();
        self.periods.with_or_insert(version, Period { changed: now, quiet_until: now }, |_| ());
    }

    /// Records that `version` is being changed, now. A version that the server does not know yet
    /// is being created: it has no run that could end, and gets no quiet period.
    pub(crate) fn record_change(&self, version: &VersionId) {
        let now = Instant::now();
        self.periods.with(version, |period| {
            if period.quiet_until <= now {
                period.changed = now;
            }
            period.quiet_until =
                (now + QUIET).min(period.changed + QUIET_MAX).max(period.quiet_until);
        });
    }

    /// Waits until `version` may be described. It may be changed again meanwhile.
    pub(crate) async fn wait_until_quiet(&self, version: &VersionId) {
        loop {
            match self.remaining(version) {
                Duration::ZERO => return,
                remaining => tokio::time::sleep(remaining).await,
            }
        }
    }

    fn remaining(&self, version: &VersionId) -> Duration {
        let until = self.periods.with(version, |period| period.quiet_until);
        until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_version_that_was_changed_is_left_alone_and_others_are_not() {
        let build = |id: &str| VersionId::new("d", id).unwrap();
        let periods = QuietPeriods::default();
        periods.record_answer(&build("known"));
        periods.record_answer(&build("other"));
        periods.record_change(&build("known"));
        periods.record_change(&build("new"));
        assert!(periods.remaining(&build("known")) > Duration::from_secs(1));
        assert_eq!(periods.remaining(&build("other")), Duration::ZERO);
        assert_eq!(periods.remaining(&build("new")), Duration::ZERO);
    }
}
