//! A soak test: steady and bursty load through real processes, under a seeded schedule of faults. At
//! the end, nothing may be lost, nobody left over, and no limit exceeded. Prints a table.
//!
//! Run it with `make soak`, `make soak SEED=7`, `make soak MINUTES=20`, `make soak-long`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "so it fails")]

mod arguments;
mod faults;
mod limits;
mod report;
mod sampler;
mod stage;
mod traffic;
mod verdict;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use arguments::Arguments;
use faults::Faults;
use report::Row;
use sampler::Sampler;
use stage::Stage;

/// Time between two samples.
const TICK: Duration = Duration::from_millis(500);

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    println!("soak: {} minutes, seed {}", arguments.minutes, arguments.seed);
    let rows = run(&arguments).await;
    report::print(&arguments, &rows);
    if rows.iter().all(Row::holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn run(arguments: &Arguments) -> Vec<Row> {
    let mut stage = Stage::set_up().await;
    let traffic = stage.start_traffic(arguments.seed);
    let mut faults = Faults::new(arguments.seed, &stage);
    let mut sampler = Sampler::default();
    let until = Instant::now() + Duration::from_secs(60 * arguments.minutes);
    while Instant::now() < until {
        sampler.sample(&mut stage).await;
        faults.step(&mut stage).await;
        tokio::time::sleep(TICK).await;
    }
    faults.end(&mut stage).await;
    let accepted = traffic.stop().await;
    verdict::reach(&mut stage, &mut sampler, &faults, accepted).await
}
