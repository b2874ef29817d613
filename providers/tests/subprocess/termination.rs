//! No worker process outlives its deadline, whatever happens to its supervisor and to the system
//! worker.

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
    support::{invoke, launch},
    test_machine::{STAY, TestMachine, now_ms, wait_until},
};

const MINUTE_MS: u64 = 60_000;
/// Long enough to observe the process, short enough to wait for its end.
const SHORT_MS: u64 = 2_000;
/// The delay that a busy machine may add.
const DELAY_MS: u64 = 1_500;
/// Names the test's folder to the process that the test kills.
const DIR: &str = "WCI_TEST_DIR";

#[tokio::test(flavor = "multi_thread")]
async fn the_deadline_ends_a_worker_and_its_descendants() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    // A worker that ignores SIGTERM, a child, and a child outside its group and session.
    let script = "trap '' TERM; \
        sh -c 'trap \"\" TERM; echo $$ > $OUT/$$.pid; while :; do sleep 1; done' & \
        setsid sh -c 'trap \"\" TERM; echo $$ > $OUT/$$.pid; while :; do sleep 1; done' & \
        echo $$ > $OUT/$$.pid; while :; do sleep 1; done";
    let request = launch("l1", 2, machine.shell(script, SHORT_MS));
    let start = now_ms();
    assert_eq!(invoke(&machine.provider(), &request).await.0, Outcome::started(2));
    wait_until("both workers and their children run", || machine.running() == 6).await;
    wait_until("no process runs", || machine.running() == 0).await;
    assert!(now_ms() <= start + SHORT_MS + DELAY_MS, "{} ms", now_ms() - start);
    wait_until("the exits are recorded", || exited(&machine) == 2).await;
    assert!(machine.records().iter().all(|record| record["exit"]["overdue"] == true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_gets_sigterm_before_its_deadline() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    let script = "trap 'echo bye > $OUT/bye; exit 3' TERM; \
        echo $$ > $OUT/$$.pid; while :; do sleep 0.05; done";
    let request = launch("l1", 1, machine.shell(script, SHORT_MS));
    assert_eq!(invoke(&machine.provider(), &request).await.0, Outcome::started(1));
    wait_until("the exit is recorded", || exited(&machine) == 1).await;
    assert!(machine.out("bye").exists());
    assert_eq!(machine.records()[0]["exit"]["code"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn descendants_end_with_their_worker() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    let script = "setsid sh -c 'echo $$ > $OUT/$$.pid; exec sleep 1000' & \
        while ! ls $OUT/*.pid; do sleep 0.01; done";
    let request = launch("l1", 1, machine.shell(script, MINUTE_MS));
    assert_eq!(invoke(&machine.provider(), &request).await.0, Outcome::started(1));
    wait_until("the exit is recorded", || exited(&machine) == 1).await;
    assert_eq!(machine.pids().len(), 1);
    assert_eq!(machine.running(), 0);
    wait_until("no process counts any more", || machine.host().running_processes() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_loses_its_supervisor_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    let request = launch("l1", 1, machine.shell(STAY, MINUTE_MS));
    assert_eq!(invoke(&machine.provider(), &request).await.0, Outcome::started(1));
    wait_until("the worker runs", || machine.running() == 1).await;
    let supervisor = machine.records()[0]["shepherd"].as_i64().unwrap();
    kill(Pid::from_raw(supervisor.try_into().unwrap()), Signal::SIGKILL).unwrap();
    wait_until("the worker is killed", || machine.running() == 0).await;
    // It was started, so another attempt does not start it again.
    assert_eq!(invoke(&machine.provider(), &request).await.0, Outcome::started(1));
    assert_eq!(machine.pids().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_ignores_every_signal_but_sigkill() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    let request = launch("l1", 1, machine.shell(STAY, SHORT_MS));
    assert_eq!(invoke(&machine.provider(), &request).await.0, Outcome::started(1));
    wait_until("the worker runs", || machine.running() == 1).await;
    let supervisor = machine.records()[0]["shepherd"].as_i64().unwrap();
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        kill(Pid::from_raw(supervisor.try_into().unwrap()), signal).unwrap();
    }
    wait_until("the exit is recorded", || exited(&machine) == 1).await;
    assert_eq!(machine.records()[0]["exit"]["overdue"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_of_a_killed_system_worker_run_to_their_deadline_and_are_not_started_twice() {
    let dir = tempfile::tempdir().unwrap();
    let start = now_ms();
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "termination::the_system_worker_that_is_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(DIR, dir.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let machine = TestMachine::new(dir.path());
    wait_until("three workers run", || machine.running() == 3).await;
    kill(Pid::from_raw(parent.id().try_into().unwrap()), Signal::SIGKILL).unwrap();
    parent.wait().unwrap();

    assert_eq!(machine.host().running_processes(), 3);
    let again = killed_launch(&machine);
    assert_eq!(invoke(&machine.provider(), &again).await.0, Outcome::started(3));
    assert_eq!(machine.running(), 3, "workers go on when nobody reads their output");
    let written = || fs::read_to_string(machine.out("beat")).unwrap().len();
    let before = written();
    wait_until("workers still write", || written() > before).await;

    wait_until("no process runs", || machine.running() == 0).await;
    assert!(now_ms() <= start + KILLED_MS + 2 * DELAY_MS, "{} ms", now_ms() - start);
    assert_eq!(machine.pids().len(), 3);
    wait_until("no process counts any more", || machine.host().running_processes() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_lost_their_supervisor_during_a_restart_are_found_without_another_launch() {
    let dir = tempfile::tempdir().unwrap();
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "termination::the_system_worker_that_is_killed", "--ignored"])
        .env(DIR, dir.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let machine = TestMachine::new(dir.path());
    let start = now_ms();
    wait_until("three workers run", || machine.running() == 3).await;
    kill(Pid::from_raw(parent.id().try_into().unwrap()), Signal::SIGKILL).unwrap();
    parent.wait().unwrap();
    for record in machine.records() {
        let supervisor = record["shepherd"].as_i64().unwrap();
        kill(Pid::from_raw(supervisor.try_into().unwrap()), Signal::SIGKILL).unwrap();
    }
    machine.resume();
    wait_until("no process runs", || machine.running() == 0).await;
    assert!(now_ms() <= start + KILLED_MS + DELAY_MS, "{} ms", now_ms() - start);
    wait_until("no record is left", || machine.records().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whose_supervisor_hangs_is_ended_soon_after_its_deadline() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    machine.resume();
    let request = launch("l1", 1, machine.shell(STAY, SHORT_MS));
    assert_eq!(invoke(&machine.provider(), &request).await.0, Outcome::started(1));
    wait_until("the worker runs", || machine.running() == 1).await;
    let supervisor = machine.records()[0]["shepherd"].as_i64().unwrap();
    kill(Pid::from_raw(supervisor.try_into().unwrap()), Signal::SIGSTOP).unwrap();
    wait_until("no process runs", || machine.running() == 0).await;
}

const KILLED_MS: u64 = 4_000;

fn killed_launch(machine: &TestMachine) -> LaunchRequest {
    let script = "trap '' TERM; echo $$ > $OUT/$$.pid; \
        while :; do echo beat; echo -n . >> $OUT/beat; sleep 0.02; done";
    launch("l1", 3, machine.shell(script, KILLED_MS))
}

/// Not a test: another test runs this in a separate process and kills it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "is run by another test"]
async fn the_system_worker_that_is_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let machine = TestMachine::new(Path::new(&dir));
    invoke(&machine.provider(), &killed_launch(&machine)).await;
    std::future::pending::<()>().await;
}

fn exited(machine: &TestMachine) -> usize {
    machine.records().iter().filter(|record| !record["exit"].is_null()).count()
}
