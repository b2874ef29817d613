//! No worker process outlives its deadline, whatever happens to those who started it.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use wci_contract::launch::Outcome;
use wci_providers::LaunchRequest;

use crate::{
    ground::{Ground, STAY, now_ms, wait_until},
    support::{invoke, launch},
};

const MINUTE_MS: u64 = 60_000;
/// Long enough to be looked at, short enough to be waited for.
const SHORT_MS: u64 = 2_000;
/// What a busy machine may add.
const LATE_MS: u64 = 1_500;
/// Where the process that is to be killed finds its folders.
const DIR: &str = "WCI_TEST_DIR";

#[tokio::test(flavor = "multi_thread")]
async fn the_deadline_ends_the_whole_family() {
    let dir = tempfile::tempdir().unwrap();
    let ground = Ground::new(dir.path());
    // A worker deaf to SIGTERM, a child, and a child that left group and session.
    let script = "trap '' TERM; \
        sh -c 'trap \"\" TERM; echo $$ > $OUT/$$.pid; while :; do sleep 1; done' & \
        setsid sh -c 'trap \"\" TERM; echo $$ > $OUT/$$.pid; while :; do sleep 1; done' & \
        echo $$ > $OUT/$$.pid; while :; do sleep 1; done";
    let request = launch("l1", 2, ground.shell(script, SHORT_MS));
    let start = now_ms();
    assert_eq!(invoke(&ground.provider(), &request).await.0, Outcome::started(2));
    wait_until("both families live", || ground.living() == 6).await;
    wait_until("nobody lives", || ground.living() == 0).await;
    assert!(now_ms() <= start + SHORT_MS + LATE_MS, "{} ms", now_ms() - start);
    wait_until("the ends are noted", || ended(&ground) == 2).await;
    assert!(ground.records().iter().all(|record| record["exit"]["overdue"] == true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_told_to_leave_before_its_deadline() {
    let dir = tempfile::tempdir().unwrap();
    let ground = Ground::new(dir.path());
    let script = "trap 'echo bye > $OUT/bye; exit 3' TERM; \
        echo $$ > $OUT/$$.pid; while :; do sleep 0.05; done";
    let request = launch("l1", 1, ground.shell(script, SHORT_MS));
    assert_eq!(invoke(&ground.provider(), &request).await.0, Outcome::started(1));
    wait_until("the end is noted", || ended(&ground) == 1).await;
    assert!(ground.out("bye").exists());
    assert_eq!(ground.records()[0]["exit"]["code"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_leaves_behind_ends_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let ground = Ground::new(dir.path());
    let script = "setsid sh -c 'echo $$ > $OUT/$$.pid; exec sleep 1000' & \
        while ! ls $OUT/*.pid; do sleep 0.01; done";
    let request = launch("l1", 1, ground.shell(script, MINUTE_MS));
    assert_eq!(invoke(&ground.provider(), &request).await.0, Outcome::started(1));
    wait_until("the end is noted", || ended(&ground) == 1).await;
    assert_eq!(ground.pids().len(), 1);
    assert_eq!(ground.living(), 0);
    wait_until("there is room again", || ground.host().living() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_loses_its_shepherd_is_ended() {
    let dir = tempfile::tempdir().unwrap();
    let ground = Ground::new(dir.path());
    let request = launch("l1", 1, ground.shell(STAY, MINUTE_MS));
    assert_eq!(invoke(&ground.provider(), &request).await.0, Outcome::started(1));
    wait_until("the worker lives", || ground.living() == 1).await;
    let shepherd = ground.records()[0]["shepherd"].as_i64().unwrap();
    kill(Pid::from_raw(shepherd.try_into().unwrap()), Signal::SIGKILL).unwrap();
    wait_until("the worker is ended", || ground.living() == 0).await;
    // It was started, so another attempt does not start it again.
    assert_eq!(invoke(&ground.provider(), &request).await.0, Outcome::started(1));
    assert_eq!(ground.pids().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shepherd_is_deaf_to_polite_signals() {
    let dir = tempfile::tempdir().unwrap();
    let ground = Ground::new(dir.path());
    let request = launch("l1", 1, ground.shell(STAY, SHORT_MS));
    assert_eq!(invoke(&ground.provider(), &request).await.0, Outcome::started(1));
    wait_until("the worker lives", || ground.living() == 1).await;
    let shepherd = ground.records()[0]["shepherd"].as_i64().unwrap();
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        kill(Pid::from_raw(shepherd.try_into().unwrap()), signal).unwrap();
    }
    wait_until("the end is noted", || ended(&ground) == 1).await;
    assert_eq!(ground.records()[0]["exit"]["overdue"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_survive_a_killed_system_worker_undoubled_and_to_their_deadline_only() {
    let dir = tempfile::tempdir().unwrap();
    let start = now_ms();
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "end::the_system_worker_that_is_killed", "--ignored", "--nocapture"])
        .env(DIR, dir.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let ground = Ground::new(dir.path());
    wait_until("three workers live", || ground.living() == 3).await;
    kill(Pid::from_raw(parent.id().try_into().unwrap()), Signal::SIGKILL).unwrap();
    parent.wait().unwrap();

    assert_eq!(ground.host().living(), 3);
    let again = killed_launch(&ground);
    assert_eq!(invoke(&ground.provider(), &again).await.0, Outcome::started(3));
    assert_eq!(ground.living(), 3, "workers go on, also when nobody reads what they write");
    let written = || fs::read_to_string(ground.out("beat")).unwrap().len();
    let before = written();
    wait_until("workers still write", || written() > before).await;

    wait_until("nobody lives", || ground.living() == 0).await;
    assert!(now_ms() <= start + KILLED_MS + 2 * LATE_MS, "{} ms", now_ms() - start);
    assert_eq!(ground.pids().len(), 3);
    wait_until("there is room again", || ground.host().living() == 0).await;
}

const KILLED_MS: u64 = 4_000;

fn killed_launch(ground: &Ground) -> LaunchRequest {
    let script = "trap '' TERM; echo $$ > $OUT/$$.pid; \
        while :; do echo beat; echo -n . >> $OUT/beat; sleep 0.02; done";
    launch("l1", 3, ground.shell(script, KILLED_MS))
}

/// Not a test: another test runs this in a process of its own and kills it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "is run by another test"]
async fn the_system_worker_that_is_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let ground = Ground::new(Path::new(&dir));
    invoke(&ground.provider(), &killed_launch(&ground)).await;
    std::future::pending::<()>().await;
}

fn ended(ground: &Ground) -> usize {
    ground.records().iter().filter(|record| !record["exit"].is_null()).count()
}
