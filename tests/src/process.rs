//! Processes that are killed with the test that started them.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::wait_for;

/// A process; killed when it is dropped. Its output goes to a file.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, which appends to `log`.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let file = OpenOptions::new().create(true).append(true).open(log).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(File::try_clone(&file).unwrap())
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        Self { child, log: log.to_owned() }
    }

    /// Its process ID.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Its output so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Kills it, as a crash would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let status = self.child.wait().unwrap();
        assert!(status.signal().is_some() || status.code().is_some());
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        kill(self.as_pid(), Signal::SIGTERM).unwrap();
    }

    /// Sends SIGSTOP: it does nothing until it is killed or resumed.
    pub fn freeze(&self) {
        kill(self.as_pid(), Signal::SIGSTOP).unwrap();
    }

    /// Resumes it after [`Process::freeze`].
    pub fn thaw(&self) {
        kill(self.as_pid(), Signal::SIGCONT).unwrap();
    }

    /// Waits until it has exited.
    pub async fn exited(&mut self, limit: Duration) -> ExitStatus {
        let name = self.log.display().to_string();
        wait_for(&format!("the process of {name} to exit"), limit, async || {
            self.child.try_wait().unwrap()
        })
        .await
    }

    /// Sends SIGTERM and waits until it has exited, for at most `limit`.
    pub(crate) fn terminate_and_wait(&mut self, limit: Duration) {
        let began = Instant::now();
        let _ = kill(self.as_pid(), Signal::SIGTERM);
        while self.is_running() && began.elapsed() < limit {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn as_pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
