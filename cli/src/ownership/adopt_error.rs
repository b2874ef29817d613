//! Why an instance was not taken over.

use wci_contract::VersionId;

use crate::control::ControlError;

/// Why an instance is left to who runs it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdoptError {
    /// No instance runs.
    #[error("no instance of {0} runs: create one with `wci apply`, or start one with `wci claim`")]
    NotRunning(VersionId),
    /// Another system worker's.
    #[error(
        "{id} runs on task queue {queue}, which is neither this system worker's nor the server's"
    )]
    OtherOwner {
        /// The instance.
        id: VersionId,
        /// Where it runs.
        queue: String,
    },
    /// The version was handed back.
    #[error("{0} was released: `wci adopt {0}` takes it over all the same")]
    Released(VersionId),
    /// The server does not know the version yet, or it has no compute config.
    #[error("{0} has no compute config yet")]
    NoComputeConfig(VersionId),
    /// A change of the compute config is not answered yet.
    #[error("{0} is being changed right now: try again when the change is answered")]
    UpdateInProgress(VersionId),
    /// Our system worker could not start the version's workers.
    #[error("{id} is left to the server's controller, wci could not start its workers: {why}")]
    CannotStartWorkers {
        /// The instance.
        id: VersionId,
        /// The words of the check.
        why: String,
    },
    /// Something went wrong on the way.
    #[error("{0}")]
    Control(#[from] ControlError),
}
