//! Summaries of workflows and timers that the readers of a history recognise.
//!
//! Summaries are for people, and a replay does not compare them, so that their words may change.
//! Histories hold the old ones: each purpose keeps all that were ever written, the present one
//! first.

/// The instance workflow's own summary is this, followed by its version.
pub const INSTANCE: &str = "starts workers for ";
/// The instance decides again when the timer fires. Without a compute config, it completes.
pub const DECIDE_AGAIN: [&str; 2] = ["wait for the next decision", "ask again"];
/// The run waits this long for its launches to end before it continues as new.
pub const WAIT_FOR_LAUNCHES: [&str; 1] = ["wait for launches to end"];
/// The instance notifies the version's workflow again when the timer fires.
pub const NOTIFY_AGAIN: [&str; 2] = ["wait to notify the version again", "tell the version again"];
