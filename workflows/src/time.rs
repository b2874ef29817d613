//! Workflow time as numbers.

use std::time::{SystemTime, UNIX_EPOCH};

use temporalio_workflow::WorkflowContext;
use wci_contract::state::Timestamp;

use crate::Instance;

/// Workflow time in milliseconds since the Unix epoch.
pub(crate) fn now_ms(ctx: &WorkflowContext<Instance>) -> i64 {
    millis(ctx.workflow_time())
}

/// `time` in milliseconds since the Unix epoch; 0 for `None`.
pub(crate) fn millis(time: Option<SystemTime>) -> i64 {
    timestamp(time).as_millis()
}

/// `time` as seconds and nanoseconds.
pub(crate) fn timestamp(time: Option<SystemTime>) -> Timestamp {
    let since = time.and_then(|t| t.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    Timestamp {
        seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(since.subsec_nanos()).unwrap_or(0),
    }
}
