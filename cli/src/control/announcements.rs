//! Whether the server announces tasks to instances: from what their histories show, because no call
//! tells.

use futures::{StreamExt, stream};
use serde::Serialize;
use wci_contract::VersionId;
use wci_history::{Announcing, History, RunHistory};

use super::{AdminClient, ControlError, Owner};
use crate::clock::{self, Millis};

/// The runs of an instance whose histories are read.
const RUNS: usize = 2;
/// Histories read at the same time.
const CONCURRENCY: usize = 2;
/// How to make a server announce tasks.
const REMEDY: &str = "set workercontroller.enabled=true in the server's dynamic config; until \
                      then, wci notices waiting tasks only by reading the backlog, which takes \
                      seconds longer";

/// Whether the server announces tasks, and how that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Announcements {
    /// This release of the server cannot announce tasks.
    Unsupported,
    /// Nothing shows it yet.
    Unknown,
    /// It announced tasks.
    Seen {
        /// The latest announcement.
        #[serde(serialize_with = "clock::as_rfc3339")]
        latest: Millis,
    },
    /// Tasks waited that it did not announce.
    Missing {
        /// How often such tasks were found since the latest announcement.
        times: u32,
        /// When they were found last.
        #[serde(serialize_with = "clock::as_rfc3339")]
        latest: Millis,
        /// The latest announcement, if there was one.
        #[serde(serialize_with = "clock::as_rfc3339_or_null")]
        announced: Option<Millis>,
    },
}

impl From<Announcing> for Announcements {
    fn from(found: Announcing) -> Self {
        match found {
            Announcing::Unknown => Self::Unknown,
            Announcing::Seen { latest } => Self::Seen { latest },
            Announcing::Missing { times, latest, announced } => {
                Self::Missing { times, latest, announced }
            }
        }
    }
}

impl Announcements {
    /// The same in words, as of `now`, without a full stop.
    pub fn describe(self, now: Millis) -> String {
        match self {
            Self::Unsupported => {
                format!("this server cannot announce tasks: from 1.31 on, {REMEDY}")
            }
            Self::Unknown => "not known yet: no task has waited that the server could have \
                              announced"
                .to_owned(),
            Self::Seen { latest } => {
                format!("received, the latest {}", clock::relative(latest, now))
            }
            Self::Missing { times, latest, announced } => {
                let times = match times {
                    1 => "once".to_owned(),
                    times => format!("{times} times"),
                };
                let before = announced.map_or_else(
                    || "it has announced none yet".to_owned(),
                    |at| format!("its latest announcement was {}", clock::relative(at, now)),
                );
                format!(
                    "missing: tasks were found {times} that waited unannounced by the server, the \
                     last {}, and {before}: {REMEDY}",
                    clock::relative(latest, now)
                )
            }
        }
    }

    /// The same in words if there is something to do about it.
    pub fn problem(self) -> Option<String> {
        match self {
            Self::Unsupported | Self::Missing { .. } => {
                Some(format!("announcements of tasks: {}", self.describe(clock::now())))
            }
            Self::Unknown | Self::Seen { .. } => None,
        }
    }
}

impl AdminClient {
    /// Whether the server announces tasks, as far as the history of the instance shows.
    pub(crate) async fn announcements(&self, id: &VersionId) -> Announcements {
        if !self.server_has_compute_configs() {
            return Announcements::Unsupported;
        }
        self.announcing(id).await.unwrap_or_default().into()
    }

    /// Whether the server announces tasks, as far as the histories of up to `limit` instances show.
    ///
    /// # Errors
    /// The instances cannot be listed.
    pub async fn announcements_of_any(&self, limit: usize) -> Result<Announcements, ControlError> {
        if !self.server_has_compute_configs() {
            return Ok(Announcements::Unsupported);
        }
        let (listed, _) = self.list(limit).await?;
        let ours: Vec<VersionId> = listed
            .into_iter()
            .filter(|listed| listed.owner == Owner::Wci)
            .map(|listed| listed.id)
            .collect();
        let shown = stream::iter(ours).map(|id| {
            let admin = self.clone();
            async move { admin.announcing(&id).await.unwrap_or_default() }
        });
        let shown = shown
            .buffered(CONCURRENCY)
            .fold(Announcing::Unknown, |all, one| async move { all.or(one) });
        Ok(shown.await.into())
    }

    async fn announcing(&self, id: &VersionId) -> Result<Announcing, ControlError> {
        let is_known = |runs: &[RunHistory]| shown_by(runs) != Announcing::Unknown;
        let runs = self.histories(id, RUNS, is_known).await?;
        Ok(shown_by(&runs))
    }
}

fn shown_by(runs: &[RunHistory]) -> Announcing {
    let history = History::read(runs.iter().map(|run| run.events.as_slice()), None);
    Announcing::of(&history, clock::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_700_000_100_000;

    #[test]
    fn only_what_is_known_is_said_and_what_to_do_about_it() {
        let missing = |times, announced| {
            Announcements::Missing { times, latest: NOW - 5_000, announced }.describe(NOW)
        };
        let text = missing(1, None);
        for part in ["found once", "the last 5s ago", "it has announced none yet", "dynamic config"]
        {
            assert!(text.contains(part), "{text}");
        }
        let text = missing(3, Some(NOW - 60_000));
        assert!(text.contains("found 3 times"), "{text}");
        assert!(text.contains("its latest announcement was 1m0s ago"), "{text}");
        let seen = Announcements::Seen { latest: NOW - 5_000 };
        assert_eq!(seen.describe(NOW), "received, the latest 5s ago");
        assert!(Announcements::Unknown.describe(NOW).starts_with("not known yet"));
        assert_eq!((seen.problem(), Announcements::Unknown.problem()), (None, None));
        assert!(Announcements::Unsupported.problem().is_some());
    }
}
