//! Everything that a test needs, and the end of it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tempfile::TempDir;
use temporalio_client::Client;
use wci_contract::VersionId;

use crate::{
    Front, Lambda, Programs, Said, Server, ServerOptions, SystemWorker, Version, launched,
    launched::Launched, run, system_worker::Recipe, version::run_dir,
};

/// Long enough for anything that is to happen soon, on a busy machine.
pub const SOON: Duration = Duration::from_secs(60);

/// A server, its system workers and what they started. All of it ends when it is dropped.
pub struct World {
    workers: Vec<SystemWorker>,
    lambda: Option<Lambda>,
    front: Option<Front>,
    /// The server.
    pub server: Server,
    /// A client of the server.
    pub client: Client,
    /// The programs.
    pub programs: Programs,
    dir: Option<TempDir>,
}

/// How a world is to be.
#[derive(Debug, Clone)]
pub struct WorldBuilder {
    server: ServerOptions,
    workers: usize,
    worker_args: Vec<String>,
    worker_env: Vec<(String, String)>,
    config: Option<String>,
    with_lambda: bool,
    front: Option<Vec<String>>,
}

impl World {
    /// A server that announces tasks, and one system worker that may start greeters.
    pub async fn new() -> Self {
        Self::builder().start().await
    }

    /// A world that is to be different.
    pub fn builder() -> WorldBuilder {
        WorldBuilder {
            server: ServerOptions::default(),
            workers: 1,
            worker_args: Vec::new(),
            worker_env: Vec::new(),
            config: None,
            with_lambda: false,
            front: None,
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

    /// The front that its system workers call.
    pub fn front(&self) -> &Front {
        self.front.as_ref().expect("built with a front")
    }

    /// What its system workers read as configuration file when they start next.
    pub fn write_config(&self, text: &str) {
        let greeter = self.programs.greeter.display().to_string();
        let dir = self.dir().display().to_string();
        let text = text.replace("{greeter}", &greeter).replace("{dir}", &dir);
        std::fs::write(config_file(self.dir()), text).unwrap();
    }

    /// A folder for files, gone with the world.
    pub fn dir(&self) -> &Path {
        self.dir.as_ref().expect("there until the end").path()
    }

    /// Workers that were launched as processes and live now.
    pub fn living(&self) -> Vec<Launched> {
        launched::living(&run_dir(self.dir()))
    }

    /// Workers that were launched as processes, whether or not they still live.
    pub fn records(&self) -> usize {
        launched::records(&run_dir(self.dir()))
    }

    /// Runs `wci` with these arguments on this server.
    pub async fn wci(&self, args: &[&str]) -> Said {
        let address = ["--address", &self.server.address];
        run(&self.programs.wci, args.iter().chain(&address)).await
    }

    /// Runs the Temporal CLI with these arguments on this server.
    pub async fn temporal(&self, args: &[&str]) -> Said {
        let address = ["--address", &self.server.address];
        run(&self.programs.temporal, args.iter().chain(&address)).await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.workers.clear();
        self.lambda = None;
        launched::end_all(&run_dir(self.dir()));
        self.server.kill();
        if std::thread::panicking() {
            let kept = self.dir.take().map(TempDir::keep).unwrap_or_default();
            eprintln!("the logs of this test are kept in {}", kept.display());
        }
    }
}

impl WorldBuilder {
    /// A server that announces nothing.
    pub fn without_hook(mut self) -> Self {
        self.server.hook = false;
        self
    }

    /// A server that knows after its end what it knew before.
    pub fn that_keeps_data(mut self) -> Self {
        self.server.keeps_data = true;
        self
    }

    /// A server with this dynamic configuration, `key=value`.
    pub fn dynamic_config(mut self, value: &str) -> Self {
        self.server.dynamic_config.push(value.to_owned());
        self
    }

    /// So many system workers.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// System workers with these arguments besides.
    pub fn worker_args(mut self, args: &[&str]) -> Self {
        self.worker_args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    /// System workers with this variable.
    pub fn worker_env(mut self, name: &str, value: &str) -> Self {
        self.worker_env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// One more namespace on the server.
    pub fn namespace(mut self, name: &str) -> Self {
        self.server.namespaces.push(name.to_owned());
        self
    }

    /// System workers whose operator wrote this configuration file instead of flags. `{greeter}`
    /// in it is the path of the greeter, `{dir}` that of the world's folder.
    pub fn config(mut self, text: &str) -> Self {
        self.config = Some(text.to_owned());
        self
    }

    /// A stand-in for Lambda that specs may use.
    pub fn with_lambda(mut self) -> Self {
        self.with_lambda = true;
        self
    }

    /// A stand-in for Lambda that the server's own controller may use as well.
    pub fn with_controller(mut self) -> Self {
        self.server.controller = true;
        self.with_lambda()
    }

    /// System workers that call the server by way of a front, which refuses
    /// some namespaces.
    pub fn behind_a_front(mut self, refusing: &[&str]) -> Self {
        self.front = Some(refusing.iter().map(|name| (*name).to_owned()).collect());
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
        let front = match &self.front {
            Some(refused) => Some(Front::start(&server.address, refused).await),
            None => None,
        };
        let called = front.as_ref().map_or(&server.address, |front| &front.address);
        let recipe = self.recipe(&programs, called, dir.path(), lambda.as_ref());
        let workers = Vec::new();
        let mut world = World { workers, lambda, front, server, client, programs, dir: Some(dir) };
        if let Some(text) = &self.config {
            world.write_config(text);
        }
        for n in 1..=self.workers {
            let log = world.dir().join(format!("worker-{n}.log"));
            world.workers.push(SystemWorker::start(recipe.clone(), &log).await);
        }
        world
    }

    fn recipe(
        &self,
        programs: &Programs,
        address: &str,
        dir: &Path,
        lambda: Option<&Lambda>,
    ) -> Recipe {
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
            let flags = ["--enable-provider", "aws-lambda", "--aws-allow-no-role"];
            args.extend(lambda.into_iter().flat_map(|_| flags).map(str::to_owned));
        }
        args.extend(self.worker_args.iter().cloned());
        Recipe { program: PathBuf::from(&programs.wci), args, env }
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
