//! The testbed of all cases: one server, one stand-in for Lambda, one `wci worker`.

use std::{
    net::TcpListener,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, tonic::IntoRequest};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest;
use wci_contract::names;

use crate::{lambda::Lambda, process::Process, programs::Programs};

/// The processes and clients that the cases share.
pub(crate) struct Testbed {
    pub(crate) client: Client,
    pub(crate) lambda: Lambda,
    pub(crate) worker: Process,
    pub(crate) programs: Programs,
    pub(crate) address: String,
    _server: Process,
    pub(crate) dir: TempDir,
}

impl Testbed {
    pub(crate) async fn build() -> anyhow::Result<Self> {
        let programs = Programs::find()?;
        let dir = tempfile::Builder::new().prefix("wci-bench-").tempdir()?;
        let lambda = Lambda::start().await?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let aws = aws(&lambda.url);
        let server = start_server(&programs, port, &aws, dir.path())?;
        let client = connect(&address).await?;
        let worker = start_worker(&programs, &address, names::DEFAULT_TASK_QUEUE, aws, dir.path())?;
        Ok(Self { client, lambda, worker, programs, address, _server: server, dir })
    }

    /// Starts another `wci worker` on a task queue of its own.
    pub(crate) fn fresh_worker(&self, task_queue: &str) -> anyhow::Result<Process> {
        let aws = aws(&self.lambda.url);
        start_worker(&self.programs, &self.address, task_queue, aws, self.dir.path())
    }
}

/// The environment variables with which the AWS SDKs find the stand-in.
fn aws(url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ENDPOINT_URL", url.to_owned()),
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "example".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
    ]
}

fn start_worker(
    programs: &Programs,
    address: &str,
    task_queue: &str,
    aws: Vec<(&'static str, String)>,
    dir: &Path,
) -> anyhow::Result<Process> {
    let mut worker = Command::new(&programs.wci);
    worker
        .args(["worker", "--address", address, "--task-queue", task_queue])
        .args(["--aws-allow-no-role", "--max-instances", "5000"])
        .args(["--max-workers", "1000000", "--max-workers-per-minute", "1000000"])
        .envs(aws);
    Process::start(&mut worker, &dir.join(format!("{task_queue}.log")))
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
        .arg(port.to_string());
    let settings = [
        "workercontroller.enabled=true",
        "workercontroller.compute_providers.aws.require_role_and_external_id=false",
        r#"workercontroller.compute_providers.enabled=["aws-lambda"]"#,
        // So that no task is dispatched to a worker that shuts down.
        "frontend.enableCancelWorkerPollsOnShutdown=true",
    ];
    for setting in settings {
        server.args(["--dynamic-config-value", setting]);
    }
    server.envs(aws.iter().cloned());
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
