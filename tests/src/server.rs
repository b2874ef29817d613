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

/// Turns on the signals by which matching announces tasks.
const HOOK: &str = "workercontroller.enabled=true";
/// Ends the polls of a worker that leaves, so that no task is handed to one that is gone.
const CLEAN_LEAVE: &str = "frontend.enableCancelWorkerPollsOnShutdown=true";
/// What the server's own controller may use.
const CONTROLLER: [&str; 2] = [
    r#"workercontroller.compute_providers.enabled=["aws-lambda"]"#,
    "workercontroller.compute_providers.aws.require_role_and_external_id=false",
];
const START_LIMIT: Duration = Duration::from_secs(60);
/// Somebody else may take the port that was free a moment ago.
const TRIES: u32 = 5;

/// How the server is started.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Whether it announces tasks to instances.
    pub hook: bool,
    /// Whether its own controller may start workers.
    pub controller: bool,
    /// Whether what it knows survives its end.
    pub keeps_data: bool,
    /// Dynamic configuration, `key=value`.
    pub dynamic_config: Vec<String>,
    /// Namespaces besides `default`.
    pub namespaces: Vec<String>,
    /// Environment, where its own controller looks for AWS.
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
    /// Where it answers.
    pub address: String,
}

impl Server {
    /// Starts it and waits until it answers.
    pub async fn start(programs: &Programs, options: &ServerOptions, dir: &Path) -> Self {
        let log = dir.join("server.log");
        let temporal = &programs.temporal;
        for _ in 0..TRIES {
            let port = free_port();
            let address = format!("127.0.0.1:{port}");
            let args = arguments(options, port, dir);
            let env = options.env.clone();
            let process = spawn(temporal, &args, &env, &log);
            let (temporal, log) = (temporal.clone(), log.clone());
            let mut server = Self { process, temporal, args, env, log, address };
            if server.answers().await {
                return server;
            }
        }
        panic!("the dev server does not start:\n{}", fs::read_to_string(log).unwrap_or_default());
    }

    /// A client of the namespace `default` whose failures keep their types.
    pub async fn client(&self) -> Client {
        client(&self.address).await.expect("the server answers")
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Stops its clock: it keeps its connections and answers nothing.
    pub fn freeze(&self) {
        self.process.freeze();
    }

    /// Lets it go on after [`Server::freeze`].
    pub fn thaw(&self) {
        self.process.thaw();
    }

    /// Starts it again where it was.
    pub async fn restart(&mut self) {
        self.process.kill();
        self.process = spawn(&self.temporal, &self.args, &self.env, &self.log);
        assert!(self.answers().await, "the dev server ended:\n{}", self.process.log());
    }

    /// Waits until it answers; `false` when it ended instead, as when its port was taken.
    async fn answers(&mut self) -> bool {
        let Self { process, address, .. } = self;
        wait_for("the dev server", START_LIMIT, async || {
            let answers = client(address).await.is_some();
            (answers || !process.is_alive()).then_some(answers)
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
    for value in hook.into_iter().chain([CLEAN_LEAVE]).chain(controller).chain(more) {
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

/// A port that nobody listens on now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
