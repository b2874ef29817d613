//! The backlog of a version, from the server's task queue stats.

use wci_contract::{VersionId, signal::TaskAdd};

use super::{AdminClient, ControlError};

/// The stats of one task queue of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Queue {
    /// Name of the queue.
    pub(crate) name: String,
    /// Wire number of its task type.
    pub(crate) kind: i64,
    /// Waiting tasks. The server's stats are up to 5 s old.
    pub(crate) backlog: u64,
}

impl AdminClient {
    /// The version's task queues; empty if the server does not know the version.
    pub(crate) async fn queues(&self, id: &VersionId) -> Result<Vec<Queue>, ControlError> {
        let found = match self.describe_version(id, true).await {
            Ok(found) => found,
            Err(ControlError::NotFound(_)) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let queues = found.version_task_queues.into_iter().map(|queue| Queue {
            kind: i64::from(queue.r#type),
            backlog: queue
                .stats
                .and_then(|stats| u64::try_from(stats.approximate_backlog_count).ok())
                .unwrap_or(0),
            name: queue.name,
        });
        Ok(queues.collect())
    }
}

impl Queue {
    /// An announcement of one task of the queue.
    pub(crate) fn task(&self) -> TaskAdd {
        TaskAdd {
            task_queue_name: self.name.clone(),
            task_queue_type: self.kind,
            misses: 1,
            ..TaskAdd::default()
        }
    }
}
