//! What worker processes write and how they end, in our log.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    record::{Exit, Record},
    scrub::scrub,
    secret::Secret,
};

const WINDOW: Duration = Duration::from_secs(60);
const LINES_IN_WINDOW: u32 = 1000;

/// The log of one worker process.
pub(super) struct WorkerLog {
    launch_id: String,
    pid: i32,
    /// What the process was given and must not appear, as far as it prints it unchanged.
    secrets: Arc<BTreeMap<String, Secret>>,
    since: Instant,
    lines: u32,
}

/// Whether one more line may be logged.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Log,
    LogNoticeInstead,
    Drop,
}

impl WorkerLog {
    /// The log of a process that has these secrets.
    pub(super) fn new(launch_id: String, secrets: Arc<BTreeMap<String, Secret>>) -> Self {
        Self { launch_id, pid: 0, secrets, since: Instant::now(), lines: 0 }
    }

    /// The process is `pid`.
    pub(super) fn is_of(&mut self, pid: i32) {
        self.pid = pid;
    }

    /// The process wrote a line.
    pub(super) fn line(&mut self, line: &str) {
        match self.budget(Instant::now()) {
            Verdict::Log => self.write(line),
            Verdict::LogNoticeInstead => self.notice(),
            Verdict::Drop => {}
        }
    }

    /// The process is gone. `record` says how, if its shepherd could note it.
    pub(super) fn ended(&self, record: Option<Record>) {
        let (launch_id, pid) = (&self.launch_id, self.pid);
        match record.and_then(|record| record.exit) {
            Some(Exit { code: Some(0), overdue, .. }) => {
                tracing::info!(%launch_id, pid, overdue, "worker process ended");
            }
            Some(Exit { code, signal, overdue }) => {
                tracing::warn!(%launch_id, pid, code, signal, overdue, "worker process failed");
            }
            None => tracing::warn!(%launch_id, pid, "the shepherd of a worker process is gone"),
        }
    }

    fn write(&self, line: &str) {
        let (launch_id, pid) = (&self.launch_id, self.pid);
        let line = self.secrets.values().fold(line.to_owned(), |line, secret| secret.hide(&line));
        tracing::info!(target: "wci::worker_process", %launch_id, pid, "{}", scrub(&line));
    }

    fn notice(&self) {
        let (launch_id, pid) = (&self.launch_id, self.pid);
        tracing::warn!(
            %launch_id,
            pid,
            "worker process writes more than {LINES_IN_WINDOW} lines a minute: \
             the rest of this minute is dropped"
        );
    }

    fn budget(&mut self, now: Instant) -> Verdict {
        if now.duration_since(self.since) >= WINDOW {
            (self.since, self.lines) = (now, 0);
        }
        self.lines = self.lines.saturating_add(1);
        match self.lines {
            0..=LINES_IN_WINDOW => Verdict::Log,
            count if count == LINES_IN_WINDOW + 1 => Verdict::LogNoticeInstead,
            _ => Verdict::Drop,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_noticed_once_a_minute() {
        let mut log = WorkerLog::new("l".to_owned(), Arc::default());
        let start = Instant::now();
        let mut count = |now: Instant, verdict: Verdict| {
            (0..3000).filter(|_| log.budget(now) == verdict).count()
        };
        assert_eq!(count(start, Verdict::Log), 1000);
        assert_eq!(count(start, Verdict::LogNoticeInstead), 0);
        assert_eq!(count(start + WINDOW, Verdict::LogNoticeInstead), 1);
    }
}
