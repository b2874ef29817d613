//! `wci worker`.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{Metrics, Process, running::clean, wait_for};

const START_LIMIT: Duration = Duration::from_secs(60);
/// What stands in its log before the address at which it tells of its health.
const HEALTH: &str = "health address=";

/// A system worker: the real program.
#[derive(Debug)]
pub struct SystemWorker {
    process: Process,
    log: PathBuf,
    recipe: Recipe,
}

/// How to start it, again if need be.
#[derive(Debug, Clone)]
pub(crate) struct Recipe {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
}

impl SystemWorker {
    /// Starts it and waits until it takes tasks.
    pub(crate) async fn start(recipe: Recipe, log: &Path) -> Self {
        let mut worker = Self { process: spawn(&recipe, log), log: log.to_owned(), recipe };
        worker.is_ready(0).await;
        worker
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again; it appends to the same log.
    pub async fn restart(&mut self) {
        self.process.kill();
        let written = self.log().len();
        self.process = spawn(&self.recipe, &self.log);
        self.is_ready(written).await;
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// What it tells Prometheus now.
    pub async fn metrics(&self) -> Metrics {
        let log = self.log();
        let (_, rest) = log.rsplit_once(HEALTH).expect("it tells where");
        let address = rest.split_whitespace().next().expect("it tells where");
        let answer = get(address, "/metrics").await.expect("it answers");
        let (head, text) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
        assert!(head.starts_with("HTTP/1.0 200"), "{head}");
        assert!(head.contains("text/plain; version=0.0.4"), "{head}");
        Metrics::new(text)
    }

    /// Waits until it says that it is ready, at the address that stands in its log after the
    /// first `written` bytes.
    async fn is_ready(&mut self, written: usize) {
        let process = &mut self.process;
        wait_for("the system worker", START_LIMIT, async || {
            let log = process.log();
            assert!(process.is_alive(), "the system worker ended:\n{log}");
            let (_, rest) = log.get(written..)?.split_once(HEALTH)?;
            let address = rest.split_whitespace().next()?;
            is_ready(address).await.then_some(())
        })
        .await;
    }
}

fn spawn(recipe: &Recipe, log: &Path) -> Process {
    let mut command = Command::new(&recipe.program);
    clean(&mut command);
    command.args(&recipe.args).args(["--health-address", "127.0.0.1:0"]);
    command.envs(recipe.env.iter().map(|(name, value)| (name, value)));
    Process::start(&mut command, log)
}

async fn is_ready(address: &str) -> bool {
    get(address, "/readyz").await.is_some_and(|answer| answer.starts_with("HTTP/1.0 200"))
}

async fn get(address: &str, path: &str) -> Option<String> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.ok()?;
    let request = format!("GET {path} HTTP/1.0\r\n\r\n");
    let mut answer = String::new();
    stream.write_all(request.as_bytes()).await.ok()?;
    stream.read_to_string(&mut answer).await.ok()?;
    Some(answer)
}
