//! A comparison of algorithms on one scenario, and a page that shows it.

mod columns;
mod page;

use serde::Serialize;

use crate::{Ideal, Run, Scenario};

pub use columns::{HEADER, row, seconds};

/// What several algorithms made of the same scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The version of the simulator.
    pub version: &'static str,
    /// The commit that it was built from, if that is known.
    pub commit: Option<&'static str>,
    /// What was simulated.
    pub scenario: Scenario,
    /// What somebody who knew the future would need.
    pub ideal: Ideal,
    /// What came of it, by algorithm.
    pub runs: Vec<Run>,
}

impl Comparison {
    /// What came of `scenario`.
    pub fn new(scenario: Scenario, runs: Vec<Run>) -> Self {
        let ideal = Ideal::of(&scenario);
        let version = env!("CARGO_PKG_VERSION");
        Self { version, commit: crate::COMMIT, scenario, ideal, runs }
    }

    /// Which build it was: the version, and the commit where that is known.
    pub fn build(&self) -> String {
        match self.commit {
            Some(commit) => format!("{} ({commit})", self.version),
            None => format!("{} (unknown commit)", self.version),
        }
    }

    /// The traffic as it was written.
    pub fn traffic(&self) -> String {
        let traffic: Vec<String> = self.scenario.traffic.iter().map(ToString::to_string).collect();
        traffic.join(" + ")
    }

    /// One self-contained page of HTML with charts.
    pub fn to_html(&self) -> String {
        page::write(self)
    }
}
