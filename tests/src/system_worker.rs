//! `wci worker`.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{Metrics, Process, running::clean, wait_for};

const START_LIMIT: Duration = Duration::from_secs(60);
/// The text before the health address in its log.
const HEALTH: &str = "health address=";

/// A system worker: the real program.
#[derive(Debug)]
pub struct SystemWorker {
    process: Process,
    log: PathBuf,
    spec: ProcessSpec,
}

/// Program, arguments and environment of its process.
#[derive(Debug, Clone)]
pub(crate) struct ProcessSpec {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
}

impl SystemWorker {
    /// Starts it and waits until it is ready.
    pub(crate) async fn start(spec: ProcessSpec, log: &Path) -> Self {
        let mut worker = Self { process: spawn(&spec, log), log: log.to_owned(), spec };
        worker.wait_until_ready(0).await;
        worker
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Kills it, as a crash would.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again; it appends to the same log.
    pub async fn restart(&mut self) {
        self.process.kill();
        let written = self.log().len();
        self.process = spawn(&self.spec, &self.log);
        self.wait_until_ready(written).await;
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// The address of its health port.
    pub fn health_address(&self) -> String {
        let log = self.log();
        let (_, rest) = log.rsplit_once(HEALTH).expect("a health address in the log");
        let address = rest.split_whitespace().next().expect("a health address in the log");
        address.to_owned()
    }

    /// Its Prometheus metrics.
    pub async fn metrics(&self) -> Metrics {
        let response = get(&self.health_address(), "/metrics").await.expect("a response");
        let (head, text) = response.split_once("\r\n\r\n").expect("an HTTP response");
        assert!(head.starts_with("HTTP/1.0 200"), "{head}");
        assert!(head.contains("text/plain; version=0.0.4"), "{head}");
        Metrics::new(text)
    }

    /// Waits until it is ready, at the address in its log after the first `written` bytes.
    async fn wait_until_ready(&mut self, written: usize) {
        let process = &mut self.process;
        wait_for("the system worker", START_LIMIT, async || {
            let log = process.log();
            assert!(process.is_running(), "the system worker exited:\n{log}");
            let (_, rest) = log.get(written..)?.split_once(HEALTH)?;
            let address = rest.split_whitespace().next()?;
            is_ready(address).await.then_some(())
        })
        .await;
    }
}

fn spawn(spec: &ProcessSpec, log: &Path) -> Process {
    let mut command = Command::new(&spec.program);
    clean(&mut command);
    command.args(&spec.args).args(["--health-address", "127.0.0.1:0"]);
    command.envs(spec.env.iter().map(|(name, value)| (name, value)));
    Process::start(&mut command, log)
}

async fn is_ready(address: &str) -> bool {
    get(address, "/readyz").await.is_some_and(|response| response.starts_with("HTTP/1.0 200"))
}

async fn get(address: &str, path: &str) -> Option<String> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.ok()?;
    let request = format!("GET {path} HTTP/1.0\r\n\r\n");
    let mut response = String::new();
    stream.write_all(request.as_bytes()).await.ok()?;
    stream.read_to_string(&mut response).await.ok()?;
    Some(response)
}
