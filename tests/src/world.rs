//! The environment of a test: it starts and stops everything.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tempfile::TempDir;
use temporalio_client::Client;
use wci_contract::VersionId;

use crate::{
    CommandOutput, Lambda, Programs, Server, ServerOptions, ServerProxy, SystemWorker, Version,
    launched, launched::Launched, run, system_worker::ProcessSpec, version::run_dir,
};

/// The limit for anything that should happen soon, generous for a busy machine.
pub const SOON: Duration = Duration::from_secs(60);

/// A server, its system workers and the workers that they started; stopped when it is dropped.
pub struct World {
    workers: Vec<SystemWorker>,
    lambda: Option<Lambda>,
    server_proxy: Option<ServerProxy>,
    /// The server.
    pub server: Server,
    /// A client of the server.
    pub client: Client,
    /// The programs.
    pub programs: Programs,
    dir: Option<TempDir>,
}

/// Settings of a world.
#[derive(Debug, Clone)]
pub struct WorldBuilder {
    server: ServerOptions,
    workers: usize,
    worker_args: Vec<String>,
    worker_env: Vec<(String, String)>,
    config: Option<String>,
    with_lambda: bool,
    rejected_namespaces: Option<Vec<String>>,
    open_files: Option<usize>,
}

impl World {
    /// A server that announces tasks, and one system worker that may start greeters.
    pub async fn new() -> Self {
        Self::builder().start().await
    }

    /// A world with other settings.
    pub fn builder() -> WorldBuilder {
        WorldBuilder {
            server: ServerOptions::default(),
            workers: 1,
            worker_args: Vec::new(),
            worker_env: Vec::new(),
            config: None,
            with_lambda: false,
            rejected_namespaces: None,
            open_files: None,
        }
    }

    /// The version `v1` of the deployment `name`, whose task queue has the deployment's name.
    pub fn version(&self, name: &str) -> Version {
        self.version_of(name, "v1")
    }

    /// A version of the deployment `name`.
    pub fn version_of(&self, name: &str, build: &str) -> Version {
        Version {
            id: VersionId::new(name, build).unwrap(),
            queue: name.to_owned(),
            client: self.client.clone(),
            address: self.server.address.clone(),
            programs: self.programs.clone(),
            dir: self.dir().to_owned(),
            functions: self.lambda.as_ref().map(|lambda| Arc::clone(&lambda.shared)),
        }
    }

    /// The first system worker.
    pub fn worker(&mut self) -> &mut SystemWorker {
        &mut self.workers[0]
    }

    /// All system workers.
    pub fn workers(&mut self) -> &mut Vec<SystemWorker> {
        &mut self.workers
    }

    /// The stand-in for Lambda.
    pub fn lambda(&self) -> &Lambda {
        self.lambda.as_ref().expect("built with a stand-in for Lambda")
    }

    /// The proxy that its system workers call.
    pub fn server_proxy(&self) -> &ServerProxy {
        self.server_proxy.as_ref().expect("built with a server proxy")
    }

    /// Writes the configuration file that its system workers read at their next start.
    pub fn write_config(&self, text: &str) {
        let greeter = self.programs.greeter.display().to_string();
        let dir = self.dir().display().to_string();
        let text = text.replace("{greeter}", &greeter).replace("{dir}", &dir);
        std::fs::write(config_file(self.dir()), text).unwrap();
    }

    /// A folder for files, removed with the world.
    pub fn dir(&self) -> &Path {
        self.dir.as_ref().expect("removed only at the end").path()
    }

    /// The running workers that were launched as processes.
    pub fn running_workers(&self) -> Vec<Launched> {
        launched::running(&run_dir(self.dir()))
    }

    /// The number of workers that were launched as processes, including those that exited.
    pub fn records(&self) -> usize {
        launched::records(&run_dir(self.dir()))
    }

    /// Runs `wci` with these arguments on this server.
    pub async fn wci(&self, args: &[&str]) -> CommandOutput {
        let address = ["--address", &self.server.address];
        run(&self.programs.wci, args.iter().chain(&address)).await
    }

    /// Runs the Temporal CLI with these arguments on this server.
    pub async fn temporal(&self, args: &[&str]) -> CommandOutput {
        let address = ["--address", &self.server.address];
        run(&self.programs.temporal, args.iter().chain(&address)).await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.workers.clear();
        self.lambda = None;
        launched::kill_all(&run_dir(self.dir()));
        self.server.kill();
        if std::thread::panicking() {
            let logs = self.dir.take().map(TempDir::keep).unwrap_or_default();
            eprintln!("the logs of this test are kept in {}", logs.display());
        }
    }
}

impl WorldBuilder {
    /// A server that does not signal instances.
    pub fn without_hook(mut self) -> Self {
        self.server.hook = false;
        self
    }

    /// A server whose data survives a restart.
    pub fn with_durable_server(mut self) -> Self {
        self.server.keeps_data = true;
        self
    }

    /// A server with this dynamic configuration, `key=value`.
    pub fn dynamic_config(mut self, value: &str) -> Self {
        self.server.dynamic_config.push(value.to_owned());
        self
    }

    /// Sets the number of system workers.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// Adds arguments of the system workers.
    pub fn worker_args(mut self, args: &[&str]) -> Self {
        self.worker_args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    /// Sets a variable of the system workers.
    pub fn worker_env(mut self, name: &str, value: &str) -> Self {
        self.worker_env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Limits the open files of the system workers.
    pub fn open_files(mut self, files: usize) -> Self {
        self.open_files = Some(files);
        self
    }

    /// Adds a namespace on the server.
    pub fn namespace(mut self, name: &str) -> Self {
        self.server.namespaces.push(name.to_owned());
        self
    }

    /// Uses a configuration file instead of flags for the system workers. `{greeter}` stands for
    /// the path of the greeter, `{dir}` for the world's folder.
    pub fn config(mut self, text: &str) -> Self {
        self.config = Some(text.to_owned());
        self
    }

    /// Adds a stand-in for Lambda that specs may use.
    pub fn with_lambda(mut self) -> Self {
        self.with_lambda = true;
        self
    }

    /// Adds a stand-in for Lambda that the built-in controller may use, too.
    pub fn with_controller(mut self) -> Self {
        self.server.controller = true;
        self.with_lambda()
    }

    /// Puts a proxy in front of the server for the system workers, which rejects calls for some
    /// namespaces.
    pub fn with_server_proxy(mut self, rejecting: &[&str]) -> Self {
        self.rejected_namespaces = Some(rejecting.iter().map(|name| (*name).to_owned()).collect());
        self
    }

    /// Starts everything.
    pub async fn start(mut self) -> World {
        let programs = Programs::find();
        let dir = tempfile::Builder::new().prefix("wci-test-").tempdir().unwrap();
        let lambda =
            if self.with_lambda { Some(Lambda::start(dir.path().to_owned()).await) } else { None };
        if let Some(lambda) = lambda.as_ref().filter(|_| self.server.controller) {
            self.server.env.extend(aws(&lambda.url));
        }
        let server = Server::start(&programs, &self.server, dir.path()).await;
        let client = server.client().await;
        let server_proxy = match &self.rejected_namespaces {
            Some(rejected) => Some(ServerProxy::start(&server.address, rejected).await),
            None => None,
        };
        let address = server_proxy.as_ref().map_or(&server.address, |proxy| &proxy.address);
        let spec = self.process_spec(&programs, address, dir.path(), lambda.as_ref());
        let workers = Vec::new();
        let mut world =
            World { workers, lambda, server_proxy, server, client, programs, dir: Some(dir) };
        if let Some(text) = &self.config {
            world.write_config(text);
        }
        for n in 1..=self.workers {
            let log = world.dir().join(format!("worker-{n}.log"));
            world.workers.push(SystemWorker::start(spec.clone(), &log).await);
        }
        world
    }

    fn process_spec(
        &self,
        programs: &Programs,
        address: &str,
        dir: &Path,
        lambda: Option<&Lambda>,
    ) -> ProcessSpec {
        let run_dir = run_dir(dir).display().to_string();
        let mut args: Vec<String> =
            ["worker", "--address", address, "--run-dir", &run_dir].map(str::to_owned).to_vec();
        let mut env = self.worker_env.clone();
        env.extend(lambda.into_iter().flat_map(|lambda| aws(&lambda.url)));
        if self.config.is_some() {
            args.extend(["--config".to_owned(), config_file(dir).display().to_string()]);
        } else {
            let greeter = format!("greeter={}", programs.greeter.display());
            let flags = ["-n", "default", "--enable-provider", "subprocess", "--allow-command"];
            args.extend(flags.into_iter().chain([greeter.as_str()]).map(str::to_owned));
            args.extend(
                ["--allow-env", "GREETER_*", "--allow-env", "GREETING_TOKEN"].map(str::to_owned),
            );
            let flags = ["--enable-provider", "aws-lambda", "--aws-allow-no-role"];
            args.extend(lambda.into_iter().flat_map(|_| flags).map(str::to_owned));
        }
        args.extend(self.worker_args.iter().cloned());
        let program = PathBuf::from(&programs.wci);
        let Some(files) = self.open_files else { return ProcessSpec { program, args, env } };
        // The shell becomes the program, with the same process ID.
        let limited = format!("ulimit -n {files}; exec \"$0\" \"$@\"");
        let program = program.display().to_string();
        args.splice(0..0, ["-c".to_owned(), limited, program]);
        ProcessSpec { program: PathBuf::from("/bin/sh"), args, env }
    }
}

fn config_file(dir: &Path) -> PathBuf {
    dir.join("wci.yaml")
}

fn aws(url: &str) -> [(String, String); 4] {
    [
        ("AWS_ENDPOINT_URL", url),
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "example"),
        ("AWS_REGION", "us-east-1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
}
