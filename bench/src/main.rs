//! Compares `wci` with the controller built into the server: one server, one stand-in for Lambda
//! that starts local workers, the same workers and the same load, in turn. Prints a table and
//! writes `bench/results.json`.
//!
//! Run it with `make bench`, or with `make bench-full`, which includes the slow cases.

mod bench_version;
mod cases;
mod figures;
mod lambda;
mod load;
mod process;
mod programs;
mod public_api;
mod testbed;
mod waits;

use std::{path::PathBuf, time::Instant};

use anyhow::ensure;
use clap::{Parser, ValueEnum};
use futures::future::join_all;

use cases::Case;
use figures::Figures;
use testbed::Testbed;

/// Compare wci with the controller built into the server
#[derive(Debug, Parser)]
struct Args {
    /// Measure only these cases
    #[arg(value_enum)]
    cases: Vec<Case>,
    /// Measure the slow cases at full length
    #[arg(long)]
    full: bool,
    /// The file for the results
    #[arg(long, default_value = "bench/results.json", value_name = "FILE")]
    output: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let cases = if args.cases.is_empty() { Case::value_variants() } else { &args.cases };
    let testbed = Testbed::build().await?;
    let began = Instant::now();
    let mut run = Run { testbed, args: &args, figures: Figures::default(), failed: Vec::new() };
    for case in cases.iter().filter(|case| !case.has_a_lane()) {
        run.measure(&[vec![*case]]).await?;
    }
    run.measure(&Case::lanes(cases)).await?;
    let Run { figures, failed, .. } = run;
    figures.print();
    let minutes = began.elapsed().as_secs_f64() / 60.0;
    eprintln!("written to {} after {minutes:.1} min", args.output.display());
    ensure!(failed.is_empty(), "incomplete cases: {}", failed.join(", "));
    Ok(())
}

/// A run of the benchmark, and its results so far.
struct Run<'a> {
    testbed: Testbed,
    args: &'a Args,
    figures: Figures,
    failed: Vec<String>,
}

impl Run<'_> {
    /// Measures lanes of cases concurrently, and writes the results, so that an interrupted run
    /// keeps them.
    async fn measure(&mut self, lanes: &[Vec<Case>]) -> anyhow::Result<()> {
        let Self { testbed, args, .. } = self;
        let lane = async |cases: &Vec<Case>| {
            let mut measured = Vec::new();
            for case in cases {
                measured.push(measure_case(*case, testbed, args.full).await);
            }
            measured
        };
        let measured = join_all(lanes.iter().map(lane)).await;
        let measured = measured.into_iter().flatten();
        for (name, figures, result) in measured {
            if let Err(error) = result {
                eprintln!("  {name}: {error:#}");
                self.failed.push(name);
            }
            self.figures.append(figures);
        }
        self.figures.write(&self.args.output)
    }
}

/// Measures a case; returns its name, its measurements, and whether it completed.
async fn measure_case(
    case: Case,
    testbed: &Testbed,
    full: bool,
) -> (String, Figures, anyhow::Result<()>) {
    let name = case.to_possible_value().map_or(String::new(), |value| value.get_name().into());
    eprintln!("{name}");
    let began = Instant::now();
    let mut figures = Figures::default();
    let result = case.measure(testbed, &mut figures, full).await;
    eprintln!("  {name} took {:.0} s", began.elapsed().as_secs_f64());
    (name, figures, result)
}
