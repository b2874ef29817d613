//! `cargo lambda watch`: a function that really runs, behind the real runtime API, on this
//! machine. It knows functions by name only, has no control plane and answers an invocation when
//! it is done, so [`crate::Lambda`] stands before it: that takes ARNs and `GetFunction`, answers
//! `Event` with 202, and forwards.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{Greeter, Process, SOON, running::clean, tools::tool, wait_for};

/// Its function's name.
pub const FUNCTION: &str = "greeter";
/// The package that it is given: a program that becomes the function, which is built already.
const MANIFEST: &str =
    "[package]\nname = \"greeter\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n";
const LAUNCHER: &str = r#"use std::os::unix::process::CommandExt;

fn main() {
    panic!("{}", std::process::Command::new(env!("FUNCTION")).exec());
}
"#;
/// Longest that an invocation may take.
const LIMIT: Duration = Duration::from_secs(120);

/// A running emulator. It ends, with its function, when it is dropped.
#[derive(Debug)]
pub struct Emulator {
    process: Process,
    /// Where it takes invocations.
    pub address: String,
}

impl Emulator {
    /// Starts it for the function `greeter` with up to `concurrency` processes, in `dir`.
    pub async fn start(greeter: &Greeter, concurrency: usize, dir: &Path) -> Self {
        let folder = package(dir);
        let address = free_address();
        let mut command = Command::new(tool("cargo-lambda").await);
        clean(&mut command);
        greeter.lend(&mut command);
        cargo(&mut command);
        command
            .current_dir(&folder)
            .env("FUNCTION", greeter.program())
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .args(["lambda", "watch", "--ignore-changes", "--invoke-address", "127.0.0.1"])
            .args(["--invoke-port", port(&address), "--concurrency", &concurrency.to_string()]);
        let process = Process::start(&mut command, &dir.join("emulator.log"));
        let mut emulator = Self { process, address };
        emulator.is_ready().await;
        emulator
    }

    /// What it and its function have written so far.
    pub fn log(&self) -> String {
        self.process.log()
    }

    async fn is_ready(&mut self) {
        let Self { process, address } = self;
        wait_for("cargo lambda watch", SOON, async || {
            assert!(process.is_alive(), "cargo lambda watch ended:\n{}", process.log());
            TcpStream::connect(&*address).await.is_ok().then_some(())
        })
        .await;
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It ends its functions when it is asked to end, not when it is killed.
        self.process.terminate_and_wait(Duration::from_secs(5));
    }
}

/// Invokes the function with an empty body, and returns its result, or what went wrong.
pub(crate) async fn invoke(address: &str, function: &str) -> Result<Value, String> {
    let request = format!(
        "POST /2015-03-31/functions/{function}/invocations HTTP/1.0\r\nHost: {address}\r\nContent-Length: 0\r\n\r\n"
    );
    let answer = tokio::time::timeout(LIMIT, exchange(address, &request)).await;
    let answer = answer.map_err(|_| "no answer".to_owned())?.map_err(|error| error.to_string())?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    if !head.lines().next().is_some_and(|line| line.ends_with("200 OK")) {
        return Err(answer);
    }
    serde_json::from_str(body).map_err(|error| format!("{error}: {body}"))
}

async fn exchange(address: &str, request: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

fn package(dir: &Path) -> PathBuf {
    let folder = dir.join("emulated");
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("Cargo.toml"), MANIFEST).unwrap();
    fs::write(folder.join("src/main.rs"), LAUNCHER).unwrap();
    folder
}

/// The cargo that runs this test is the one that builds the package.
fn cargo(command: &mut Command) {
    let cargo = std::env::var_os("CARGO").map(PathBuf::from);
    let tools = cargo.as_deref().and_then(Path::parent).map(Path::to_owned);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(tools.into_iter().chain(std::env::split_paths(&path)));
    command.env("PATH", path.unwrap());
    for name in ["HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
}

fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn port(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(_, port)| port)
}
