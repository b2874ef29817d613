//! Starting one worker process by way of its shepherd.

use std::{
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tokio::process::{Child, ChildStdout, Command};
use wci_contract::FailureClass;

use super::{claims, environment::WorkerVariables, lines::Lines, plan::Plan, remains, trouble};
use crate::{
    Shepherd,
    record::{self, Record, State},
    shepherd::{Arguments, Report, Term},
};

/// A shepherd starts within milliseconds, unless the machine is in trouble.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A worker process that runs, and its shepherd.
pub(super) struct Worker {
    /// The process.
    pub(super) pid: i32,
    child: Child,
    lines: Lines<ChildStdout>,
    record: PathBuf,
}

/// What came of starting a worker process.
pub(super) enum Start {
    /// It runs.
    Running(Box<Worker>),
    /// Another attempt started it.
    Elsewhere,
    /// It does not run.
    Failed(FailureClass, String),
}

/// Starts a shepherd for the claimed `record`. An error is about the shepherd, not the worker.
pub(super) fn spawn(
    shepherd: &Shepherd,
    plan: &Plan,
    record: &Path,
    variables: &WorkerVariables<'_>,
    term: Term,
) -> io::Result<Child> {
    let arguments = Arguments {
        record: record.to_owned(),
        term,
        program: plan.program.clone(),
        args: plan.args.clone(),
    };
    let mut command = Command::new(&shepherd.program);
    command
        .args(&shepherd.args)
        .args(arguments.to_args())
        .env_clear()
        .envs(&plan.env)
        .envs(plan.secrets.iter().map(|(name, secret)| (name, secret.reveal())))
        .envs(variables.pairs())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // What a terminal sends to the system worker is not for the workers.
        .process_group(0);
    if let Some(dir) = &plan.working_directory {
        command.current_dir(dir);
    }
    command.spawn()
}

/// Waits for the shepherd's report.
pub(super) async fn shake_hands(mut child: Child, record: PathBuf) -> Start {
    let Some(stdout) = child.stdout.take() else {
        return Start::Failed(FailureClass::Internal, "the shepherd has no output".to_owned());
    };
    let mut lines = Lines::new(stdout);
    let line = tokio::time::timeout(TIMEOUT, lines.next()).await;
    let report = line.ok().and_then(Result::ok).flatten().and_then(|line| Report::parse(&line));
    match report {
        Some(Report::Started(pid)) => {
            Start::Running(Box::new(Worker { pid, child, lines, record }))
        }
        Some(Report::Taken) => Start::Elsewhere,
        Some(Report::Failed { errno, message }) => {
            Start::Failed(trouble::class(&io::Error::from_raw_os_error(errno)), message)
        }
        None => {
            give_up(child, &record).await;
            let message = "the shepherd of a worker process did not report in time";
            Start::Failed(FailureClass::Unavailable, message.to_owned())
        }
    }
}

impl Worker {
    /// The next line that the process writes; `None` when it is gone.
    pub(super) async fn next_line(&mut self) -> Option<String> {
        self.lines.next().await.ok().flatten()
    }

    /// Waits until the shepherd is gone too. Answers with what it noted.
    pub(super) async fn ended(mut self) -> Option<Record> {
        let _ = self.child.wait().await;
        let noted = noted(&self.record);
        if let Some(record) = &noted {
            remains::end(record);
        }
        noted
    }
}

/// Ends a shepherd that does not report, and whatever it may have started.
async fn give_up(mut child: Child, path: &Path) {
    let _ = child.kill().await;
    if let Some(record) = noted(path) {
        remains::end(&record);
    }
    claims::release(path);
}

fn noted(path: &Path) -> Option<Record> {
    match record::state(path) {
        Ok(State::Over(record)) => record,
        _ => None,
    }
}
