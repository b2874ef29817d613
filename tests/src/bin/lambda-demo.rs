//! Scale from zero with AWS Lambda, without AWS: the server, `wci worker`, the AWS SDK, Lambda's
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
const LIMIT: Duration = Duration::from_secs(300);
const USAGE: &str = "lambda-demo [TASKS] [--keep]: with 20 tasks unless another number from 1 to \
                     1000 is given; --keep leaves everything running until Ctrl-C";

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
        (Some(tasks), []) => show(tasks, false).await,
        (Some(tasks), ["--keep"]) => show(tasks, true).await,
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

async fn show(tasks: usize, keep: bool) {
    let began = Instant::now();
    let say = |words: &str| println!("{:6.1} s  {words}", began.elapsed().as_secs_f64());
    say("starting a Temporal dev server, a stand-in for Lambda's control plane, and wci worker");
    let world = World::builder().with_lambda().start().await;
    let version = world.version("greeter");
    let functions = [(FUNCTION, &version.greeter())];
    let emulator = Emulator::start(&functions, CONCURRENCY, world.dir()).await;
    world.lambda().forwards(FUNCTION, &emulator);
    say(&format!("cargo lambda watch runs the function {FUNCTION}, {CONCURRENCY} at once at most"));
    let spec = SpecFile::of(&version.id).group("default", Group::lambda(FUNCTION));
    println!("{}", version.apply(&spec).await.ok().stdout.trim_end());
    wait_for("the function to make the version known", LIMIT, async || {
        (version.queues().await >= 2 && version.living() == 0).then_some(())
    })
    .await;
    say("the version is known, and nothing runs");
    let before = world.lambda().results(FUNCTION).len();
    let load = version.load(tasks, 100).await;
    say(&format!("workflows started, with an activity each: {tasks}; nobody polls for them"));
    let mut seen = (0, 0);
    wait_for("the tasks to be done", LIMIT, async || {
        let now = (load.completed().await, version.living());
        if now != seen {
            say(&format!("{} of {tasks} done, invocations under way: {}", now.0, now.1));
            seen = now;
        }
        (now.0 == tasks && now.1 == 0).then_some(())
    })
    .await;
    for life in world.lambda().results(FUNCTION).split_off(before) {
        match life {
            Ok(life) => println!(
                "          a worker stopped ({}) after {} ms, {} of them idle; workflow tasks {}, activities {}",
                life["reason"].as_str().unwrap_or_default(),
                life["phases"]["total_ms"],
                life["phases"]["idle_ms"],
                life["tasks"]["workflow"],
                life["tasks"]["activity"]
            ),
            Err(error) => println!("          an invocation failed: {error}"),
        }
    }
    say("every worker has left; this is what the instance decided:");
    println!("{}", version.wci("describe", &[]).await.ok().stdout.trim_end());
    if keep {
        let address = &world.server.address;
        println!("\nIt goes on until Ctrl-C: wci explain greeter:v1 --address {address}");
        tokio::signal::ctrl_c().await.expect("signals");
    } else {
        println!("\nAll of it has ended now; make lambda-demo ARGS=--keep lets it go on.");
    }
}
