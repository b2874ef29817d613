//! Workers consolidate: under a steady load, those that it does not need leave, and lose no task.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use wci_tests::{Greeter, Group, Process, SOON, SpecFile, Version, World, WorldBuilder, wait_for};

/// The limit for waits: every timeout of a lost task is longer.
const NO_TIMEOUT: Duration = Duration::from_secs(8);

/// A greeter that looks around as often as it may, and is never idle for long enough.
fn consolidating(version: &Version) -> Greeter {
    version
        .greeter()
        .env("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "60000")
        .env("TEMPORAL_SERVERLESS_ACTIVITY_SLOTS", "2")
        .env("TEMPORAL_SERVERLESS_CONSOLIDATE", "on")
        .env("TEMPORAL_SERVERLESS_CONSOLIDATE_MIN_LIFE_MS", "0")
        .env("TEMPORAL_SERVERLESS_CONSOLIDATE_INTERVAL_MS", "1000")
}

/// The reports of the workers that left as surplus.
fn surplus_reports(log: &std::path::Path) -> Vec<String> {
    let log = std::fs::read(log).unwrap_or_default();
    let log = String::from_utf8_lossy(&log).into_owned();
    let lines = log.lines().filter(|line| line.contains("worker stopped (surplus)"));
    lines.map(str::to_owned).collect()
}

fn running(workers: &mut Vec<Process>) -> usize {
    workers.retain_mut(Process::is_running);
    workers.len()
}

/// Starts the version's first worker and makes the version current.
async fn in_service(world: &World, version: &Version, log: &std::path::Path) -> Process {
    let first = consolidating(version).start(log);
    wait_for("the version's queues", SOON, async || (version.queues().await >= 2).then_some(()))
        .await;
    let (deployment, build) = (version.id.deployment(), version.id.build_id());
    let current = ["worker", "deployment", "set-current-version", "--yes", "--deployment-name"];
    world.temporal(&[&current[..], &[deployment, "--build-id", build]].concat()).await.ok();
    first
}

#[tokio::test]
async fn under_a_steady_load_the_surplus_leaves_and_the_needed_workers_stay() {
    let world = World::builder().workers(0).start().await;
    let (version, log) = (world.version("steady"), world.dir().join("greeters.log"));
    let mut workers = vec![in_service(&world, &version, &log).await];
    let load = version.steady_load_of(Duration::from_millis(200), 100);
    workers.extend((0..7).map(|_| consolidating(&version).start(&log)));
    // Half a busy slot on average: one or two workers are needed.
    wait_for("the surplus to leave", SOON, async || (running(&mut workers) <= 2).then_some(()))
        .await;
    load.wait_for_more(50).await;
    assert!(running(&mut workers) >= 1, "one stays");
    for history in load.histories().await {
        assert!(history.longest_wait() < NO_TIMEOUT, "{:?}", history.longest_wait());
        assert_eq!(history.timed_out_tasks(), 0);
    }
    let reports = surplus_reports(&log);
    assert!(reports.len() >= 6, "{reports:#?}");
    assert!(reports.iter().all(|report| report.contains("\"abandoned\":0")), "{reports:#?}");
}

#[tokio::test]
#[ignore = "it takes two minutes: run it alone after a change of how workers leave"]
async fn five_hundred_workers_leave_under_load_and_no_task_waits_for_a_timeout() {
    workers_leave_under_load(World::builder(), 500).await;
}

#[tokio::test]
#[ignore = "it takes minutes: run it alone after a change of how workers leave"]
async fn where_the_server_ends_no_polls_workers_leave_after_their_last_ones() {
    let config = "frontend.enableCancelWorkerPollsOnShutdown=false";
    workers_leave_under_load(World::builder().dynamic_config(config), 60).await;
}

/// Lets so many workers leave under load: no task may wait for a timeout.
async fn workers_leave_under_load(world: WorldBuilder, leaves: usize) {
    const MOST_ALIVE: usize = 30;
    let world = world.workers(0).start().await;
    let (version, log) = (world.version("leavers"), world.dir().join("greeters.log"));
    let mut workers = vec![in_service(&world, &version, &log).await];
    let load = version.steady_load_of(Duration::from_millis(150), 200);
    let (began, mut started) = (Instant::now(), 0_usize);
    while surplus_reports(&log).len() < leaves {
        // At this pace there are always enough younger ones: each leaves soon.
        if running(&mut workers) < MOST_ALIVE {
            // Workers for activities alone share the queue with workers for everything.
            let role = if started.is_multiple_of(3) { "both" } else { "activities" };
            workers.push(consolidating(&version).env("GREETER_ROLE", role).start(&log));
            started += 1;
        }
        assert!(began.elapsed() < Duration::from_secs(600), "{}", surplus_reports(&log).len());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let histories = load.histories().await;
    println!("{} workflows, {leaves} leaves in {:?}", histories.len(), began.elapsed());
    let longest = histories.iter().map(|history| history.longest_wait()).max().unwrap();
    println!("longest wait {longest:?}");
    let timeouts: Vec<_> = histories.iter().flat_map(|history| history.timeouts()).collect();
    let timed_out: usize = histories.iter().map(|history| history.timed_out_tasks()).sum();
    assert_eq!(timed_out, 0, "longest wait {longest:?}: {timeouts:#?}");
    assert!(longest < NO_TIMEOUT, "{longest:?}");
    let reports = surplus_reports(&log);
    assert!(reports.iter().all(|report| report.contains("\"abandoned\":0")), "{reports:#?}");
}

#[tokio::test]
async fn a_worker_that_is_not_needed_completes_the_long_task_that_it_has() {
    let world = World::builder().workers(0).start().await;
    let (version, log) = (world.version("long"), world.dir().join("greeters.log"));
    let mut first = in_service(&world, &version, &log).await;
    // Longer than the worker stop timeout of 5 s, after which the shutdown abandons tasks.
    let long = version.load(1, 12_000).await;
    wait_for("the long task to start", SOON, async || long.is_working().await.then_some(())).await;
    let mut younger: Vec<_> = (0..3).map(|_| consolidating(&version).start(&log)).collect();
    long.done(SOON).await;
    assert_eq!(long.history(0).await.timed_out_tasks(), 0);
    first.exited(SOON).await;
    assert!(running(&mut younger) >= 1, "the youngest stays");
    let reports = surplus_reports(&log);
    assert!(reports.iter().all(|report| report.contains("\"abandoned\":0")), "{reports:#?}");
}

#[tokio::test]
async fn on_a_server_that_lists_no_workers_nobody_leaves() {
    let config = "frontend.WorkerHeartbeatsEnabled=false";
    let world = World::builder().workers(0).dynamic_config(config).start().await;
    let (version, log) = (world.version("unlisted"), world.dir().join("greeters.log"));
    let mut workers = vec![in_service(&world, &version, &log).await];
    let load = version.steady_load_of(Duration::from_millis(200), 10);
    workers.extend((0..3).map(|_| consolidating(&version).start(&log)));
    // Each worker looks about once a second; fifteen seconds of load are enough to leave.
    load.wait_for_more(75).await;
    assert_eq!(running(&mut workers), 4);
    load.histories().await;
}

/// The running launched workers of `version`.
fn alive(world: &World, version: &Version) -> usize {
    let name = format!("TEMPORAL_DEPLOYMENT_NAME={}\0", version.id.deployment());
    let is_of = |worker: &wci_tests::Launched| {
        let variables = std::fs::read(format!("/proc/{}/environ", worker.pid)).unwrap_or_default();
        String::from_utf8_lossy(&variables).contains(&name)
    };
    world.running_workers().iter().filter(|worker| is_of(worker)).count()
}

/// The waits of all tasks, sorted, in milliseconds.
fn waits(histories: &[wci_tests::History]) -> Vec<u128> {
    let mut waits: Vec<_> = histories.iter().flat_map(|history| history.waits()).collect();
    waits.sort_unstable();
    waits.iter().map(Duration::as_millis).collect()
}

/// Not a test of its own: it measures for minutes what the rule is worth, side by side.
#[tokio::test]
#[ignore = "a measurement of five minutes: run it alone, and read its output"]
async fn measured_with_and_without_the_rule() {
    let lasts = std::env::var("MEASURE_SECONDS").ok().and_then(|text| text.parse().ok());
    let lasts = Duration::from_secs(lasts.unwrap_or(300));
    let world = World::new().await;
    let mut sides = Vec::new();
    for (name, consolidate) in [("with", "on"), ("without", "off")] {
        let version = world.version(name);
        let group = Group::greeters(name)
            .provider("lifetime_ms", 600_000)
            .env("TEMPORAL_SERVERLESS_ACTIVITY_SLOTS", "2")
            .env("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", "10000")
            .env("TEMPORAL_SERVERLESS_CONSOLIDATE", consolidate);
        version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
        sides.push((name, version, 0.0, 0_usize));
    }
    let loads = [0, 1].map(|side| sides[side].1.steady_load_of(Duration::from_millis(125), 200));
    let (began, mut samples) = (Instant::now(), 0.0);
    while began.elapsed() < lasts {
        tokio::time::sleep(Duration::from_millis(500)).await;
        samples += 1.0;
        for (_, version, sum, most) in &mut sides {
            let alive = alive(&world, version);
            *sum += f64::from(u32::try_from(alive).unwrap());
            *most = alive.max(*most);
        }
    }
    for ((name, version, sum, most), load) in sides.into_iter().zip(loads) {
        let histories = load.histories().await;
        let waits = waits(&histories);
        let at = |percent: usize| waits[(waits.len() - 1) * percent / 100];
        let started = version.history().await.workers_started();
        println!(
            "{name}: {:.1} workers alive on average, {most} at most, {started} started; {} tasks/s; \
             queue time p50 {} ms, p95 {} ms, p99 {} ms, max {} ms",
            sum / samples,
            histories.len() / usize::try_from(lasts.as_secs()).unwrap(),
            at(50),
            at(95),
            at(99),
            at(100)
        );
    }
}
