//! Measures `wci` beside the controller built into the server: one server, one stand-in for
//! Lambda, the same load, in turn. Prints a table and writes `bench/results.json`.
//!
//! Run it with `make bench`; it takes about three minutes.

mod burst;
mod demo;
mod figures;
mod idle;
mod lone;
mod memory;
mod process;
mod stage;
mod stand_in;

use std::path::Path;

use figures::Figures;
use stage::Stage;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut figures = Figures::default();
    let stage = Stage::build().await?;
    eprintln!("a lone task, start to provider call, in turn with the built-in controller");
    lone::measure(&stage, &mut figures).await?;
    eprintln!("a burst of signals");
    burst::measure(&stage, &mut figures).await?;
    eprintln!("idle: memory, and events of an hour");
    memory::measure(&stage, &mut figures)?;
    idle::measure(&stage, &mut figures).await?;
    let programs = stage.programs.clone();
    drop(stage);
    eprintln!("wci demo, 100 tasks of 200 ms, three times");
    demo::measure(&programs, &mut figures).await?;
    figures.print();
    figures.write(Path::new("bench/results.json"))
}
