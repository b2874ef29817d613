//! Starting one worker process through its supervisor, and following it until it exits.

use std::{
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::process::{Child, ChildStdout, Command};
use wci_contract::FailureClass;

use super::{
    environment::WorkerVariables, launch_records, lines::Lines, orphan, os_error,
    process_spec::ProcessSpec, worker_exit::WorkerExit, worker_log::WorkerLog,
};
use crate::{
    SupervisorProgram,
    record::{self, Record, RecordState},
    supervisor::{Arguments, Lifetime, Report},
};

/// A supervisor reports within milliseconds, unless the machine is overloaded.
const REPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// A running worker process and its supervisor.
pub(super) struct WorkerProcess {
    pid: i32,
    supervisor: Child,
    lines: Lines<ChildStdout>,
    record: PathBuf,
}

/// The result of starting a worker process.
pub(super) enum StartResult {
    /// It runs.
    Running(Box<WorkerProcess>),
    /// Another attempt has started it.
    StartedElsewhere,
    /// It does not run.
    Failed(FailureClass, String),
}

/// Starts a supervisor for the claimed `record`. An error concerns the supervisor, not the worker.
pub(super) fn spawn_supervisor(
    program: &SupervisorProgram,
    spec: &ProcessSpec,
    record: &Path,
    variables: &WorkerVariables<'_>,
    lifetime: Lifetime,
) -> io::Result<Child> {
    let arguments = Arguments {
        record: record.to_owned(),
        lifetime,
        program: spec.program.clone(),
        args: spec.args.clone(),
    };
    let mut command = Command::new(&program.program);
    command
        .args(&program.args)
        .args(arguments.to_args())
        .env_clear()
        .envs(&spec.env)
        .envs(spec.secrets.iter().map(|(name, secret)| (name, secret.reveal())))
        .envs(variables.pairs())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // Signals from a terminal are meant for the system worker only.
        .process_group(0);
    if let Some(dir) = &spec.working_directory {
        command.current_dir(dir);
    }
    command.spawn()
}

/// Waits until the supervisor has reported whether the worker runs.
pub(super) async fn await_start(mut supervisor: Child, record: PathBuf) -> StartResult {
    let Some(stdout) = supervisor.stdout.take() else {
        let message = "the supervisor of a worker process has no standard output";
        return StartResult::Failed(FailureClass::Internal, message.to_owned());
    };
    let mut lines = Lines::new(stdout);
    let line = tokio::time::timeout(REPORT_TIMEOUT, lines.next()).await;
    let report = line.ok().and_then(Result::ok).flatten().and_then(|line| Report::parse(&line));
    match report {
        Some(Report::Started(pid)) => {
            StartResult::Running(Box::new(WorkerProcess { pid, supervisor, lines, record }))
        }
        Some(Report::Taken) => StartResult::StartedElsewhere,
        Some(Report::Failed { errno, message }) => {
            let class = os_error::failure_class(&io::Error::from_raw_os_error(errno));
            StartResult::Failed(class, message)
        }
        None => {
            give_up(supervisor, &record).await;
            let seconds = REPORT_TIMEOUT.as_secs();
            let message =
                format!("the supervisor of a worker process did not report within {seconds} s");
            StartResult::Failed(FailureClass::Unavailable, message)
        }
    }
}

impl WorkerProcess {
    /// Logs the output of the process until it and its supervisor have exited. Returns how it
    /// exited.
    pub(super) async fn log_until_exit(mut self, mut log: WorkerLog) -> WorkerExit {
        log.set_pid(self.pid);
        while let Ok(Some(line)) = self.lines.next().await {
            log.log_line(&line);
        }
        let _ = self.supervisor.wait().await;
        let record = final_record(&self.record);
        if let Some(record) = &record {
            orphan::kill(record);
        }
        log.log_exit(record)
    }
}

/// Kills a supervisor that does not report, and any worker that it has started.
async fn give_up(mut supervisor: Child, path: &Path) {
    let _ = supervisor.kill().await;
    if let Some(record) = final_record(path) {
        orphan::kill(&record);
    }
    launch_records::release(path);
}

/// The record that a supervisor left, if it is gone.
fn final_record(path: &Path) -> Option<Record> {
    match record::state(path) {
        Ok(RecordState::Ended(record)) => record,
        _ => None,
    }
}
