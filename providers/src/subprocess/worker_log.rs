//! Logging the output and the exit of worker processes.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use wci_contract::limits::cut;

use super::{
    output_budget::OutputBudget,
    worker_exit::{FailedExit, WorkerExit},
};
use crate::{
    record::{Exit, Record},
    scrub::scrub,
    secret::Secret,
};

const WINDOW: Duration = Duration::from_secs(60);
const LINES_IN_WINDOW: u32 = 1000;
/// Bytes of the last line that are kept.
const MAX_LAST_LINE: usize = 300;

/// The log of one worker process.
pub(super) struct WorkerLog {
    launch_id: String,
    pid: i32,
    /// The secrets of the process, which are removed from its output where it prints them
    /// unchanged.
    secrets: Arc<BTreeMap<String, Secret>>,
    /// What the processes of the namespace may write.
    output: Arc<OutputBudget>,
    window_start: Instant,
    window_lines: u32,
    /// The last line that is not empty, without secrets.
    last_line: String,
}

/// What to do with one more line.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Log,
    LogDropping,
    Drop,
}

impl WorkerLog {
    /// The log of a process that has these secrets.
    pub(super) fn new(
        launch_id: String,
        secrets: Arc<BTreeMap<String, Secret>>,
        output: Arc<OutputBudget>,
    ) -> Self {
        Self {
            launch_id,
            pid: 0,
            secrets,
            output,
            window_start: Instant::now(),
            window_lines: 0,
            last_line: String::new(),
        }
    }

    /// The launch that the process belongs to.
    pub(super) fn launch_id(&self) -> &str {
        &self.launch_id
    }

    /// Sets the ID of the process, once it is known.
    pub(super) fn set_pid(&mut self, pid: i32) {
        self.pid = pid;
    }

    /// Logs a line that the process wrote.
    pub(super) fn log_line(&mut self, line: &str) {
        let line = self.without_secrets(line);
        if !line.trim().is_empty() {
            cut(line.trim(), MAX_LAST_LINE).clone_into(&mut self.last_line);
        }
        match self.budget(Instant::now()) {
            Verdict::Log if self.output.admits(line.len()) => self.write(&line),
            Verdict::LogDropping => self.log_dropping(),
            Verdict::Log | Verdict::Drop => {}
        }
    }

    /// Logs that the process has exited. `record` says how, if its supervisor recorded it. Returns
    /// how it exited.
    pub(super) fn log_exit(&self, record: Option<Record>) -> WorkerExit {
        let (launch_id, pid) = (&self.launch_id, self.pid);
        match record.and_then(|record| record.exit) {
            Some(Exit { code: Some(0), overdue, .. }) => {
                tracing::info!(%launch_id, pid, overdue, "worker process exited");
                WorkerExit::Well
            }
            Some(Exit { code, signal, overdue }) => {
                tracing::warn!(%launch_id, pid, code, signal, overdue, "worker process failed");
                let last_line = self.last_line.clone();
                WorkerExit::Failed(FailedExit { code, signal, was_stopped: overdue, last_line })
            }
            None => {
                tracing::warn!(
                    %launch_id,
                    pid,
                    "the supervisor of a worker process ended without recording how the worker \
                     exited"
                );
                WorkerExit::Unknown
            }
        }
    }

    fn write(&self, line: &str) {
        let (launch_id, pid) = (&self.launch_id, self.pid);
        tracing::info!(target: "wci::worker_process", %launch_id, pid, "{line}");
    }

    fn without_secrets(&self, line: &str) -> String {
        let line = self.secrets.values().fold(line.to_owned(), |line, secret| secret.hide(&line));
        scrub(&line)
    }

    fn log_dropping(&self) {
        let (launch_id, pid) = (&self.launch_id, self.pid);
        tracing::warn!(
            %launch_id,
            pid,
            "worker process writes more than {LINES_IN_WINDOW} lines a minute: \
             dropping its output for the rest of this minute"
        );
    }

    fn budget(&mut self, now: Instant) -> Verdict {
        if now.duration_since(self.window_start) >= WINDOW {
            (self.window_start, self.window_lines) = (now, 0);
        }
        self.window_lines = self.window_lines.saturating_add(1);
        match self.window_lines {
            0..=LINES_IN_WINDOW => Verdict::Log,
            count if count == LINES_IN_WINDOW + 1 => Verdict::LogDropping,
            _ => Verdict::Drop,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::output_budget::OutputBudgets, *};

    #[test]
    fn a_flood_of_output_is_reported_once_a_minute() {
        let output = OutputBudgets::default().of("default", u64::MAX);
        let mut log = WorkerLog::new("l".to_owned(), Arc::default(), output);
        let start = Instant::now();
        let mut count = |now: Instant, verdict: Verdict| {
            (0..3000).filter(|_| log.budget(now) == verdict).count()
        };
        assert_eq!(count(start, Verdict::Log), 1000);
        assert_eq!(count(start, Verdict::LogDropping), 0);
        assert_eq!(count(start + WINDOW, Verdict::LogDropping), 1);
    }
}
