//! Which rules a run goes by. A run that an older build began is finished by the rules that it
//! began with, so that its history can be replayed.

use temporalio_workflow::WorkflowContext;

use crate::Instance;

/// The patch that marks runs of [`Revision::Second`].
const SECOND: &str = "wci-revision-2";

/// The rules of a run, oldest first: what a later one adds asks `revision >= Revision::…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Revision {
    /// As recorded in `replay-histories/v1`.
    First,
    /// Checks the compute config from time to time, and tells the version workflow about it.
    Second,
}

/// The revision that the run goes by. The first to ask leaves a marker in the history, so ask
/// only where the rules differ.
pub(crate) fn revision(ctx: &WorkflowContext<Instance>) -> Revision {
    if ctx.patched(SECOND) { Revision::Second } else { Revision::First }
}
