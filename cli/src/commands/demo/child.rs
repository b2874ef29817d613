//! Child processes of the demo, with their output in log files. They never outlive the demo.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::process::Command;

/// A process that the demo started.
pub(super) struct Child {
    name: &'static str,
    log: PathBuf,
    process: tokio::process::Child,
}

impl Child {
    /// Starts `program` in its own process group, so that Ctrl-C reaches only the demo, which stops it.
    pub(super) fn start(
        name: &'static str,
        program: &Path,
        args: &[String],
        logs: &Path,
    ) -> anyhow::Result<Self> {
        let log = logs.join(format!("{name}.log"));
        let file = File::create(&log)?;
        let process = Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Self { name, log, process })
    }

    /// Fails with the end of its log if the process has exited.
    pub(super) fn check(&mut self) -> anyhow::Result<()> {
        if let Some(status) = self.process.try_wait()? {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            let tail: Vec<&str> = log.lines().rev().take(5).collect();
            let tail: Vec<&str> = tail.into_iter().rev().collect();
            tail.iter().for_each(crate::output::note);
            bail!("{} exited ({status})", self.name);
        }
        Ok(())
    }

    /// Stops it with SIGTERM, and with SIGKILL after `grace`.
    pub(super) async fn stop(&mut self, grace: Duration) {
        if let Some(pid) = self.process.id().and_then(|id| i32::try_from(id).ok()) {
            // An error means that it has exited already.
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        if tokio::time::timeout(grace, self.process.wait()).await.is_err() {
            let _ = self.process.kill().await;
        }
    }
}
