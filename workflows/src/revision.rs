//! The revisions of the workflow. A run keeps to the revision that it began with, so that a newer
//! build can replay its history.

use temporalio_workflow::WorkflowContext;

use crate::Instance;

/// The revisions, oldest first. The first one has no variant: a run without patches follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Revision {
    /// Revalidates the compute config from time to time, and notifies the version's workflow.
    Second,
    /// Stays after its last group is removed, so that a client can add one again.
    Third,
    /// Registers task queues again after an attempt that came to no result.
    Fourth,
    /// Attempts a registration at once when somebody wants it, tells the version's workflow of
    /// workers that do not run, and notifies it until it knows.
    Fifth,
}

impl Revision {
    /// The patch that marks runs of this revision.
    fn patch(self) -> &'static str {
        match self {
            Self::Second => "wci-revision-2",
            Self::Third => "wci-revision-3",
            Self::Fourth => "wci-revision-4",
            Self::Fifth => "wci-revision-5",
        }
    }
}

/// Whether the run follows `revision`. The first call records a marker in the history, so call it
/// only where the revisions differ.
pub(crate) fn follows(ctx: &WorkflowContext<Instance>, revision: Revision) -> bool {
    ctx.patched(revision.patch())
}
