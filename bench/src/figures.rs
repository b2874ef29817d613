//! What was measured, beside what it is to be.

use std::{fs, path::Path};

use serde::Serialize;

/// One measurement.
#[derive(Debug, Serialize)]
struct Figure {
    case: String,
    unit: &'static str,
    builtin: Option<f64>,
    ours: f64,
    /// At most this.
    target: f64,
    met: bool,
}

/// All of them, in order.
#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<Figure>);

impl Figures {
    /// Adds one that is to be at most `target`.
    pub(crate) fn add(&mut self, case: &str, unit: &'static str, ours: f64, target: f64) {
        self.push(case, unit, None, ours, target);
    }

    /// Adds one that is to be at most what the built-in controller needs.
    pub(crate) fn compare(&mut self, case: &str, unit: &'static str, builtin: f64, ours: f64) {
        self.push(case, unit, Some(builtin), ours, builtin);
    }

    fn push(
        &mut self,
        case: &str,
        unit: &'static str,
        builtin: Option<f64>,
        ours: f64,
        target: f64,
    ) {
        let met = ours <= target;
        self.0.push(Figure { case: case.to_owned(), unit, builtin, ours, target, met });
    }

    /// Prints them as a Markdown table.
    pub(crate) fn print(&self) {
        println!("| case | built-in | ours | at most | met |");
        println!("| --- | --- | --- | --- | --- |");
        for figure in &self.0 {
            let Figure { case, unit, builtin, ours, target, met } = figure;
            let builtin = builtin.map_or("-".to_owned(), |value| format!("{value:.1} {unit}"));
            let met = if *met { "yes" } else { "no" };
            println!("| {case} | {builtin} | {ours:.1} {unit} | {target:.1} {unit} | {met} |");
        }
    }

    /// Writes them as JSON.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        fs::write(path, serde_json::to_string_pretty(&self.0)? + "\n")?;
        eprintln!("written to {}", path.display());
        Ok(())
    }
}

/// The middle of `values`; 0 when there is none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
