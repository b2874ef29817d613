//! A dev server on a free port.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use temporalio_client::{
    Client, ClientOptions, Connection, ConnectionOptions, Url, tonic::IntoRequest,
};
use temporalio_common::{
    data_converters::{DataConverter, DefaultPayloadCodec, PayloadConverter},
    protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest,
};
use wci_workflows::TypedFailures;

use crate::{Process, Programs, running::clean, wait_for};

/// Turns on the hook: matching signals instances about tasks.
const HOOK: &str = "workercontroller.enabled=true";
/// Cancels the polls of a worker that shuts down, so that no task is dispatched to it afterwards.
const CANCEL_POLLS: &str = "frontend.enableCancelWorkerPollsOnShutdown=true";
/// Allows the built-in controller to use Lambda functions without a role.
const CONTROLLER: [&str; 2] = [
    r#"workercontroller.compute_providers.enabled=["aws-lambda"]"#,
    "workercontroller.compute_providers.aws.require_role_and_external_id=false",
];
const START_LIMIT: Duration = Duration::from_secs(60);
/// The attempts to start: another process may take the free port first.
const ATTEMPTS: u32 = 5;

/// Settings of the server.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Whether it signals instances about tasks.
    pub hook: bool,
    /// Whether its built-in controller may start workers.
    pub controller: bool,
    /// Whether its data survives a restart.
    pub keeps_data: bool,
    /// Dynamic configuration, `key=value`.
    pub dynamic_config: Vec<String>,
    /// Namespaces besides `default`.
    pub namespaces: Vec<String>,
    /// Environment variables, with the AWS endpoint of its built-in controller.
    pub env: Vec<(String, String)>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            hook: true,
            controller: false,
            keeps_data: false,
            dynamic_config: Vec::new(),
            namespaces: Vec::new(),
            env: Vec::new(),
        }
    }
}

/// A dev server.
#[derive(Debug)]
pub struct Server {
    process: Process,
    temporal: PathBuf,
    args: Vec<String>,
    env: Vec<(String, String)>,
    log: PathBuf,
    /// Its address.
    pub address: String,
}

impl Server {
    /// Starts it and waits until it responds.
    pub async fn start(programs: &Programs, options: &ServerOptions, dir: &Path) -> Self {
        let log = dir.join("server.log");
        let temporal = &programs.temporal;
        for _ in 0..ATTEMPTS {
            let port = free_port();
            let address = format!("127.0.0.1:{port}");
            let args = arguments(options, port, dir);
            let env = options.env.clone();
            let process = spawn(temporal, &args, &env, &log);
            let (temporal, log) = (temporal.clone(), log.clone());
            let mut server = Self { process, temporal, args, env, log, address };
            if server.is_ready().await {
                return server;
            }
        }
        panic!("the dev server does not start:\n{}", fs::read_to_string(log).unwrap_or_default());
    }

    /// A client of the namespace `default` that keeps the types of failures.
    pub async fn client(&self) -> Client {
        client(&self.address).await.expect("the server responds")
    }

    /// Kills it, as a crash would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Sends SIGSTOP: it keeps its connections and does not respond.
    pub fn freeze(&self) {
        self.process.freeze();
    }

    /// Resumes it after [`Server::freeze`].
    pub fn thaw(&self) {
        self.process.thaw();
    }

    /// Starts it again at the same address.
    pub async fn restart(&mut self) {
        self.process.kill();
        self.process = spawn(&self.temporal, &self.args, &self.env, &self.log);
        assert!(self.is_ready().await, "the dev server exited:\n{}", self.process.log());
    }

    /// Waits until it responds; returns `false` if it exited, for example because its port was
    /// taken.
    async fn is_ready(&mut self) -> bool {
        let Self { process, address, .. } = self;
        wait_for("the dev server", START_LIMIT, async || {
            let is_ready = client(address).await.is_some();
            (is_ready || !process.is_running()).then_some(is_ready)
        })
        .await
    }
}

fn arguments(options: &ServerOptions, port: u16, dir: &Path) -> Vec<String> {
    let mut args = ["server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port"]
        .map(str::to_owned)
        .to_vec();
    args.push(port.to_string());
    args.extend(["--log-level", "error"].map(str::to_owned));
    let hook = options.hook.then_some(HOOK);
    let controller = CONTROLLER.into_iter().filter(|_| options.controller);
    let more = options.dynamic_config.iter().map(String::as_str);
    for value in hook.into_iter().chain([CANCEL_POLLS]).chain(controller).chain(more) {
        args.extend(["--dynamic-config-value", value].map(str::to_owned));
    }
    for name in &options.namespaces {
        args.extend(["--namespace", name].map(str::to_owned));
    }
    if options.keeps_data {
        let file = dir.join("server.db").display().to_string();
        args.extend(["--db-filename".to_owned(), file]);
    }
    args
}

fn spawn(temporal: &Path, args: &[String], env: &[(String, String)], log: &Path) -> Process {
    let mut command = Command::new(temporal);
    clean(&mut command);
    command.envs(env.iter().map(|(name, value)| (name, value)));
    Process::start(command.args(args), log)
}

async fn client(address: &str) -> Option<Client> {
    let target = Url::parse(&format!("http://{address}")).unwrap();
    let options = ConnectionOptions::new(target).identity("tests".to_owned()).build();
    let connection = Connection::connect(options).await.ok()?;
    let request = DescribeNamespaceRequest { namespace: "default".into(), ..Default::default() };
    connection.workflow_service().describe_namespace(request.into_request()).await.ok()?;
    let converter = DataConverter::new(
        PayloadConverter::default(),
        TypedFailures::default(),
        DefaultPayloadCodec,
    );
    Client::new(connection, ClientOptions::new("default").data_converter(converter).build()).ok()
}

/// A free port.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
