//! When tasks arrive.

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

/// The most tasks that one simulation takes.
pub const MAX_TASKS: u32 = 20_000_000;

/// Where tasks come from.
#[derive(Debug, Clone, PartialEq)]
pub struct Traffic {
    /// As it was written.
    text: String,
    pub(crate) source: Source,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    Pattern(Pattern),
    Recorded(Arc<[Recorded]>),
}

/// What `wci simulate` knows by name: the name, what it stands for, and what that is.
pub const PRESETS: [(&str, &str, &str); 8] = [
    ("poisson", "poisson:rate=20,for=10m", "tasks that know nothing of each other"),
    ("steady", "steady:rate=10,for=1m", "evenly spaced tasks"),
    ("burst", "burst:100", "that many at once; over=, every= and times="),
    ("ramp", "ramp:from=0,to=50,for=10m", "a rate that grows or falls"),
    ("on-off", "on-off:rate=50,on=30s,off=1m,for=10m", "Poisson, and silence between"),
    ("trickle", "steady:rate=10,tasks=100", "a hundred tasks, one after another"),
    ("sparse", "steady:rate=0.04,for=5m", "one task every 25 s"),
    ("storm", "burst:1000", "a thousand tasks at once"),
];

impl Traffic {
    /// Whether it is one of the patterns, not a file.
    pub fn is_pattern(&self) -> bool {
        matches!(self.source, Source::Pattern(_))
    }

    /// Arrivals that were recorded, in a text of comma-separated values whose first line names
    /// the columns: `at_ms`, and perhaps `count` and `service_ms`. `name` is the file's.
    ///
    /// # Errors
    /// The first line that cannot be used, by its number.
    pub fn recorded(name: &str, text: &str) -> Result<Self, ParseError> {
        let recorded = recorded::read(name, text)?;
        let source = Source::Recorded(recorded.into());
        Ok(Self { text: format!("file:{name}"), source })
    }

    /// How many tasks there will be, about.
    pub(crate) fn expected(&self) -> f64 {
        match &self.source {
            Source::Pattern(pattern) => pattern.expected(),
            Source::Recorded(recorded) => recorded.iter().map(|row| f64::from(row.count)).sum(),
        }
    }
}

impl FromStr for Traffic {
    type Err = ParseError;

    /// One of [`PRESETS`], with keys of its own. Files are [`Self::recorded`].
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
mod tests;
