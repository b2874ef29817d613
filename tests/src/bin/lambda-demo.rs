//! Scaling from zero with AWS Lambda, without AWS: the server, `wci worker`, the AWS SDK, Lambda's
//! runtime API (`cargo lambda watch`) and the function are real; only Lambda's control plane is a
//! stand-in.
//!
//! Run it with `make lambda-demo`, `make lambda-demo TASKS=1`, `make lambda-demo ARGS=--keep`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "so it fails")]

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use wci_tests::{Emulator, FUNCTION, Group, SpecFile, World, wait_for};

const CONCURRENCY: usize = 4;
const TIMEOUT: Duration = Duration::from_secs(300);
const USAGE: &str = "lambda-demo [TASKS] [--keep]: TASKS is from 1 to 1000, 20 by default; --keep \
                     leaves everything running until Ctrl-C";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (flags, numbers): (Vec<&str>, Vec<&str>) =
        arguments.iter().map(String::as_str).partition(|argument| argument.starts_with('-'));
    let tasks = match numbers[..] {
        [] => Some(20),
        [one] => one.parse().ok().filter(|tasks| (1..=1000).contains(tasks)),
        _ => None,
    };
    match (tasks, &flags[..]) {
        (Some(tasks), []) => run_demo(tasks, false).await,
        (Some(tasks), ["--keep"]) => run_demo(tasks, true).await,
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

async fn run_demo(tasks: usize, keep: bool) {
    let began = Instant::now();
    let log = |text: &str| println!("{:6.1} s  {text}", began.elapsed().as_secs_f64());
    log("starting a Temporal dev server, a stand-in for Lambda's control plane, and wci worker");
    let world = World::builder().with_lambda().start().await;
    let version = world.version("greeter");
    let functions = [(FUNCTION, &version.greeter())];
    let emulator = Emulator::start(&functions, CONCURRENCY, world.dir()).await;
    world.lambda().forwards(FUNCTION, &emulator);
    log(&format!("cargo lambda watch runs the function {FUNCTION}, at most {CONCURRENCY} at once"));
    let spec = SpecFile::of(&version.id).group("default", Group::lambda(FUNCTION));
    println!("{}", version.apply(&spec).await.ok().stdout.trim_end());
    wait_for("the function to register the version", TIMEOUT, async || {
        (version.queues().await >= 2 && version.running_workers() == 0).then_some(())
    })
    .await;
    log("the version is registered, and no worker runs");
    let before = world.lambda().results(FUNCTION).len();
    let load = version.load(tasks, 100).await;
    log(&format!("started {tasks} workflows with an activity each; no worker polls for them"));
    let mut seen = (0, 0);
    wait_for("the tasks to be done", TIMEOUT, async || {
        let now = (load.completed().await, version.running_workers());
        if now != seen {
            log(&format!("{} of {tasks} done, {} invocations running", now.0, now.1));
            seen = now;
        }
        (now.0 == tasks && now.1 == 0).then_some(())
    })
    .await;
    for result in world.lambda().results(FUNCTION).split_off(before) {
        match result {
            Ok(run) => println!(
                "          a worker stopped ({}) after {} ms, {} of them idle; workflow tasks {}, activities {}",
                run["reason"].as_str().unwrap_or_default(),
                run["phases"]["total_ms"],
                run["phases"]["idle_ms"],
                run["tasks"]["workflow"],
                run["tasks"]["activity"]
            ),
            Err(error) => println!("          an invocation failed: {error}"),
        }
    }
    log("every worker has exited; these are the decisions of the instance:");
    println!("{}", version.wci("describe", &[]).await.ok().stdout.trim_end());
    if keep {
        let address = &world.server.address;
        println!("\nEverything runs until Ctrl-C. Try: wci explain greeter:v1 --address {address}");
        tokio::signal::ctrl_c().await.expect("signals");
    } else {
        println!("\nEverything has stopped. `make lambda-demo ARGS=--keep` keeps it running.");
    }
}
