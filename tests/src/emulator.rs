//! `cargo lambda watch`: functions that really run, behind the real runtime API, on this
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
/// The package that it is given: a program for each function, which becomes the function's
/// program, built already, with the function's variables.
const MANIFEST: &str =
    "[package]\nname = \"functions\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n";
const LAUNCHER: &str = r#"use std::{os::unix::process::CommandExt, process::Command, time::SystemTime};

fn main() {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    eprintln!("becomes the function at {}", now.as_micros());
    panic!("{}", Command::new(PROGRAM).envs(VARIABLES).exec());
}
"#;
/// What it says before that, and what the function says first of an event of the emulator's.
const BECOMES: &str = "becomes the function at ";
const TAKES: &str = "lambda-runtime-deadline-ms is not a plausible timestamp";
const DAY: u128 = 24 * 60 * 60 * 1_000_000;
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
    /// Starts it for `functions`, by their names, each with up to `concurrency` processes, in
    /// `dir`.
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
        emulator.is_ready().await;
        emulator
    }

    /// What it and its function have written so far.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Invokes `function` as the stand-in for Lambda does; its result, or what went wrong.
    pub async fn invoke(&self, function: &str) -> Result<Value, String> {
        invoke(&self.address, function).await
    }

    /// How long the first process of a function took until it had its first event; `None` if
    /// there was none.
    pub fn init(&self) -> Option<Duration> {
        let log = self.log();
        let began: u128 = log.split_once(BECOMES)?.1.lines().next()?.trim().parse().ok()?;
        let taken = log.lines().find(|line| line.contains(TAKES))?;
        let taken = time_of_day(taken.split_once(r#""timestamp":""#)?.1)?;
        Some(Duration::from_micros(u64::try_from((DAY + taken - began % DAY) % DAY).ok()?))
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

/// Microseconds since midnight of a time as logs have it: `2026-11-22T17:00:01.123456Z…`.
fn time_of_day(text: &str) -> Option<u128> {
    let (clock, micros) = text.split_once('T')?.1.split_once('Z')?.0.split_once('.')?;
    let parts: Vec<u128> = clock.split(':').filter_map(|part| part.parse().ok()).collect();
    let &[hours, minutes, seconds] = parts.as_slice() else { return None };
    Some(((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros.parse::<u128>().ok()?)
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

fn package(functions: &[(&str, &Greeter)], dir: &Path) -> PathBuf {
    let folder = dir.join("emulated");
    let programs = folder.join("src/bin");
    fs::create_dir_all(&programs).unwrap();
    fs::write(folder.join("Cargo.toml"), MANIFEST).unwrap();
    for (name, function) in functions {
        let (program, variables) = (function.program(), function.variables());
        let told = format!(
            "const PROGRAM: &str = {program:?};\nconst VARIABLES: [(&str, &str); {}] = {variables:?};\n",
            variables.len()
        );
        fs::write(programs.join(format!("{name}.rs")), format!("{LAUNCHER}\n{told}")).unwrap();
    }
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
