//! Measures the overhead of a worker's run: from an invocation, or the start of a process, until
//! the server dispatches the first task, and from the last task until the worker exits. It compares
//! the worker library, in Lambda mode and as a process, with the SDK's worker alone. It also
//! measures the function's start under `cargo lambda watch`, and its size as a zip.
//!
//! Run it with `make bench-worker`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "so it fails")]

use std::time::{Duration, SystemTime};

use wci_tests::{
    Emulator, Environment, Event, FUNCTION, Greeter, Load, SOON, Version, World, built, wait_for,
};

const SAMPLES: usize = 21;
/// Each starts a new `cargo lambda watch`.
const COLD_STARTS: usize = 7;
const IDLE: Duration = Duration::from_millis(300);
const MINUTE: Duration = Duration::from_secs(60);

/// The overhead of one run: the time to the first task, and from the last task, or from SIGTERM, to
/// the exit. The idle wait is not counted.
#[derive(Clone, Copy)]
struct Overhead {
    first_task: Duration,
    shutdown: Duration,
}

#[tokio::main]
async fn main() {
    let world = World::builder().workers(0).start().await;
    let version = world.version("bench-worker");
    let idle = IDLE.as_millis().to_string();
    let greeter = version.greeter().env("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", &idle);
    let log = world.dir().join("function.log");
    let environment = Environment::start(&greeter, &log).await;
    wait_until_known(&world, &version, &environment).await;
    let (mut lambda, mut process, mut bare, mut init) = (vec![], vec![], vec![], vec![]);
    let alone = greeter.clone().program(&built("bare-worker"));
    for _ in 0..SAMPLES {
        lambda.push(measure_invocation(&version, &environment).await);
        process.push(measure_process(&version, &greeter, &log).await);
        bare.push(measure_sigterm(&version, &alone, &log).await);
        init.push(measure_init(&greeter, &log).await);
    }
    let title = format!("median of {SAMPLES}, ms");
    println!("{title:42} {:>16} {:>16}", "first task", "last task → end");
    for (name, overheads) in [
        ("Lambda mode, environment warm", lambda),
        ("process of the worker library", process),
        ("process of the SDK's worker, on SIGTERM", bare),
    ] {
        let first = median(overheads.iter().map(|overhead| overhead.first_task).collect());
        let shutdown = median(overheads.iter().map(|overhead| overhead.shutdown).collect());
        println!("{name:42} {:>16.1} {:>16.1}", millis(first), millis(shutdown));
    }
    println!("{:42} {:>16.1}", "init: process start to first event request", millis(median(init)));
    let mut cold = Vec::new();
    for _ in 0..COLD_STARTS {
        cold.push(measure_emulated_init(&greeter, world.dir()).await);
    }
    let title = format!("the same in cargo lambda watch (of {COLD_STARTS})");
    println!("{title:42} {:>16.1}", millis(median(cold)));
    for kind in ["x86-64", "arm64"] {
        print_size(kind);
    }
}

/// From the start of the function's process to its first event.
async fn measure_emulated_init(greeter: &Greeter, dir: &std::path::Path) -> Duration {
    let dir = tempfile::tempdir_in(dir).unwrap();
    let emulator = Emulator::start(&[(FUNCTION, greeter)], 1, dir.path()).await;
    emulator.invoke(FUNCTION).await.unwrap();
    emulator.init().expect("its start in the log")
}

/// Prints the size of the package that `make function` made.
fn print_size(kind: &str) {
    let program = built("greeter");
    let target = program.parent().and_then(std::path::Path::parent).unwrap();
    let zip = target.join("lambda").join(kind).join("greeter/bootstrap.zip");
    let title = format!("zip of the function for {kind}, MB");
    match std::fs::metadata(zip) {
        Ok(zip) => println!("{title:42} {:>16.2}", zip.len() as f64 / 1e6),
        Err(_) => println!("{title:42} {:>16}", "make function"),
    }
}

async fn wait_until_known(world: &World, version: &Version, environment: &Environment) {
    let args = ["worker", "deployment", "set-current-version", "--deployment-name"];
    let args = [&args[..], &[version.id.deployment(), "--build-id", "v1", "--yes"]].concat();
    wait_for("the version to be known", SOON, async || {
        environment.invoke(Event::ending_in(MINUTE)).await;
        (world.temporal(&args).await.code == Some(0)).then_some(())
    })
    .await;
}

async fn measure_invocation(version: &Version, environment: &Environment) -> Overhead {
    let load = version.load(1, 0).await;
    let began = SystemTime::now();
    let result = environment.invoke(Event::ending_in(MINUTE)).await;
    let ended = SystemTime::now();
    let idle = Duration::from_millis(result.body["phases"]["idle_ms"].as_u64().unwrap());
    let (first, last) = first_and_last_event(&load).await;
    Overhead { first_task: since(first, began), shutdown: since(ended, last).saturating_sub(idle) }
}

async fn measure_process(version: &Version, greeter: &Greeter, log: &std::path::Path) -> Overhead {
    let load = version.load(1, 0).await;
    let began = SystemTime::now();
    let mut process = greeter.start(log);
    while process.is_running() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let ended = SystemTime::now();
    let (first, last) = first_and_last_event(&load).await;
    Overhead { first_task: since(first, began), shutdown: since(ended, last).saturating_sub(IDLE) }
}

async fn measure_sigterm(version: &Version, bare: &Greeter, log: &std::path::Path) -> Overhead {
    let load = version.load(1, 0).await;
    let began = SystemTime::now();
    let mut process = bare.start(log);
    load.done(SOON).await;
    // As idle as the others when they exit.
    tokio::time::sleep(IDLE).await;
    let (first, _) = first_and_last_event(&load).await;
    let terminated = SystemTime::now();
    process.terminate();
    while process.is_running() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Overhead { first_task: since(first, began), shutdown: since(SystemTime::now(), terminated) }
}

async fn measure_init(greeter: &Greeter, log: &std::path::Path) -> Duration {
    let environment = Environment::start(greeter, log).await;
    wait_for("the first event request of the function", SOON, async || environment.init()).await
}

async fn first_and_last_event(load: &Load) -> (SystemTime, SystemTime) {
    load.done(SOON).await;
    load.history(0).await.first_start_and_end().unwrap()
}

fn since(later: SystemTime, earlier: SystemTime) -> Duration {
    later.duration_since(earlier).unwrap_or_default()
}

fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all[all.len() / 2]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
