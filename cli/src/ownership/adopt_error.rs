//! Why an instance was not adopted.

use wci_contract::VersionId;

use crate::control::ControlError;

/// Why an instance was not adopted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdoptError {
    /// No instance runs.
    #[error("no instance of {0} runs: create one with `wci apply`, or start one with `wci claim`")]
    NotRunning(VersionId),
    /// It belongs to another system worker.
    #[error(
        "{id} runs on task queue {queue}, which belongs neither to this system worker nor to the \
         server"
    )]
    OtherOwner {
        /// The version.
        id: VersionId,
        /// Its task queue.
        queue: String,
    },
    /// The version was released.
    #[error("{0} was released: adopt it with `wci adopt {0}`")]
    Released(VersionId),
    /// The server does not know the version yet, or it has no compute config.
    #[error("{0} has no compute config yet")]
    NoComputeConfig(VersionId),
    /// An update of the compute config is in progress.
    #[error("the compute config of {0} is being updated: retry after the update")]
    UpdateInProgress(VersionId),
    /// Our system worker cannot start the version's workers.
    #[error("{id} stays with the server's controller, because wci cannot start its workers: {why}")]
    CannotStartWorkers {
        /// The version.
        id: VersionId,
        /// The message of the check.
        why: String,
    },
    /// Our instance runs, but not everything reached it.
    #[error(
        "{id} is run by wci now, but what reached the server's controller in the last moment could \
         not be passed on: {why}. Waiting tasks are found in the backlog; if the compute config was \
         changed just before, change it again"
    )]
    NotCaughtUp {
        /// The version.
        id: VersionId,
        /// The error of the call.
        why: String,
    },
    /// Our instance runs, but the version still has the mark of a released one.
    #[error(
        "{id} is run by wci now, but it is still marked as released: {why}. Run `wci adopt {id}` \
         again to remove the mark"
    )]
    StillMarked {
        /// The version.
        id: VersionId,
        /// The error of the call.
        why: String,
    },
    /// A call failed.
    #[error("{0}")]
    Control(#[from] ControlError),
}
