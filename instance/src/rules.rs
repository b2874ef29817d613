//! The rules that differ between revisions of the workflow.

/// Which rules the run follows: those of the build that began it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rules {
    /// Registration waits for its next attempt, whoever asks; the server hears nothing of it. A
    /// decision under way sets the size of a worker set even while all sets are released.
    Fourth,
    /// Registration is attempted at once when tasks are announced or somebody applies again, and
    /// the version's validation status tells of what keeps workers from running.
    #[default]
    Fifth,
}
