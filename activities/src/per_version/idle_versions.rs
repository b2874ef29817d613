//! Since when nothing has happened to each version.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Notify;
use wci_contract::VersionId;

use super::PerVersion;

/// A wait that is not worth ending: while much happens, it must not become shorter by it.
const SHORT: Duration = Duration::from_secs(2);

/// From the end of a long wait to the next read: the server repeats its answer for 5 s, so it is asked
/// when a worker that was launched should be there.
const SETTLE: Duration = Duration::from_secs(3);

/// The versions that are left alone.
#[derive(Debug, Default)]
pub struct IdleVersions {
    versions: PerVersion<Idle>,
}

#[derive(Debug)]
struct Idle {
    since: Instant,
    ended: Arc<Notify>,
}

impl IdleVersions {
    /// The watch itself sees that `version` is active.
    pub(crate) fn restart(&self, version: &VersionId) {
        self.versions.with(version, |idle| idle.since = Instant::now());
    }

    /// Something happened to `version`. Ends a long wait for that.
    pub(crate) fn record_activity(&self, version: &VersionId) {
        self.restart(version);
        self.versions.with(version, |idle| {
            // Kept for whoever is about to wait.
            idle.ended.notify_one();
        });
    }

    /// For how long nothing has happened to `version`. A version that is not remembered counts as
    /// active.
    pub(crate) fn idle_for(&self, version: &VersionId) -> Duration {
        self.with(version, |idle| idle.since.elapsed()).unwrap_or_default()
    }

    /// Waits for this time; if that is long, only until shortly after something happens to `version`.
    pub(crate) async fn wait(&self, version: &VersionId, at_most: Duration) {
        if at_most <= SHORT {
            return tokio::time::sleep(at_most).await;
        }
        let ended = self.with(version, |idle| Arc::clone(&idle.ended));
        let ended = async {
            match ended {
                Some(ended) => ended.notified().await,
                None => std::future::pending().await,
            }
        };
        let has_ended = tokio::time::timeout(at_most, ended).await.is_ok();
        if has_ended {
            tokio::time::sleep(SETTLE).await;
        }
    }

    fn with<R>(&self, version: &VersionId, f: impl FnOnce(&Idle) -> R) -> Option<R> {
        let initial = Idle { since: Instant::now(), ended: Arc::default() };
        self.versions.with_or_insert(version, initial, |idle| f(idle))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version() -> VersionId {
        VersionId::new("d", "b").unwrap()
    }

    #[test]
    fn a_version_is_idle_from_the_first_question_after_the_last_activity() {
        let (idle, version) = (IdleVersions::default(), version());
        idle.idle_for(&version);
        std::thread::sleep(Duration::from_millis(2));
        assert!(idle.idle_for(&version) >= Duration::from_millis(2));
        idle.record_activity(&version);
        assert!(idle.idle_for(&version) < Duration::from_millis(2));
    }

    #[tokio::test(start_paused = true)]
    async fn activity_ends_a_wait_and_so_does_time() {
        let (idle, version) = (IdleVersions::default(), version());
        let began = tokio::time::Instant::now();
        let activity = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            idle.record_activity(&VersionId::new("d", "other").unwrap());
            tokio::time::sleep(Duration::from_secs(1)).await;
            idle.record_activity(&version);
        };
        tokio::join!(idle.wait(&version, Duration::from_secs(300)), activity);
        assert_eq!(began.elapsed(), Duration::from_secs(2) + SETTLE);
        idle.wait(&version, Duration::from_secs(60)).await;
        assert_eq!(began.elapsed(), Duration::from_secs(62) + SETTLE);
    }
}
