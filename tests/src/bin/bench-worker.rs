//! What a life costs besides its work, from outside: from an invocation, or the start of a
//! process, until the server hands out the first task, and from the last task until the end. The
//! worker library in Lambda mode and as a process, beside the SDK's worker alone. Then what the
//! function takes to be there: its start under `cargo lambda watch`, and its size as a zip.
//!
//! Run it with `make bench-worker`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "so it fails")]

use std::time::{Duration, SystemTime};

use wci_tests::{
    Emulator, Environment, Event, FUNCTION, Greeter, Load, SOON, Version, World, built, wait_for,
};

const SAMPLES: usize = 21;
/// Each starts `cargo lambda watch` anew.
const COLD_STARTS: usize = 7;
const IDLE: Duration = Duration::from_millis(300);
const MINUTE: Duration = Duration::from_secs(60);

/// One life: how long until its first task, and from its last one, or from being told, to its
/// end. The wait for more tasks is not counted.
#[derive(Clone, Copy)]
struct Cost {
    first_task: Duration,
    leaving: Duration,
}

#[tokio::main]
async fn main() {
    let world = World::builder().workers(0).start().await;
    let version = world.version("bench-worker");
    let idle = IDLE.as_millis().to_string();
    let greeter = version.greeter().env("TEMPORAL_SERVERLESS_IDLE_TIMEOUT_MS", &idle);
    let log = world.dir().join("function.log");
    let environment = Environment::start(&greeter, &log).await;
    known(&world, &version, &environment).await;
    let (mut lambda, mut process, mut bare, mut init) = (vec![], vec![], vec![], vec![]);
    let alone = greeter.clone().program_is(&built("bare-worker"));
    for _ in 0..SAMPLES {
        lambda.push(invoked(&version, &environment).await);
        process.push(started(&version, &greeter, &log).await);
        bare.push(told(&version, &alone, &log).await);
        init.push(initialised(&greeter, &log).await);
    }
    let title = format!("median of {SAMPLES}, ms");
    println!("{title:42} {:>16} {:>16}", "first task", "last task → end");
    for (name, costs) in [
        ("Lambda mode, environment warm", lambda),
        ("process of the worker library", process),
        ("process of the SDK's worker, on SIGTERM", bare),
    ] {
        let first = median(costs.iter().map(|cost| cost.first_task).collect());
        let leaving = median(costs.iter().map(|cost| cost.leaving).collect());
        println!("{name:42} {:>16.1} {:>16.1}", millis(first), millis(leaving));
    }
    println!("{:42} {:>16.1}", "init: process start to asking for an event", millis(median(init)));
    let mut cold = Vec::new();
    for _ in 0..COLD_STARTS {
        cold.push(emulated(&greeter, world.dir()).await);
    }
    let title = format!("the same in cargo lambda watch (of {COLD_STARTS})");
    println!("{title:42} {:>16.1}", millis(median(cold)));
    for kind in ["x86-64", "arm64"] {
        sized(kind);
    }
}

/// From the start of the function's process to its first event.
async fn emulated(greeter: &Greeter, dir: &std::path::Path) -> Duration {
    let dir = tempfile::tempdir_in(dir).unwrap();
    let emulator = Emulator::start(&[(FUNCTION, greeter)], 1, dir.path()).await;
    emulator.invoke(FUNCTION).await.unwrap();
    emulator.init().expect("its log tells of its start")
}

/// The function as `make function` has packaged it.
fn sized(kind: &str) {
    let program = built("greeter");
    let target = program.parent().and_then(std::path::Path::parent).unwrap();
    let zip = target.join("lambda").join(kind).join("greeter/bootstrap.zip");
    let title = format!("zip of the function for {kind}, MB");
    match std::fs::metadata(zip) {
        Ok(zip) => println!("{title:42} {:>16.2}", zip.len() as f64 / 1e6),
        Err(_) => println!("{title:42} {:>16}", "make function"),
    }
}

async fn known(world: &World, version: &Version, environment: &Environment) {
    let args = ["worker", "deployment", "set-current-version", "--deployment-name"];
    let args = [&args[..], &[version.id.deployment(), "--build-id", "v1", "--yes"]].concat();
    wait_for("the version to be known", SOON, async || {
        environment.invoke(Event::ending_in(MINUTE)).await;
        (world.temporal(&args).await.code == Some(0)).then_some(())
    })
    .await;
}

async fn invoked(version: &Version, environment: &Environment) -> Cost {
    let load = version.load(1, 0).await;
    let began = SystemTime::now();
    let answer = environment.invoke(Event::ending_in(MINUTE)).await;
    let ended = SystemTime::now();
    let idle = Duration::from_millis(answer.body["phases"]["idle_ms"].as_u64().unwrap());
    let (first, last) = seen(&load).await;
    Cost { first_task: since(first, began), leaving: since(ended, last).saturating_sub(idle) }
}

async fn started(version: &Version, greeter: &Greeter, log: &std::path::Path) -> Cost {
    let load = version.load(1, 0).await;
    let began = SystemTime::now();
    let mut process = greeter.start(log);
    while process.is_alive() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let ended = SystemTime::now();
    let (first, last) = seen(&load).await;
    Cost { first_task: since(first, began), leaving: since(ended, last).saturating_sub(IDLE) }
}

async fn told(version: &Version, bare: &Greeter, log: &std::path::Path) -> Cost {
    let load = version.load(1, 0).await;
    let began = SystemTime::now();
    let mut process = bare.start(log);
    load.done(SOON).await;
    // As idle as the others when they leave.
    tokio::time::sleep(IDLE).await;
    let (first, _) = seen(&load).await;
    let told = SystemTime::now();
    process.terminate();
    while process.is_alive() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Cost { first_task: since(first, began), leaving: since(SystemTime::now(), told) }
}

async fn initialised(greeter: &Greeter, log: &std::path::Path) -> Duration {
    let environment = Environment::start(greeter, log).await;
    wait_for("the function to ask for an event", SOON, async || environment.init()).await
}

async fn seen(load: &Load) -> (SystemTime, SystemTime) {
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
