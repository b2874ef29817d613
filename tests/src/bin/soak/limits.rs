//! What must hold at every sample.

/// Workers of one version at a time, as its spec says.
pub(crate) const MAX_WORKERS: u64 = 6;
/// A worker that registers task queues does not count against the maximum.
pub(crate) const REGISTERING: usize = 1;
/// Resident memory of the system worker: the limit in the deployment manifest, kB.
pub(crate) const MAX_RESIDENT_KB: usize = 256 * 1024;
/// Open files of the system worker.
pub(crate) const MAX_FILES: usize = 400;
/// Events of one run of an instance: it continues as new well before the server's limit.
pub(crate) const MAX_HISTORY: i64 = 10_000;
