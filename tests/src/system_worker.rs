//! `wci worker`.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{Process, running::clean, wait_for};

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
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let Ok(mut stream) = tokio::net::TcpStream::connect(address).await else { return false };
    let request = b"GET /readyz HTTP/1.0\r\n\r\n";
    let mut answer = Vec::new();
    stream.write_all(request).await.is_ok()
        && stream.read_to_end(&mut answer).await.is_ok()
        && answer.starts_with(b"HTTP/1.0 200")
}
