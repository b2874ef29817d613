//! Workers of other SDKs: nothing depends on the worker library of this project.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wci_tests::{
    Group, Process, SOON, SpecFile, World, python_worker, python_worker_tests, wait_for,
};

#[tokio::test]
async fn a_python_worker_is_started_completes_the_tasks_and_exits() {
    let dir = tempfile::tempdir().unwrap();
    let command = format!("python={}", python_worker(dir.path()).await.display());
    let world = World::builder().worker_args(&["--allow-command", &command]).start().await;
    let version = world.version("python");
    let group = Group::command("python", &version.queue);
    version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
    let load = version.load(5, 100).await;
    load.done(SOON).await;
    version.scaled_to_zero().await;
    assert_eq!(load.history(0).await.versions(), ["python.v1"]);
    let history = version.history().await;
    assert_eq!(history.failed_tasks(), 0);
    assert!((1..=5).contains(&history.workers_started()), "{:#?}", history.launches());
}

#[tokio::test]
async fn python_workers_that_the_load_does_not_need_leave_and_lose_no_task() {
    let world = World::builder().workers(0).start().await;
    let (version, log) = (world.version("python"), world.dir().join("python.log"));
    let python = python_worker(world.dir()).await;
    // It reads a point in time.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let deadline = (now + Duration::from_secs(300)).as_millis().to_string();
    let worker = version
        .greeter()
        .program(&python)
        .env("TEMPORAL_SERVERLESS_DEADLINE_MS", &deadline)
        .env("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "60000")
        .env("TEMPORAL_SERVERLESS_CONSOLIDATE_INTERVAL_MS", "1000");
    let mut workers = vec![worker.start(&log)];
    wait_for("the version's queues", SOON, async || (version.queues().await >= 2).then_some(()))
        .await;
    let current = ["worker", "deployment", "set-current-version", "--yes", "--build-id", "v1"];
    world.temporal(&[&current[..], &["--deployment-name", "python"]].concat()).await.ok();
    let load = version.steady_load_of(Duration::from_millis(200), 100);
    workers.extend((0..3).map(|_| worker.start(&log)));
    wait_for("the surplus to leave", SOON, async || {
        workers.retain_mut(Process::is_running);
        (workers.len() <= 1).then_some(())
    })
    .await;
    load.wait_for_more(20).await;
    assert_eq!(workers.iter_mut().filter_map(|it| it.is_running().then_some(())).count(), 1);
    for history in load.histories().await {
        assert!(history.longest_wait() < Duration::from_secs(8), "{:?}", history.longest_wait());
        assert_eq!(history.timed_out_tasks(), 0);
    }
    let log = std::fs::read_to_string(&log).unwrap();
    assert_eq!(log.matches("worker stopped (surplus)").count(), 3, "{log}");
}

#[tokio::test]
async fn the_rule_in_python_judges_like_the_one_in_rust() {
    let output = python_worker_tests().await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
