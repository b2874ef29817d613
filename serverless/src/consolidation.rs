//! When a worker leaves although it has tasks, because the others suffice.

use crate::error::Error;
use std::{ops::RangeInclusive, time::Duration};

/// The shares of waiting tasks that can be set, in percent.
pub(crate) const WAIT_PERCENT: RangeInclusive<usize> = 1..=50;
/// The shortest interval between two looks, in milliseconds: what the server is spared.
pub(crate) const MIN_INTERVAL_MS: u64 = 1_000;

/// When a worker leaves although it has tasks, because the others suffice.
///
/// Temporal hands a task to the poller that has waited longest. Under steady traffic every worker
/// therefore gets a task now and then, and none becomes idle, however many there are. With
/// consolidation, each worker looks now and then at the server's list of workers, and the oldest
/// ones leave that the load does not need ([`LeaveReason::Surplus`](crate::LeaveReason::Surplus)).
///
/// It applies to workers that have a deadline and an idle timeout: to those that something starts
/// again when there is work. It needs heartbeats, a server that lists workers, and the permission
/// to read the list. Without them the worker stays until it is idle or its deadline approaches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Consolidation {
    /// The share of tasks in percent that may find no free slot among the workers that stay, if
    /// tasks arrive independently of each other; 10 by default, from 1 to 50. More is cheaper and
    /// lets more tasks wait.
    pub wait_percent: u8,
    /// How long a worker polls before it may leave; 5 s by default.
    pub min_life: Duration,
    /// The mean interval between two looks at the list while there are few workers; 5 s by
    /// default, at least 1 s. Each listed worker adds to it: together they look once a second.
    pub interval: Duration,
}

impl Default for Consolidation {
    fn default() -> Self {
        Self {
            wait_percent: 10,
            min_life: Duration::from_secs(5),
            interval: Duration::from_secs(5),
        }
    }
}

impl Consolidation {
    /// The share of tasks that may find no free slot.
    pub(crate) fn wait_share(self) -> f64 {
        f64::from(self.wait_percent) / 100.0
    }

    /// Checks the values that the program set.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        if !WAIT_PERCENT.contains(&usize::from(self.wait_percent)) {
            return Err(Error::OutOfRange {
                what: "the share of waiting tasks",
                value: format!("{} percent", self.wait_percent),
                remedy: "choose a number from 1 to 50, or turn consolidation off".to_owned(),
            });
        }
        if self.interval < Duration::from_millis(MIN_INTERVAL_MS) {
            return Err(Error::OutOfRange {
                what: "the interval of consolidation",
                value: format!("{} ms", self.interval.as_millis()),
                remedy: format!("choose a time from {MIN_INTERVAL_MS} ms"),
            });
        }
        Ok(self)
    }
}
