//! The guide to rollouts, as somebody with a laptop would try it: every command of it, as it
//! stands there.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    env, fs,
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use wci_tests::{Process, Programs};

const GUIDE: &str = include_str!("../../docs/rollouts.md");
const CHAPTER: &str = "## Try it on a laptop";
/// What ends a command of the guide whose result stands behind it.
const EXPECTED: &str = "  # [";
const LIMIT: Duration = Duration::from_secs(300);

/// The commands of the chapter.
fn commands() -> String {
    let (_, chapter) = GUIDE.split_once(CHAPTER).unwrap();
    let blocks = chapter.split("```sh\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    blocks.collect::<Vec<_>>().join("\n")
}

/// What the guide says comes of the commands.
fn expected(commands: &str) -> Vec<String> {
    let results = commands.lines().filter_map(|line| line.split_once(EXPECTED));
    results.map(|(_, result)| format!("[{result}")).collect()
}

/// Everything that the commands started, ended with the test.
struct Group(Pid);

impl Drop for Group {
    fn drop(&mut self) {
        let _ = killpg(self.0, Signal::SIGTERM);
    }
}

/// A laptop on which everything is built already, and on which another server may run.
fn laptop(folder: &Path) -> Command {
    let programs = Programs::find();
    let tools = folder.join("tools");
    fs::create_dir_all(&tools).unwrap();
    std::os::unix::fs::symlink("/bin/true", tools.join("cargo")).unwrap();
    let beside = |program: &PathBuf| program.parent().unwrap().to_owned();
    let own = [tools, beside(&programs.wci), beside(&programs.temporal)];
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths(own.into_iter().chain(env::split_paths(&path))).unwrap();
    let mut command = Command::new("bash");
    command
        .env_clear()
        .env("PATH", path)
        .env("HOME", folder)
        .env("WCI_RUN_DIR", folder.join("run"));
    command.current_dir(folder).process_group(0);
    command
}

#[tokio::test]
async fn every_command_of_the_guide_does_what_the_guide_says() {
    let commands = commands();
    let expected = expected(&commands);
    assert_eq!(expected.len(), 4, "behaviour, qualified or not");
    let folder = tempfile::tempdir().unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = "temporal server start-dev";
    assert!(commands.contains(server));
    let elsewhere = format!("{server} --headless --log-level error --port {port}");
    let script = format!("set -eu\n{}\n", commands.replace(server, &elsewhere));
    let log = folder.path().join("log");
    let mut bash = laptop(folder.path());
    bash.args(["-c", &script]).env("TEMPORAL_ADDRESS", format!("127.0.0.1:{port}"));
    let mut bash = Process::start(&mut bash, &log);
    let _group = Group(Pid::from_raw(bash.pid().try_into().unwrap()));
    let status = bash.ended(LIMIT).await;
    let said = bash.log();
    assert!(status.success(), "{status}:\n{said}");
    let results = said.lines().filter_map(|line| line.trim().strip_prefix("Result "));
    let results: Vec<String> = results.map(|result| result.trim().to_owned()).collect();
    assert_eq!(results, expected, "{said}");
}
