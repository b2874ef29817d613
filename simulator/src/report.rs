//! The comparison of algorithms on one scenario, as numbers and as a page.

mod columns;
mod page;

use serde::Serialize;

use crate::{Ideal, Run, Scenario};

pub use columns::{HEADER, row, seconds};

/// The results of several algorithms on the same scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The version of the simulator.
    pub version: &'static str,
    /// The commit of the build, if that is known.
    pub commit: Option<&'static str>,
    /// The scenario.
    pub scenario: Scenario,
    /// The ideal for the scenario.
    pub ideal: Ideal,
    /// The results, one for each algorithm.
    pub runs: Vec<Run>,
}

impl Comparison {
    /// The comparison of `runs` of `scenario`.
    pub fn new(scenario: Scenario, runs: Vec<Run>) -> Self {
        let ideal = Ideal::of(&scenario);
        let version = env!("CARGO_PKG_VERSION");
        Self { version, commit: crate::COMMIT, scenario, ideal, runs }
    }

    /// The version, and the commit if that is known.
    pub fn build(&self) -> String {
        match self.commit {
            Some(commit) => format!("{} ({commit})", self.version),
            None => format!("{} (unknown commit)", self.version),
        }
    }

    /// The traffic as text.
    pub fn traffic(&self) -> String {
        let traffic: Vec<String> = self.scenario.traffic.iter().map(ToString::to_string).collect();
        traffic.join(" + ")
    }

    /// One self-contained page of HTML with charts.
    pub fn to_html(&self) -> String {
        page::write(self)
    }
}
