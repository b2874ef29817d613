//! What this process remembers about each version.

pub(crate) mod known_queues;
pub(crate) mod quiet_periods;
pub(crate) mod recent_launches;
pub(crate) mod watch_leases;
