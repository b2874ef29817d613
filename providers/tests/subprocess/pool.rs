//! The provider `subprocess-pool`, with real processes.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use wci_contract::{FailureClass, launch::Outcome};
use wci_providers::{ResizeRequest, SetSize};

use crate::{
    support::{map, scope},
    test_machine::{STAY, TestMachine, is_running, now_ms, wait_until},
};

/// Names the test's folder to the process that the test kills.
const DIR: &str = "WCI_TEST_DIR";
/// Writes a file when it gets SIGTERM, and exits when its work is finished.
const BUSY: &str = "trap 'touch $OUT/leaving' TERM; echo $$ > $OUT/$$.pid; \
    while ! [ -e $OUT/leaving -a -e $OUT/finished ]; do sleep 0.02; done; touch $OUT/done";
/// Ignores SIGTERM.
const STUBBORN: &str = "trap '' TERM; echo $$ > $OUT/$$.pid; while :; do sleep 0.1; done";

async fn resize(machine: &TestMachine, count: u32, config: Value) -> Outcome {
    let requested_ms = i64::try_from(now_ms()).unwrap();
    let max_growth = u32::MAX;
    let config = map(config);
    let request = ResizeRequest { scope: scope(), count, config, requested_ms, max_growth };
    machine.pool().resize(&request).await
}

/// Resizes the pool to `count` processes that run `script`, and waits until all run.
async fn pool(machine: &TestMachine, count: u32, script: &str) {
    assert_eq!(resize(machine, count, machine.pool_of(script)).await, Outcome::started(count));
    await_running(machine, count).await;
}

async fn await_running(machine: &TestMachine, count: u32) {
    let count = usize::try_from(count).unwrap();
    wait_until(&format!("{count} processes run"), || machine.running() == count).await;
}

fn first(machine: &TestMachine) -> Pid {
    machine.pids().into_iter().find(|pid| is_running(*pid)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    pool(&machine, 2, STAY).await;
    kill(first(&machine), Signal::SIGKILL).unwrap();
    wait_until("a third is started", || machine.pids().len() == 3).await;
    await_running(&machine, 2).await;
    assert_eq!(machine.host().running_processes(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_surplus_process_may_finish_its_work_and_does_not_count_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    pool(&machine, 2, BUSY).await;
    assert_eq!(resize(&machine, 1, machine.pool_of(BUSY)).await, Outcome::started(0));
    wait_until("one is told to stop", || machine.out("leaving").exists()).await;
    assert_eq!(machine.running(), 2);
    assert_eq!(resize(&machine, 2, machine.pool_of(BUSY)).await, Outcome::started(1));
    wait_until("another is started", || machine.pids().len() == 3).await;
    await_running(&machine, 3).await;
    assert!(!machine.out("done").exists(), "it may finish its work");
    fs::write(machine.out("finished"), "").unwrap();
    wait_until("it has finished", || machine.out("done").exists()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ignores_sigterm_is_killed_after_the_stop_timeout() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    pool(&machine, 1, STUBBORN).await;
    resize(&machine, 0, json!({})).await;
    await_running(&machine, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_of_size_zero_leaves_no_files() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    pool(&machine, 3, STAY).await;
    assert!(machine.pool_files() > 0);
    // The new config does not matter.
    assert_eq!(resize(&machine, 0, json!({"command": "gone"})).await, Outcome::started(0));
    await_running(&machine, 0).await;
    wait_until("its files are gone", || machine.pool_files() == 0).await;
    assert_eq!(machine.records().len(), 0);
    assert_eq!(resize(&machine, 0, json!({})).await, Outcome::started(0));
    assert_eq!(machine.pool_files(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_gets_its_identity_and_no_idle_timeout() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    pool(
        &machine,
        1,
        "env > $OUT/env.part; mv $OUT/env.part $OUT/env; echo $$ > $OUT/$$.pid; exec sleep 1000",
    )
    .await;
    let env = fs::read_to_string(machine.out("env")).unwrap();
    for line in [
        "TEMPORAL_DEPLOYMENT_NAME=orders",
        "TEMPORAL_WORKER_BUILD_ID=v1",
        "TEMPORAL_ADDRESS=127.0.0.1:7233",
        "TEMPORAL_SERVERLESS_IDENTITY=orders:v1/all/0@sh",
        "TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS=off",
        "TEMPORAL_SERVERLESS_TERMINATION_GRACE_MS=5000",
    ] {
        assert!(env.lines().any(|other| other == line), "{line} is not in {env}");
    }
    assert!(!env.contains("DEADLINE_MS"), "{env}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_config_replaces_every_process() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    pool(&machine, 2, STAY).await;
    let before = machine.pids();
    let script = "echo $$ > $OUT/$$.pid; echo new >> $OUT/new; exec sleep 1000";
    resize(&machine, 2, machine.pool_of(script)).await;
    wait_until("the old ones are gone", || !before.iter().any(|pid| is_running(*pid))).await;
    await_running(&machine, 2).await;
    assert_eq!(machine.pids().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_without_requests_ends_and_the_next_request_starts_it_again() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::with_lapse(dir.path(), Duration::from_secs(3));
    pool(&machine, 2, STAY).await;
    let before = machine.pids();
    await_running(&machine, 0).await;
    wait_until("its files are gone", || machine.pool_files() == 0).await;
    pool(&machine, 1, STAY).await;
    assert_eq!(machine.pids().len(), before.len() + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_reports_the_desired_and_the_running_size_of_a_pool() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::new(dir.path());
    assert_eq!(machine.host().worker_sets(), []);
    pool(&machine, 2, BUSY).await;
    let is_of_size = |wanted, running| {
        let size = SetSize { scope: scope(), provider_type: "subprocess-pool", wanted, running };
        machine.host().worker_sets() == [size]
    };
    wait_until("two run", || is_of_size(2, 2)).await;
    resize(&machine, 1, machine.pool_of(BUSY)).await;
    // The one that finishes its work does not count any more.
    wait_until("one counts as running", || is_of_size(1, 1)).await;
    assert_eq!(machine.running(), 2);
    fs::write(machine.out("finished"), "").unwrap();
    resize(&machine, 0, json!({})).await;
    wait_until("there is no pool", || machine.host().worker_sets().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_system_workers_on_one_machine_share_a_pool() {
    let dir = tempfile::tempdir().unwrap();
    let (machine, other) = (TestMachine::new(dir.path()), TestMachine::new(dir.path()));
    pool(&machine, 3, STAY).await;
    other.pool().resume("default");
    assert_eq!(resize(&other, 4, other.pool_of(STAY)).await, Outcome::started(1));
    await_running(&machine, 4).await;
    kill(first(&machine), Signal::SIGKILL).unwrap();
    wait_until("a fifth is started", || machine.pids().len() == 5).await;
    await_running(&machine, 4).await;
    assert_eq!(machine.pids().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_impossible_size_is_refused_with_its_class() {
    let dir = tempfile::tempdir().unwrap();
    let machine = TestMachine::with_max(dir.path(), 3);
    let outcome = resize(&machine, 4, machine.pool_of(STAY)).await;
    assert_eq!((outcome.class, outcome.throttled), (Some(FailureClass::Throttled), 4));
    assert!(outcome.message.contains("--max-processes"), "{}", outcome.message);
    let outcome = resize(&machine, 1, json!({"command": "greeter"})).await;
    assert_eq!(outcome.class, Some(FailureClass::Forbidden));
    assert!(outcome.message.contains("--allow-command greeter="), "{}", outcome.message);
    assert_eq!(machine.pool_files(), 0);
}

/// Leaves the pool of a system worker that was killed.
async fn orphaned(dir: &Path) {
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "pool::the_owner_that_is_killed", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let machine = TestMachine::new(dir);
    await_running(&machine, 3).await;
    kill(Pid::from_raw(parent.id().try_into().unwrap()), Signal::SIGKILL).unwrap();
    parent.wait().unwrap();
    std::mem::forget(machine);
}

/// Short enough to wait for, longer than it takes to become the next owner.
const LEASE: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_after_a_killed_one_takes_over_its_processes() {
    let dir = tempfile::tempdir().unwrap();
    orphaned(dir.path()).await;
    let machine = TestMachine::new(dir.path());
    machine.pool().resume("default");
    kill(first(&machine), Signal::SIGKILL).unwrap();
    wait_until("a fourth is started", || machine.pids().len() == 4).await;
    await_running(&machine, 3).await;
    assert_eq!((machine.pids().len(), machine.host().running_processes()), (4, 3));
    resize(&machine, 1, machine.pool_of(STAY)).await;
    await_running(&machine, 1).await;
    assert_eq!(machine.pids().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_without_an_owner_ends_after_its_lease() {
    let dir = tempfile::tempdir().unwrap();
    orphaned(dir.path()).await;
    let machine = TestMachine::new(dir.path());
    await_running(&machine, 0).await;
}

/// Not a test: another test runs this in a separate process and kills it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "is run by another test"]
async fn the_owner_that_is_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let machine = TestMachine::with_lease(Path::new(&dir), LEASE);
    resize(&machine, 3, machine.pool_of(STAY)).await;
    std::future::pending::<()>().await;
}
