//! Which task queues a version has, as the server told lately.
//!
//! To tell them, the server asks two workflows: its own of the version, and the version's instance.
//! While a workflow task of either is under way the server keeps one question for it and refuses
//! the next (`history.MaxBufferedQueryCount`, 1), with `too many requests` to a client that asks
//! at the same time as we do. So what is known is not asked for at every look, least of all while
//! tasks are announced: then the instance is busy, and its announcements name the queues.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
    time::{Duration, Instant},
};

use wci_contract::VersionId;

/// What is known of a version to which nothing is announced is asked for again after this.
const LASTS: Duration = Duration::from_secs(10);
/// What is known of one to which tasks are announced.
const LASTS_ANNOUNCED: Duration = Duration::from_secs(120);
/// For so long after an announcement others are expected.
const ANNOUNCED: Duration = Duration::from_secs(10);
/// Names of queues of one version that are kept in mind because of announcements: anybody who may
/// signal in the namespace can announce what is not there.
const MOST_ANNOUNCED: usize = 4;
/// When to look for versions to forget: those that nobody asked about for so long.
const CROWDED: usize = 4096;
const FORGET: Duration = Duration::from_secs(600);

/// A task queue of a version: its name, and its type as the wire has it.
pub(crate) type QueueKey = (String, i32);

/// The queues of each version.
#[derive(Debug, Default)]
pub(crate) struct KnownQueues {
    known: Mutex<BTreeMap<VersionId, Known>>,
}

#[derive(Debug)]
struct Known {
    learned: Instant,
    announced: Option<Instant>,
    queues: Vec<QueueKey>,
}

impl KnownQueues {
    /// Takes note of what the server told of `version`.
    pub(crate) fn learn(&self, version: &VersionId, queues: Vec<QueueKey>) {
        let now = Instant::now();
        let Ok(mut known) = self.known.lock() else { return };
        if known.len() >= CROWDED {
            known.retain(|_, known| now - known.learned < FORGET);
        }
        let announced = known.get(version).and_then(|known| known.announced);
        known.insert(version.clone(), Known { learned: now, announced, queues });
    }

    /// Takes note that tasks of `queue` were announced to `version`: it is the version's own, then,
    /// before the server has told so.
    pub(crate) fn note_announced(&self, version: &VersionId, queue: QueueKey) {
        let Ok(mut known) = self.known.lock() else { return };
        let Some(known) = known.get_mut(version) else { return };
        known.announced = Some(Instant::now());
        if known.queues.contains(&queue) {
            return;
        }
        let mut names: BTreeSet<&str> = known.queues.iter().map(|(name, _)| &**name).collect();
        names.insert(&queue.0);
        if names.len() <= MOST_ANNOUNCED {
            known.queues.push(queue);
        } else {
            // The server is to tell.
            known.announced = None;
        }
    }

    /// Takes note that `version` may have other queues soon.
    pub(crate) fn forget(&self, version: &VersionId) {
        if let Ok(mut known) = self.known.lock() {
            known.remove(version);
        }
    }

    /// The queues of `version`; `None` when the server is to be asked.
    pub(crate) fn of(&self, version: &VersionId) -> Option<Vec<QueueKey>> {
        let known = self.known.lock().ok()?;
        let known = known.get(version)?;
        let is_announced = known.announced.is_some_and(|at| at.elapsed() < ANNOUNCED);
        let lasts = match known.queues.is_empty() {
            _ if is_announced => LASTS_ANNOUNCED,
            // A version's first queues appear when its first worker does.
            true => Duration::ZERO,
            false => LASTS,
        };
        (known.learned.elapsed() < lasts).then(|| known.queues.clone())
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
        known.learn(&version(), vec![queue("orders")]);
        known.note_announced(&version(), queue("orders"));
        known.note_announced(&version(), queue("new"));
        assert_eq!(known.of(&version()), Some(vec![queue("orders"), queue("new")]));
    }

    #[test]
    fn announcements_of_many_queues_are_not_believed() {
        let known = KnownQueues::default();
        known.learn(&version(), Vec::new());
        for n in 0..MOST_ANNOUNCED {
            known.note_announced(&version(), queue(&n.to_string()));
        }
        assert_eq!(known.of(&version()).unwrap().len(), MOST_ANNOUNCED);
        known.learn(&version(), Vec::new());
        for n in 0..100 {
            known.note_announced(&version(), queue(&n.to_string()));
        }
        assert_eq!(known.known.lock().unwrap()[&version()].queues.len(), MOST_ANNOUNCED);
        assert!(known.known.lock().unwrap()[&version()].announced.is_none());
    }

    #[test]
    fn a_version_without_queues_is_asked_about_each_time_unless_tasks_are_announced_to_it() {
        let known = KnownQueues::default();
        known.learn(&version(), Vec::new());
        assert_eq!(known.of(&version()), None);
        known.note_announced(&version(), queue("orders"));
        assert_eq!(known.of(&version()), Some(vec![queue("orders")]));
    }

    #[test]
    fn what_was_changed_is_not_known_any_more() {
        let known = KnownQueues::default();
        known.learn(&version(), vec![queue("orders")]);
        known.forget(&version());
        known.note_announced(&version(), queue("orders"));
        assert_eq!(known.of(&version()), None);
    }
}
