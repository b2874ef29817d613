//! Summaries of timers that the readers of a history recognise. Histories hold them, so they do
//! not change.

/// The instance decides again when the timer fires. Without a compute config, it completes.
pub const DECIDE_AGAIN: &str = "ask again";
/// The run waits this long for its launches to end before it continues as new.
pub const WAIT_FOR_LAUNCHES: &str = "wait for launches to end";
/// The instance notifies the version's workflow again when the timer fires.
pub const NOTIFY_AGAIN: &str = "tell the version again";
