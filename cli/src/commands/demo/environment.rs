//! The environment of the load: server, system worker and an applied version.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, bail};
use serde_json::json;
use tempfile::TempDir;
use temporalio_client::Client;
use tokio::process::Command;
use wci_contract::VersionId;

use super::{
    child::Child, observer::Observer, programs::Programs, progress::ProgressDisplay,
    server::Server, wait_for::wait_for,
};
use crate::connection;

/// The deployment, the build and the task queue of the demo.
pub(super) const DEPLOYMENT: &str = "greeter";
const BUILD: &str = "v1";
pub(super) const TASK_QUEUE: &str = "greeter";
/// Concurrent tasks of a worker, and its idle timeout: both small, to make scaling visible.
const SLOTS: &str = "5";
const IDLE_TIMEOUT_MS: &str = "1000";
const READY_LIMIT: Duration = Duration::from_secs(60);

/// The running environment.
pub(super) struct Environment {
    pub(super) client: Client,
    pub(super) instance: VersionId,
    pub(super) server: Server,
    pub(super) observer: Observer,
    worker: Child,
    dir: Option<TempDir>,
}

impl Environment {
    /// Starts it and waits until the version's task queues are registered and no worker is alive.
    pub(super) async fn start(
        programs: &Programs,
        progress: &ProgressDisplay,
        with_ui: bool,
    ) -> anyhow::Result<Self> {
        let dir = tempfile::Builder::new().prefix("wci-demo-").tempdir()?;
        progress.step("starting a Temporal dev server");
        let server = Server::start(&programs.temporal, dir.path(), with_ui).await?;
        progress.step("starting the system worker");
        let worker = start_worker(programs, &server.address, dir.path())?;
        let client = connection::client(server.connection.clone(), "default")?;
        let instance = VersionId::new(DEPLOYMENT, BUILD)?;
        let observer = Observer::new(client.clone(), instance.clone(), run_dir(dir.path()));
        let mut environment = Self { client, instance, server, observer, worker, dir: Some(dir) };
        if let Err(error) = environment.prepare(programs, progress).await {
            progress.note(&format!(
                "the logs of this run are in {}",
                environment.keep_logs().display()
            ));
            environment.stop().await;
            return Err(error);
        }
        Ok(environment)
    }

    async fn prepare(
        &mut self,
        programs: &Programs,
        progress: &ProgressDisplay,
    ) -> anyhow::Result<()> {
        let Self { observer, worker, server, dir, .. } = self;
        wait_for("the system worker", READY_LIMIT, async || {
            worker.check()?;
            observer.is_polled().await
        })
        .await?;
        progress.step("applying a version of the example worker and setting it as current");
        let folder = dir.as_ref().map(TempDir::path).unwrap_or(Path::new("."));
        apply(programs, &server.address, folder).await?;
        progress.step("waiting for its task queue to be registered and its worker to exit");
        wait_for("the version's task queues", READY_LIMIT, async || observer.is_registered().await)
            .await?;
        wait_for("the worker that registered them to exit", READY_LIMIT, async || {
            Ok((observer.live_workers() == 0).then_some(()))
        })
        .await
    }

    /// Keeps the folder with the logs and returns its path.
    pub(super) fn keep_logs(&mut self) -> PathBuf {
        self.dir.take().map(TempDir::keep).unwrap_or_default()
    }

    /// Stops what was started. Live workers exit by their deadline.
    pub(super) async fn stop(&mut self) {
        self.worker.stop(Duration::from_secs(5)).await;
        self.server.process.stop(Duration::from_secs(5)).await;
    }
}

fn run_dir(dir: &Path) -> PathBuf {
    dir.join("run")
}

fn start_worker(programs: &Programs, address: &str, dir: &Path) -> anyhow::Result<Child> {
    let allowed = format!("greeter={}", programs.worker.display());
    let run_dir = run_dir(dir).display().to_string();
    let args = [
        "worker",
        "--address",
        address,
        "-n",
        "default",
        "--enable-provider",
        "subprocess",
        "--allow-command",
        &allowed,
        "--run-dir",
        &run_dir,
    ];
    Child::start("worker", &programs.wci, &args.map(Into::into), dir)
}

/// Applies the version as a user would: with `wci apply` and a spec file.
async fn apply(programs: &Programs, address: &str, dir: &Path) -> anyhow::Result<()> {
    let spec = dir.join("greeter.yaml");
    // JSON is YAML.
    let content = json!({
        "deployment": DEPLOYMENT,
        "build_id": BUILD,
        "groups": {"default": {"provider": {
            "type": "subprocess",
            "command": "greeter",
            "lifetime_ms": 120_000,
            "env": {
                "TEMPORAL_SERVERLESS_ACTIVITY_SLOTS": SLOTS,
                "TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS": IDLE_TIMEOUT_MS,
            },
        }}},
    });
    std::fs::write(&spec, serde_json::to_vec_pretty(&content)?)?;
    let done = Command::new(&programs.wci)
        .args(["apply", "--address", address, "-n", "default", "--set-current", "-f"])
        .arg(&spec)
        .stdin(Stdio::null())
        .output()
        .await
        .context("cannot run wci apply")?;
    if !done.status.success() {
        bail!("wci apply failed: {}", String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(())
}
