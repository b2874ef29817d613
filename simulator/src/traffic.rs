//! The arriving tasks.

mod pattern;
mod pattern_arrivals;
mod recorded;
mod workload;

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Serialize, Serializer};

use crate::{ParseError, arguments::Arguments};

pub(crate) use pattern::{Pattern, Shape};
pub(crate) use recorded::Recorded;
pub(crate) use workload::{Arrival, Workload};

/// The maximum number of tasks of a simulation.
pub const MAX_TASKS: u32 = 20_000_000;

/// Arriving tasks: a pattern, or recorded arrivals.
#[derive(Debug, Clone, PartialEq)]
pub struct Traffic {
    /// The text that it was parsed from.
    text: String,
    pub(crate) source: Source,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    Pattern(Pattern),
    Recorded(Arc<[Recorded]>),
}

/// The presets: name, the pattern that it stands for, and a description.
pub const PRESETS: [(&str, &str, &str); 8] = [
    ("poisson", "poisson:rate=20,for=10m", "independent arrivals"),
    ("steady", "steady:rate=10,for=1m", "evenly spaced tasks"),
    ("burst", "burst:100", "this number at once; over=, every= and times="),
    ("ramp", "ramp:from=0,to=50,for=10m", "a rate that rises or falls"),
    ("on-off", "on-off:rate=50,on=30s,off=1m,for=10m", "Poisson, with pauses"),
    ("trickle", "steady:rate=10,tasks=100", "a hundred tasks, one after another"),
    ("sparse", "steady:rate=0.04,for=5m", "one task every 25 s"),
    ("storm", "burst:1000", "a thousand tasks at once"),
];

impl Traffic {
    /// Whether it is a pattern, not a file.
    pub fn is_pattern(&self) -> bool {
        matches!(self.source, Source::Pattern(_))
    }

    /// Recorded arrivals as comma-separated values. The first line names the columns: `at_ms`, and
    /// optionally `count` and `service_ms`. `name` is that of the file.
    ///
    /// # Errors
    /// The first line that cannot be used, with its number.
    pub fn recorded(name: &str, text: &str) -> Result<Self, ParseError> {
        let recorded = recorded::read(name, text)?;
        let source = Source::Recorded(recorded.into());
        Ok(Self { text: format!("file:{name}"), source })
    }

    /// The expected number of tasks.
    pub(crate) fn expected(&self) -> f64 {
        match &self.source {
            Source::Pattern(pattern) => pattern.expected(),
            Source::Recorded(recorded) => recorded.iter().map(|row| f64::from(row.count)).sum(),
        }
    }
}

impl FromStr for Traffic {
    type Err = ParseError;

    /// One of [`PRESETS`], optionally with its keys. For files, see [`Self::recorded`].
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let name = text.split(':').next().unwrap_or_default();
        let preset = PRESETS.into_iter().find(|(preset, _, _)| *preset == name);
        let Some((_, stands_for, _)) = preset else { return Err(unknown(name)) };
        let written = if text == name { stands_for } else { text };
        if let Some((_, keys)) = text.split_once(':')
            && !stands_for.starts_with(name)
        {
            return Err(ParseError::unfit(format!(
                "{name} takes no keys (`{keys}`): write {stands_for} and change that"
            )));
        }
        let pattern = Pattern::read(Arguments::parse(written)?)?;
        if pattern.expected() > f64::from(MAX_TASKS) {
            return Err(ParseError::unfit(format!(
                "{written} means {:.0} tasks: at most {MAX_TASKS} can be simulated",
                pattern.expected()
            )));
        }
        Ok(Self { text: written.to_owned(), source: Source::Pattern(pattern) })
    }
}

fn unknown(name: &str) -> ParseError {
    let known: Vec<&str> = PRESETS.iter().map(|(name, _, _)| *name).chain(["file"]).collect();
    let name = ParseError::shown(name);
    ParseError::Unknown { what: "traffic", name, known: known.join(", ") }
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Traffic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
