//! The task queues of each version, as the server reported them lately.
//!
//! To report them, the server queries two workflows: its own of the version, and the version's
//! instance. While a workflow task of either is running, the server buffers one query for it and
//! refuses the next (`history.MaxBufferedQueryCount`, 1), with `too many requests` to a client
//! that queries at the same time as we do. So known queues are not read at every sample, least of
//! all while tasks are announced: then the instance is busy, and its announcements name the
//! queues.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use wci_contract::VersionId;

use super::PerVersion;

/// The queues of a version without announcements are read again after this.
const LASTS: Duration = Duration::from_secs(10);
/// The queues of a version with announcements are read again after this.
const LASTS_ANNOUNCED: Duration = Duration::from_secs(120);
/// The same for versions without announcements on a server that announces tasks: a queue that is not
/// listed yet is known from its first announcement on.
const LASTS_QUIET: Duration = Duration::from_secs(300);
/// More announcements are expected for this long after one.
const ANNOUNCED: Duration = Duration::from_secs(10);
/// Names of queues of one version up to which announcements are believed: anyone who may signal in
/// the namespace can announce a queue that does not exist.
const MAX_ANNOUNCED: usize = 4;

/// A task queue of a version: its name, and its type as a number of the API's enum.
pub(crate) type QueueKey = (String, i32);

/// The known queues of each version.
#[derive(Debug, Default)]
pub(crate) struct KnownQueues {
    known: PerVersion<Known>,
    /// Whether tasks of any version were announced.
    announced: AtomicBool,
}

#[derive(Debug)]
struct Known {
    reported: Instant,
    announced: Option<Instant>,
    queues: Vec<QueueKey>,
}

impl KnownQueues {
    /// Records the queues that the server reported for `version`.
    pub(crate) fn record_reported(&self, version: &VersionId, queues: Vec<QueueKey>) {
        let reported = Instant::now();
        let initial = Known { reported, announced: None, queues: Vec::new() };
        self.known.with_or_insert(version, initial, |known| {
            known.reported = reported;
            known.queues = queues;
        });
    }

    /// Records that tasks of `queue` were announced to `version`: it is one of the version's
    /// queues, even before the server reports it.
    pub(crate) fn record_announced(&self, version: &VersionId, queue: QueueKey) {
        self.announced.store(true, Ordering::Relaxed);
        self.known.with(version, |known| known.announce(queue));
    }

    /// Whether tasks of any version were announced since this process started.
    pub(crate) fn is_announced(&self) -> bool {
        self.announced.load(Ordering::Relaxed)
    }

    /// Forgets the queues of `version`, which may change soon.
    pub(crate) fn forget(&self, version: &VersionId) {
        self.known.remove_if(version, |_| true);
    }

    /// The queues of `version`; `None` when they must be read from the server.
    pub(crate) fn of(&self, version: &VersionId) -> Option<Vec<QueueKey>> {
        let lasts = if self.is_announced() { LASTS_QUIET } else { LASTS };
        self.known.with(version, |known| known.current(lasts))?
    }
}

impl Known {
    fn announce(&mut self, queue: QueueKey) {
        self.announced = Some(Instant::now());
        if self.queues.contains(&queue) {
            return;
        }
        let mut names: BTreeSet<&str> = self.queues.iter().map(|(name, _)| &**name).collect();
        names.insert(&queue.0);
        if names.len() <= MAX_ANNOUNCED {
            self.queues.push(queue);
        } else {
            // Read them from the server instead.
            self.announced = None;
        }
    }

    /// The queues; `None` if they were reported too long ago: `lasts`, while nothing is announced.
    fn current(&self, lasts: Duration) -> Option<Vec<QueueKey>> {
        let is_announced = self.announced.is_some_and(|at| at.elapsed() < ANNOUNCED);
        let lasts = match self.queues.is_empty() {
            _ if is_announced => LASTS_ANNOUNCED,
            // A version's first queues appear when its first worker does.
            true => Duration::ZERO,
            false => lasts,
        };
        (self.reported.elapsed() < lasts).then(|| self.queues.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version() -> VersionId {
        VersionId::new("d", "b").unwrap()
    }

    fn queue(name: &str) -> QueueKey {
        (name.to_owned(), 1)
    }

    #[test]
    fn an_announced_queue_is_one_of_the_versions() {
        let known = KnownQueues::default();
        assert_eq!(known.of(&version()), None);
        known.record_reported(&version(), vec![queue("orders")]);
        known.record_announced(&version(), queue("orders"));
        known.record_announced(&version(), queue("new"));
        assert_eq!(known.of(&version()), Some(vec![queue("orders"), queue("new")]));
    }

    #[test]
    fn announcements_of_many_queues_are_not_believed() {
        let known = KnownQueues::default();
        known.record_reported(&version(), Vec::new());
        for n in 0..MAX_ANNOUNCED {
            known.record_announced(&version(), queue(&n.to_string()));
        }
        assert_eq!(known.of(&version()).unwrap().len(), MAX_ANNOUNCED);
        known.record_reported(&version(), Vec::new());
        for n in 0..100 {
            known.record_announced(&version(), queue(&n.to_string()));
        }
        let kept = known.known.with(&version(), |known| (known.queues.len(), known.announced));
        assert_eq!(kept, Some((MAX_ANNOUNCED, None)));
    }

    #[test]
    fn a_version_without_queues_is_read_each_time_unless_tasks_are_announced_to_it() {
        let known = KnownQueues::default();
        known.record_reported(&version(), Vec::new());
        assert_eq!(known.of(&version()), None);
        known.record_announced(&version(), queue("orders"));
        assert_eq!(known.of(&version()), Some(vec![queue("orders")]));
    }

    #[test]
    fn what_was_changed_is_not_known_any_more() {
        let known = KnownQueues::default();
        known.record_reported(&version(), vec![queue("orders")]);
        known.forget(&version());
        known.record_announced(&version(), queue("orders"));
        assert_eq!(known.of(&version()), None);
    }
}
