//! Measures `wci` beside the controller built into the server: one server, one stand-in for
//! Lambda that starts local workers, the same workers and the same load, in turn. Prints a table
//! and writes `bench/results.json`.
//!
//! Run it with `make bench`, or with `make bench-full`, which takes its time.

mod cases;
mod contender;
mod figures;
mod load;
mod process;
mod programs;
mod public_api;
mod stage;
mod stand_in;

use std::path::PathBuf;

use anyhow::ensure;
use clap::{Parser, ValueEnum};

use cases::Case;
use figures::Figures;
use stage::Stage;

/// Measures wci beside the controller built into the server
#[derive(Debug, Parser)]
struct Args {
    /// Measures these cases alone
    #[arg(value_enum)]
    cases: Vec<Case>,
    /// Takes the time that the slow cases need
    #[arg(long)]
    full: bool,
    /// Where to write the figures
    #[arg(long, default_value = "bench/results.json", value_name = "FILE")]
    output: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let cases = if args.cases.is_empty() { Case::value_variants() } else { &args.cases };
    let mut figures = Figures::default();
    let stage = Stage::build().await?;
    let mut failed = Vec::new();
    for case in cases {
        let name = case.to_possible_value().map_or(String::new(), |v| v.get_name().into());
        eprintln!("{name}");
        if let Err(error) = case.measure(&stage, &mut figures, args.full).await {
            eprintln!("  {error:#}");
            failed.push(name);
        }
        // A run that is cut short keeps what it has measured.
        figures.write(&args.output)?;
    }
    figures.print();
    eprintln!("written to {}", args.output.display());
    ensure!(failed.is_empty(), "not measured to the end: {}", failed.join(", "));
    Ok(())
}
