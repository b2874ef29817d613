//! One server with two versions: one served by `wci`, one by the controller in the server.

use std::{
    env,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, tonic::IntoRequest};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest;

use crate::{process::Process, stand_in::StandIn};

/// The deployment served by `wci`, its function and its task queue.
pub(crate) const OURS: &str = "ours";
/// Served by `wci` as well, and never given a task.
pub(crate) const IDLE: &str = "idle";
/// The same for the controller in the server.
pub(crate) const BUILTIN: &str = "builtin";

/// Where the programs are.
#[derive(Clone)]
pub(crate) struct Programs {
    pub(crate) wci: PathBuf,
    greeter: PathBuf,
    temporal: PathBuf,
}

/// Everything that the cases need.
pub(crate) struct Stage {
    pub(crate) client: Client,
    pub(crate) stand_in: StandIn,
    pub(crate) worker: Process,
    pub(crate) programs: Programs,
    _server: Process,
    _dir: TempDir,
}

impl Stage {
    pub(crate) async fn build() -> anyhow::Result<Self> {
        let programs = Programs::find()?;
        let dir = tempfile::Builder::new().prefix("wci-bench-").tempdir()?;
        let stand_in = StandIn::start().await?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let aws = aws(&stand_in.url);
        let server = start_server(&programs, port, &aws, dir.path())?;
        let client = connect(&address).await?;
        let mut worker = Command::new(&programs.wci);
        worker.args(["worker", "--address", &address, "--aws-allow-no-role"]).envs(aws.clone());
        let worker = Process::start(&mut worker, &dir.path().join("worker.log"))?;
        let stage = Self { client, stand_in, worker, programs, _server: server, _dir: dir };
        stage.create_versions(&address)?;
        Ok(stage)
    }

    fn create_versions(&self, address: &str) -> anyhow::Result<()> {
        for deployment in [OURS, IDLE] {
            let spec = self._dir.path().join(format!("{deployment}.yaml"));
            std::fs::write(&spec, spec_of(deployment))?;
            let spec = spec.display().to_string();
            patiently(&self.programs.wci, &["apply", "--address", address, "-f", &spec])?;
        }
        patiently(
            &self.programs.temporal,
            &["worker", "deployment", "create", "--address", address, "--name", BUILTIN],
        )?;
        patiently(
            &self.programs.temporal,
            &[
                "worker",
                "deployment",
                "create-version",
                "--address",
                address,
                "--deployment-name",
                BUILTIN,
                "--build-id",
                "v1",
                "--aws-lambda-function-arn",
                &arn(BUILTIN),
                "--aws-lambda-skip-role-and-external-id",
            ],
        )?;
        for deployment in [OURS, BUILTIN] {
            self.register(deployment, address)?;
            patiently(
                &self.programs.temporal,
                &[
                    "worker",
                    "deployment",
                    "set-current-version",
                    "--address",
                    address,
                    "--deployment-name",
                    deployment,
                    "--build-id",
                    "v1",
                    "--yes",
                ],
            )?;
        }
        Ok(())
    }

    /// A worker polls once, so that the server knows the version's task queue.
    fn register(&self, deployment: &str, address: &str) -> anyhow::Result<()> {
        let done = Command::new(&self.programs.greeter)
            .env("TEMPORAL_ADDRESS", address)
            .env("TEMPORAL_DEPLOYMENT_NAME", deployment)
            .env("TEMPORAL_WORKER_BUILD_ID", "v1")
            .env("TEMPORAL_TASK_QUEUE", deployment)
            .env("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "1000")
            .stderr(Stdio::null())
            .status()?;
        ensure!(done.success(), "the worker that registers {deployment} failed");
        Ok(())
    }
}

impl Programs {
    fn find() -> anyhow::Result<Self> {
        let beside = |name| env::current_exe().map(|path| path.with_file_name(name));
        let temporal = env::var_os("WCI_TEMPORAL_CLI").map(PathBuf::from);
        Ok(Self {
            wci: beside("wci")?,
            greeter: beside("greeter")?,
            temporal: temporal.context("WCI_TEMPORAL_CLI names no Temporal CLI: run make bench")?,
        })
    }
}

fn spec_of(deployment: &str) -> String {
    format!(
        "deployment: {deployment}\nbuild_id: v1\ngroups:\n  default:\n    provider:\n      \
         type: aws-lambda\n      arn: {}\n",
        arn(deployment)
    )
}

fn arn(function: &str) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:function:{function}:1")
}

fn aws(url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ENDPOINT_URL", url.to_owned()),
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "example".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
    ]
}

fn start_server(
    programs: &Programs,
    port: u16,
    aws: &[(&'static str, String)],
    dir: &Path,
) -> anyhow::Result<Process> {
    let mut server = Command::new(&programs.temporal);
    server
        .args(["server", "start-dev", "--headless", "--log-level", "error", "--port"])
        .arg(port.to_string())
        .args(["--dynamic-config-value", "workercontroller.enabled=true"])
        .args([
            "--dynamic-config-value",
            "workercontroller.compute_providers.aws.require_role_and_external_id=false",
        ])
        .args([
            "--dynamic-config-value",
            r#"workercontroller.compute_providers.enabled=["aws-lambda"]"#,
        ])
        .envs(aws.iter().cloned());
    Process::start(&mut server, &dir.join("server.log"))
}

async fn connect(address: &str) -> anyhow::Result<Client> {
    let began = Instant::now();
    loop {
        match try_connect(address).await {
            Ok(client) => return Ok(client),
            Err(error) if began.elapsed() > Duration::from_secs(60) => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn try_connect(address: &str) -> anyhow::Result<Client> {
    let options = ConnectionOptions::new(format!("http://{address}").parse::<url::Url>()?);
    let connection = Connection::connect(options.identity("bench".to_owned()).build()).await?;
    let request = DescribeNamespaceRequest { namespace: "default".into(), ..Default::default() };
    connection.workflow_service().describe_namespace(request.into_request()).await?;
    Ok(Client::new(connection, ClientOptions::new("default").build())?)
}

/// Runs a command until it succeeds, for a while: what it needs may still be starting.
fn patiently(program: &Path, args: &[&str]) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        let done = Command::new(program).args(args).stdin(Stdio::null()).output()?;
        if done.status.success() {
            return Ok(());
        }
        if began.elapsed() > Duration::from_secs(30) {
            bail!("{args:?}: {}", String::from_utf8_lossy(&done.stderr).trim());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}
