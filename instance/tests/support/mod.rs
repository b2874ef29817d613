//! A model of what the instance workflow does around the instance core.

pub(crate) mod carry_out;
pub(crate) mod decider;
pub(crate) mod driver;
pub(crate) mod hand_over;
pub(crate) mod invariants;
pub(crate) mod ledger;
pub(crate) mod outbox;
pub(crate) mod report;
pub(crate) mod step;
pub(crate) mod updates;
