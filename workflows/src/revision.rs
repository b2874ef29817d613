//! Which rules a run goes by. A run that an older build began is finished by the rules that it
//! began with, so that its history can be replayed.

use temporalio_workflow::WorkflowContext;

use crate::Instance;

/// The rules of a run, oldest first. Those of the first have no name: they are what is left when
/// a run knows of no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Revision {
    /// Checks the compute config from time to time, and tells the version workflow about it.
    Second,
    /// Outlives its last group, so that a client that adds one again reaches it.
    Third,
}

impl Revision {
    /// The patch that marks runs which go by it.
    fn patch(self) -> &'static str {
        match self {
            Self::Second => "wci-revision-2",
            Self::Third => "wci-revision-3",
        }
    }
}

/// Whether the run goes by what `revision` added. The first to ask leaves a marker in the
/// history, so ask only where the rules differ.
pub(crate) fn follows(ctx: &WorkflowContext<Instance>, revision: Revision) -> bool {
    ctx.patched(revision.patch())
}
