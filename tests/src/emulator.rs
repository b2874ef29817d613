//! `cargo lambda watch` runs functions on this machine, behind Lambda's runtime API. It knows
//! functions by name only, has no control plane and responds to an invocation when it is done.
//! Therefore [`crate::Lambda`] is in front of it: it accepts ARNs and `GetFunction`, responds to
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

/// The name of its function.
pub const FUNCTION: &str = "greeter";
/// The manifest of the package that it builds. Each function is a launcher that replaces itself
/// with the function's program, which is built already.
const MANIFEST: &str =
    "[package]\nname = \"functions\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n";
const LAUNCHER: &str = r#"use std::{os::unix::process::CommandExt, process::Command, time::SystemTime};

fn main() {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    eprintln!("starts the function at {}", now.as_micros());
    panic!("{}", Command::new(PROGRAM).envs(VARIABLES).exec());
}
"#;
/// What the launcher logs, and what the function logs at an event of the emulator.
const LAUNCHER_LOG: &str = "starts the function at ";
const FIRST_EVENT_LOG: &str = "lambda-runtime-deadline-ms is not a plausible timestamp";
const DAY: u128 = 24 * 60 * 60 * 1_000_000;
/// Timeout of an invocation.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A running emulator; stopped with its functions when it is dropped.
#[derive(Debug)]
pub struct Emulator {
    process: Process,
    /// The address for invocations.
    pub address: String,
}

impl Emulator {
    /// Starts it in `dir` for `functions`, by name, each with up to `concurrency` processes.
    pub async fn start(functions: &[(&str, &Greeter)], concurrency: usize, dir: &Path) -> Self {
        let folder = package(functions, dir);
        let address = free_address();
        let mut command = Command::new(tool("cargo-lambda").await);
        clean(&mut command);
        cargo(&mut command);
        command
            .current_dir(&folder)
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .args(["lambda", "watch", "--ignore-changes", "--invoke-address", "127.0.0.1"])
            .args(["--invoke-port", port(&address), "--concurrency", &concurrency.to_string()]);
        let process = Process::start(&mut command, &dir.join("emulator.log"));
        let mut emulator = Self { process, address };
        emulator.wait_until_ready().await;
        emulator
    }

    /// The output of the emulator and its functions so far.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Invokes `function` as the stand-in for Lambda does; returns its result, or the error.
    pub async fn invoke(&self, function: &str) -> Result<Value, String> {
        invoke(&self.address, function).await
    }

    /// The time from the start of a function's first process to its first event; `None` if there
    /// was no event.
    pub fn init(&self) -> Option<Duration> {
        let log = self.log();
        let began: u128 = log.split_once(LAUNCHER_LOG)?.1.lines().next()?.trim().parse().ok()?;
        let taken = log.lines().find(|line| line.contains(FIRST_EVENT_LOG))?;
        let taken = time_of_day(taken.split_once(r#""timestamp":""#)?.1)?;
        Some(Duration::from_micros(u64::try_from((DAY + taken - began % DAY) % DAY).ok()?))
    }

    async fn wait_until_ready(&mut self) {
        let Self { process, address } = self;
        wait_for("cargo lambda watch", SOON, async || {
            assert!(process.is_running(), "cargo lambda watch exited:\n{}", process.log());
            TcpStream::connect(&*address).await.is_ok().then_some(())
        })
        .await;
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It stops its functions on SIGTERM, not when it is killed.
        self.process.terminate_and_wait(Duration::from_secs(5));
    }
}

/// Microseconds since midnight of a timestamp in a log: `2026-11-22T17:00:01.123456Z…`.
fn time_of_day(text: &str) -> Option<u128> {
    let (clock, micros) = text.split_once('T')?.1.split_once('Z')?.0.split_once('.')?;
    let parts: Vec<u128> = clock.split(':').filter_map(|part| part.parse().ok()).collect();
    let &[hours, minutes, seconds] = parts.as_slice() else { return None };
    Some(((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros.parse::<u128>().ok()?)
}

/// Invokes the function with an empty body; returns its result, or the error.
pub(crate) async fn invoke(address: &str, function: &str) -> Result<Value, String> {
    let request = format!(
        "POST /2015-03-31/functions/{function}/invocations HTTP/1.0\r\nHost: {address}\r\nContent-Length: 0\r\n\r\n"
    );
    let response = tokio::time::timeout(TIMEOUT, exchange(address, &request)).await;
    let response =
        response.map_err(|_| "no response".to_owned())?.map_err(|error| error.to_string())?;
    let (head, body) = response.split_once("\r\n\r\n").ok_or("no response")?;
    if !head.lines().next().is_some_and(|line| line.ends_with("200 OK")) {
        return Err(response);
    }
    serde_json::from_str(body).map_err(|error| format!("{error}: {body}"))
}

async fn exchange(address: &str, request: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut response = String::new();
    stream.read_to_string(&mut response).await?;
    Ok(response)
}

fn package(functions: &[(&str, &Greeter)], dir: &Path) -> PathBuf {
    let folder = dir.join("emulated");
    let programs = folder.join("src/bin");
    fs::create_dir_all(&programs).unwrap();
    fs::write(folder.join("Cargo.toml"), MANIFEST).unwrap();
    for (name, function) in functions {
        let (program, variables) = (function.path(), function.variables());
        let constants = format!(
            "const PROGRAM: &str = {program:?};\nconst VARIABLES: [(&str, &str); {}] = {variables:?};\n",
            variables.len()
        );
        fs::write(programs.join(format!("{name}.rs")), format!("{LAUNCHER}\n{constants}")).unwrap();
    }
    folder
}

/// Builds the package with the cargo that runs this test.
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
