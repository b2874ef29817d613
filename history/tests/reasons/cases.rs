//! The decisions, their sentences, and what makes the sentences true.

mod failures;
mod limits;
mod others;
mod tasks;
mod unknown;

use wci_contract::decision::Decision;

use crate::support::{NOW, size, started};

/// A decision that gives a reason.
pub(crate) struct Case {
    pub(crate) reason: &'static str,
    pub(crate) decision: Decision,
    pub(crate) says: &'static str,
    /// Whether the decision does what the sentence claims.
    pub(crate) holds: fn(&Decision) -> bool,
}

fn case(
    reason: &'static str,
    decision: Decision,
    says: &'static str,
    holds: fn(&Decision) -> bool,
) -> Case {
    Case { reason, decision, says, holds }
}

/// The sentence claims nothing about actions.
const ANY: fn(&Decision) -> bool = |_| true;
const STARTS_NONE: fn(&Decision) -> bool = |decision| started(decision) == 0;
const KEEPS_SIZE: fn(&Decision) -> bool = |decision| size(decision).is_none();

/// Whether the decision starts nothing, and the next one follows after this time.
fn waits(decision: &Decision, since_ms: i64, wait_ms: i64) -> bool {
    decision.actions.is_empty() && decision.wake_at_ms == Some(NOW + since_ms + wait_ms)
}

pub(crate) fn cases() -> Vec<Case> {
    let all = [
        tasks::tasks(),
        tasks::covered(),
        limits::limits(),
        limits::absence(),
        failures::failures(),
        others::no_sync(),
        others::rate_based(),
        unknown::unknown(),
    ];
    all.into_iter().flatten().collect()
}
