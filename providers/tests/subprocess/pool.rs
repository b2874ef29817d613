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
    ground::{Ground, STAY, lives, now_ms, wait_until},
    support::{map, scope},
};

/// Where the process that is to be killed finds its folders.
const DIR: &str = "WCI_TEST_DIR";
/// Says that it leaves, and does so when it has finished.
const BUSY: &str = "trap 'touch $OUT/leaving' TERM; echo $$ > $OUT/$$.pid; \
    while ! [ -e $OUT/leaving -a -e $OUT/finished ]; do sleep 0.02; done; touch $OUT/done";
/// Hears nothing.
const DEAF: &str = "trap '' TERM; echo $$ > $OUT/$$.pid; while :; do sleep 0.1; done";

async fn resize(ground: &Ground, count: u32, config: Value) -> Outcome {
    let asked_ms = i64::try_from(now_ms()).unwrap();
    let request = ResizeRequest { scope: scope(), count, config: map(config), asked_ms };
    ground.pool().resize(&request).await
}

/// A pool of `count` processes that run `script`, all there.
async fn pool(ground: &Ground, count: u32, script: &str) {
    assert_eq!(resize(ground, count, ground.pool_of(script)).await, Outcome::started(count));
    has(ground, count).await;
}

async fn has(ground: &Ground, count: u32) {
    let count = usize::try_from(count).unwrap();
    wait_until(&format!("{count} processes live"), || ground.living() == count).await;
}

fn first(ground: &Ground) -> Pid {
    ground.pids().into_iter().find(|pid| lives(*pid)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_gets_a_successor() {
    let dir = tempfile::tempdir().unwrap();
    let ground = Ground::new(dir.path());
    pool(&ground, 2, STAY).await;
    kill(first(&ground), Signal::SIGKILL).unwrap();
    wait_until("a third is started", || ground.pids().len() == 3).await;
    has(&ground, 2).await;
    assert_eq!(ground.host().living(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_too_many_finishes_what_it_does_and_is_no_help_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let ground = Ground::new(dir.path());
    pool(&ground, 2, BUSY).await;
    assert_eq!(resize(&ground, 1, ground.pool_of(BUSY)).await, Outcome::started(0));
    wait_until("one is told to leave", || ground.out("leaving").exists()).await;
    assert_eq!(ground.living(), 2);
    assert_eq!(resize(&ground, 2, ground.pool_of(BUSY)).await, Outcome::started(1));
    wait_until("another is started", || ground.pids().len() == 3).await;
    has(&ground, 3).await;
    assert!(!ground.out("done").exists(), "it was given its time");
    fs::write(ground.out("finished"), "").unwrap();
    wait_until("it has finished", || ground.out("done").exists()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_does_not_leave_is_ended_after_the_stop_timeout() {
    let dir = tempfile::tempdir().unwrap();
    let ground = Ground::new(dir.path());
    pool(&ground, 1, DEAF).await;
    resize(&ground, 0, json!({})).await;
    has(&ground, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_of_none_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let ground = Ground::new(dir.path());
    pool(&ground, 3, STAY).await;
    assert!(ground.pool_files() > 0);
    // Whatever the spec says by now.
    assert_eq!(resize(&ground, 0, json!({"command": "gone"})).await, Outcome::started(0));
    has(&ground, 0).await;
    wait_until("its files are gone", || ground.pool_files() == 0).await;
    assert_eq!(ground.records().len(), 0);
    assert_eq!(resize(&ground, 0, json!({})).await, Outcome::started(0));
    assert_eq!(ground.pool_files(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_told_who_it_is_and_to_stay() {
    let dir = tempfile::tempdir().unwrap();
    let ground = Ground::new(dir.path());
    pool(
        &ground,
        1,
        "env > $OUT/env.part; mv $OUT/env.part $OUT/env; echo $$ > $OUT/$$.pid; exec sleep 1000",
    )
    .await;
    let env = fs::read_to_string(ground.out("env")).unwrap();
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
async fn other_settings_replace_every_process() {
    let dir = tempfile::tempdir().unwrap();
    let ground = Ground::new(dir.path());
    pool(&ground, 2, STAY).await;
    let before = ground.pids();
    let script = "echo $$ > $OUT/$$.pid; echo new >> $OUT/new; exec sleep 1000";
    resize(&ground, 2, ground.pool_of(script)).await;
    wait_until("the old ones are gone", || !before.iter().any(|pid| lives(*pid))).await;
    has(&ground, 2).await;
    assert_eq!(ground.pids().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_of_which_nobody_speaks_any_more_ends_and_the_next_word_begins_it_again() {
    let dir = tempfile::tempdir().unwrap();
    let ground = Ground::with_lapse(dir.path(), Duration::from_secs(3));
    pool(&ground, 2, STAY).await;
    let before = ground.pids();
    has(&ground, 0).await;
    wait_until("its files are gone", || ground.pool_files() == 0).await;
    pool(&ground, 1, STAY).await;
    assert_eq!(ground.pids().len(), before.len() + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_size_of_a_pool_can_be_asked_for_wanted_and_running() {
    let dir = tempfile::tempdir().unwrap();
    let ground = Ground::new(dir.path());
    assert_eq!(ground.host().worker_sets(), []);
    pool(&ground, 2, BUSY).await;
    let is_of_size = |wanted, running| {
        let size = SetSize { scope: scope(), provider_type: "subprocess-pool", wanted, running };
        ground.host().worker_sets() == [size]
    };
    wait_until("two run", || is_of_size(2, 2)).await;
    resize(&ground, 1, ground.pool_of(BUSY)).await;
    // The one that finishes its work is no help any more.
    wait_until("one is to run", || is_of_size(1, 1)).await;
    assert_eq!(ground.living(), 2);
    fs::write(ground.out("finished"), "").unwrap();
    resize(&ground, 0, json!({})).await;
    wait_until("there is no pool", || ground.host().worker_sets().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_system_workers_on_one_machine_keep_a_pool_together() {
    let dir = tempfile::tempdir().unwrap();
    let (ground, other) = (Ground::new(dir.path()), Ground::new(dir.path()));
    pool(&ground, 3, STAY).await;
    other.pool().resume("default");
    assert_eq!(resize(&other, 4, other.pool_of(STAY)).await, Outcome::started(1));
    has(&ground, 4).await;
    kill(first(&ground), Signal::SIGKILL).unwrap();
    wait_until("a fifth is started", || ground.pids().len() == 5).await;
    has(&ground, 4).await;
    assert_eq!(ground.pids().len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_size_that_cannot_be_is_refused_by_kind() {
    let dir = tempfile::tempdir().unwrap();
    let ground = Ground::with_max(dir.path(), 3);
    let outcome = resize(&ground, 4, ground.pool_of(STAY)).await;
    assert_eq!((outcome.class, outcome.throttled), (Some(FailureClass::Throttled), 4));
    assert!(outcome.message.contains("--max-processes"), "{}", outcome.message);
    let outcome = resize(&ground, 1, json!({"command": "greeter"})).await;
    assert_eq!(outcome.class, Some(FailureClass::Forbidden));
    assert!(outcome.message.contains("--allow-command greeter="), "{}", outcome.message);
    assert_eq!(ground.pool_files(), 0);
}

/// The pool of a system worker that is killed.
async fn orphaned(dir: &Path) {
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "pool::the_keeper_that_is_killed", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let ground = Ground::new(dir);
    has(&ground, 3).await;
    kill(Pid::from_raw(parent.id().try_into().unwrap()), Signal::SIGKILL).unwrap();
    parent.wait().unwrap();
    std::mem::forget(ground);
}

/// Short enough to be waited for, longer than it takes to become the next keeper.
const LEASE: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_after_a_killed_keeper_goes_on_with_what_is_there() {
    let dir = tempfile::tempdir().unwrap();
    orphaned(dir.path()).await;
    let ground = Ground::new(dir.path());
    ground.pool().resume("default");
    kill(first(&ground), Signal::SIGKILL).unwrap();
    wait_until("a fourth is started", || ground.pids().len() == 4).await;
    has(&ground, 3).await;
    assert_eq!((ground.pids().len(), ground.host().living()), (4, 3));
    resize(&ground, 1, ground.pool_of(STAY)).await;
    has(&ground, 1).await;
    assert_eq!(ground.pids().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_nobody_keeps_any_more_ends_after_its_lease() {
    let dir = tempfile::tempdir().unwrap();
    orphaned(dir.path()).await;
    let ground = Ground::new(dir.path());
    has(&ground, 0).await;
}

/// Not a test: another test runs this in a process of its own and kills it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "is run by another test"]
async fn the_keeper_that_is_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let ground = Ground::with_lease(Path::new(&dir), LEASE);
    resize(&ground, 3, ground.pool_of(STAY)).await;
    std::future::pending::<()>().await;
}
