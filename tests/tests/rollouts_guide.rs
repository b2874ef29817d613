//! Every command of the guide to rollouts, as written, as a reader would try it on a laptop.

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
/// The text between a command of the guide and its result.
const RESULT_COMMENT: &str = "  # [";
const LIMIT: Duration = Duration::from_secs(300);

/// The commands of the chapter.
fn commands() -> String {
    let (_, chapter) = GUIDE.split_once(CHAPTER).unwrap();
    let blocks = chapter.split("```sh\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    blocks.collect::<Vec<_>>().join("\n")
}

/// The results of the commands, according to the guide.
fn expected(commands: &str) -> Vec<String> {
    let results = commands.lines().filter_map(|line| line.split_once(RESULT_COMMENT));
    results.map(|(_, result)| format!("[{result}")).collect()
}

/// The process group of the commands, terminated with the test.
struct ProcessGroup(Pid);

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        let _ = killpg(self.0, Signal::SIGTERM);
    }
}

/// The shell of a laptop on which everything is built already, and another server may run.
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
async fn every_command_of_the_guide_has_the_documented_result() {
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
    let _group = ProcessGroup(Pid::from_raw(bash.pid().try_into().unwrap()));
    let status = bash.exited(LIMIT).await;
    let output = bash.log();
    assert!(status.success(), "{status}:\n{output}");
    let results = output.lines().filter_map(|line| line.trim().strip_prefix("Result "));
    let results: Vec<String> = results.map(|result| result.trim().to_owned()).collect();
    assert_eq!(results, expected, "{output}");
}
