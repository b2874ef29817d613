//! The programs of the benchmark.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

/// The paths of the programs.
#[derive(Clone)]
pub(crate) struct Programs {
    pub(crate) wci: PathBuf,
    pub(crate) greeter: PathBuf,
    pub(crate) temporal: PathBuf,
}

impl Programs {
    pub(crate) fn find() -> anyhow::Result<Self> {
        let beside = |name| env::current_exe().map(|path| path.with_file_name(name));
        let temporal = env::var_os("WCI_TEMPORAL_CLI").map(PathBuf::from);
        Ok(Self {
            wci: beside("wci")?,
            greeter: beside("greeter")?,
            temporal: temporal.context("WCI_TEMPORAL_CLI names no Temporal CLI: run make bench")?,
        })
    }
}

/// Runs a command until it succeeds, for at most a minute: a server or worker may still be
/// starting.
pub(crate) async fn run_with_retries(program: &Path, args: &[&str]) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null());
        let done = tokio::process::Command::from(command).output().await?;
        if done.status.success() {
            return Ok(());
        }
        if began.elapsed() > Duration::from_secs(60) {
            bail!("{args:?}: {}", String::from_utf8_lossy(&done.stderr).trim());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
