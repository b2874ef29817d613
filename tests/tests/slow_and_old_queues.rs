//! Queues that more workers do not help: a rate limit of the server, and tasks that no longer exist.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use wci_contract::{
    activities::{DECIDE, DecideOutput},
    decision::Reason,
};
use wci_tests::{Group, Load, SOON, SpecFile, Version, World, wait_for};

/// Tasks of each test.
const TASKS: usize = 60;
/// Idle workers stay for the library's default time: it is longer than the time between two tasks.
const IDLE_TIMEOUT: &str = "TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS";
const IDLE_TIMEOUT_MS: &str = "10000";
/// The age of a backlog that counts as old.
const OLD: Duration = Duration::from_secs(65);

/// Sets the rate limit of the version's activity tasks, tasks a second. The server refuses one of
/// workflow tasks.
async fn limit(world: &World, version: &Version, rate: &str) {
    let queue = ["task-queue", "config", "set", "--task-queue", &version.queue];
    let limit = ["--task-queue-type", "activity", "--queue-rps-limit", rate];
    let reason = ["--queue-rps-limit-reason", "a test"];
    world.temporal(&[&queue[..], &limit, &reason].concat()).await.ok();
}

/// The names of all reasons that the version's decisions have given.
async fn reasons(version: &Version) -> BTreeSet<String> {
    let activities = version.history().await.activities();
    let decisions = activities.iter().filter(|activity| activity.activity_type == DECIDE);
    let outputs = decisions.filter_map(|decision| decision.result::<DecideOutput>());
    let lines = outputs.flat_map(|output| output.groups.into_values()).flat_map(|it| it.reasons);
    lines.map(|line| Reason::parse(&line).name().to_owned()).collect()
}

async fn workers_started(version: &Version) -> u64 {
    version.dump().await.and_then(|state| state.wci).map_or(0, |wci| wci.workers_started)
}

/// Workers for as many workflow tasks at once, which no limit holds back, and some for the others.
const WORKERS: u64 = 55;

/// Serves activities at this rate, which takes this time at best; returns the reasons of the
/// decisions.
async fn a_limited_queue_is_served(rate: &str, lasts: Duration) -> BTreeSet<String> {
    let world = World::new().await;
    let version = world.version("limited");
    // One worker alone does not reach the limits of all partitions of a queue.
    let group = Group::greeters(&version.queue)
        .env(IDLE_TIMEOUT, IDLE_TIMEOUT_MS)
        .env("TEMPORAL_SERVERLESS_CONSOLIDATE", "off");
    version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
    limit(&world, &version, rate).await;
    let before = workers_started(&version).await;
    let began = Instant::now();
    version.load(TASKS, 10).await.done(lasts + SOON).await;
    let (took, workers) = (began.elapsed(), workers_started(&version).await - before);
    let reasons = reasons(&version).await;
    println!("{TASKS} tasks at {rate}/s took {took:?} and {workers} workers: {reasons:?}");
    assert!(workers <= WORKERS, "{workers} workers for {TASKS} tasks at {rate} a second");
    assert!(took < 2 * lasts + Duration::from_secs(10), "{took:?}");
    reasons
}

#[tokio::test]
async fn a_queue_limited_to_one_task_a_second_does_not_start_a_worker_for_each() {
    let reasons = a_limited_queue_is_served("1", Duration::from_secs(60)).await;
    let is_told = ["queue_rate_limit", "rate_limited_queue"].iter().any(|it| reasons.contains(*it));
    assert!(is_told, "{reasons:?}");
}

#[tokio::test]
async fn a_queue_limited_to_two_tasks_a_second_does_not_start_a_worker_for_each() {
    a_limited_queue_is_served("2", Duration::from_secs(30)).await;
}

/// Starts workflows while the system worker is away, and waits until their tasks are old. Returns
/// them, and the workers that were started before.
async fn old_backlog(world: &mut World, version: &Version, is_terminated: bool) -> (Load, u64) {
    version.at_zero().await;
    let before = workers_started(version).await;
    world.worker().kill();
    let load = version.load(TASKS, 10).await;
    if is_terminated {
        load.terminate().await;
    }
    wait_for("an old backlog", OLD + SOON, async || {
        version.backlog().await.is_some_and(|(_, age)| age > OLD).then_some(())
    })
    .await;
    (load, before)
}

#[tokio::test]
async fn workflows_that_were_terminated_meanwhile_start_a_few_workers_at_most() {
    let mut world = World::new().await;
    let version = world.version("terminated");
    let (_, before) = old_backlog(&mut world, &version, true).await;
    world.worker().restart().await;
    wait_for("a worker for the old backlog", SOON, async || {
        (workers_started(&version).await > before).then_some(())
    })
    .await;
    // The server repeats its stats for some seconds.
    wait_for("an empty backlog", SOON, async || {
        version.backlog().await.is_some_and(|(waiting, _)| waiting == 0).then_some(())
    })
    .await;
    version.scaled_to_zero().await;
    let workers = workers_started(&version).await - before;
    println!("{workers} workers for {TASKS} terminated workflows: {:?}", reasons(&version).await);
    assert!(workers <= 4, "{workers} workers for workflows that no longer exist");
}

#[tokio::test]
async fn an_old_backlog_that_exists_is_served_within_seconds() {
    let mut world = World::new().await;
    let version = world.version("old");
    let (load, before) = old_backlog(&mut world, &version, false).await;
    world.worker().restart().await;
    let began = Instant::now();
    load.done(SOON).await;
    let (took, workers) = (began.elapsed(), workers_started(&version).await - before);
    println!(
        "{TASKS} old tasks took {took:?} and {workers} workers: {:?}",
        reasons(&version).await
    );
    assert!(took < Duration::from_secs(30), "{took:?}");
}
