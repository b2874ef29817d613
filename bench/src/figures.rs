//! The measurements and their targets.

use std::{fs, path::Path};

use serde::Serialize;

/// The target of a measurement.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
    /// At most this part of the built-in controller's value.
    OfBuiltin(f64),
}

/// One measurement.
#[derive(Debug, Serialize)]
struct Figure {
    case: String,
    unit: &'static str,
    /// The value of the built-in controller, if it was measured.
    builtin: Option<f64>,
    ours: f64,
    /// The value of `wci` divided by that of the built-in controller.
    ratio: Option<f64>,
    target: Target,
    met: bool,
}

/// All measurements, in order.
#[derive(Debug, Default)]
pub(crate) struct Figures(Vec<Figure>);

impl Figures {
    /// Appends other measurements.
    pub(crate) fn append(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Adds a measurement of `wci` alone.
    pub(crate) fn add(&mut self, case: &str, unit: &'static str, ours: f64, target: Target) {
        self.push(case, unit, None, ours, target);
    }

    /// Adds a measurement of both controllers.
    pub(crate) fn compare(
        &mut self,
        case: &str,
        unit: &'static str,
        builtin: f64,
        ours: f64,
        target: Target,
    ) {
        self.push(case, unit, Some(builtin), ours, target);
    }

    fn push(
        &mut self,
        case: &str,
        unit: &'static str,
        builtin: Option<f64>,
        ours: f64,
        target: Target,
    ) {
        let ratio = builtin.filter(|builtin| *builtin > 0.0).map(|builtin| ours / builtin);
        let met = match target {
            Target::AtMost(most) => ours <= most,
            Target::AtLeast(least) => ours >= least,
            Target::OfBuiltin(part) => ratio.is_some_and(|ratio| ratio <= part),
        };
        eprintln!("  {case}: {}", format_value(unit, ours));
        self.0.push(Figure { case: case.to_owned(), unit, builtin, ours, ratio, target, met });
    }

    /// Prints them as a Markdown table.
    pub(crate) fn print(&self) {
        println!("| case | built-in | ours | ratio | target | met |");
        println!("| --- | --- | --- | --- | --- | --- |");
        for Figure { case, unit, builtin, ours, ratio, target, met } in &self.0 {
            let builtin = builtin.map_or("-".to_owned(), |value| format_value(unit, value));
            let ratio = ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
            let ours = format_value(unit, *ours);
            let target = match target {
                Target::AtMost(most) => format!("at most {}", format_value(unit, *most)),
                Target::AtLeast(least) => format!("at least {}", format_value(unit, *least)),
                Target::OfBuiltin(part) => format!("at most {part} of it"),
            };
            let met = if *met { "yes" } else { "no" };
            println!("| {case} | {builtin} | {ours} | {ratio} | {target} | {met} |");
        }
    }

    /// Writes them as JSON.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        fs::write(path, serde_json::to_string_pretty(&self.0)? + "\n")?;
        Ok(())
    }
}

fn format_value(unit: &str, value: f64) -> String {
    format!("{value:.1} {unit}").trim_end().to_owned()
}

/// The median of `values`; 0 if there are none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
