//! The command line.

use std::time::{SystemTime, UNIX_EPOCH};

const USAGE: &str = "soak [--minutes N] [--seed S]: N is from 1 to 10000, 5 by default; without a \
                     seed, the clock gives one";

/// How long, and with which seed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arguments {
    pub(crate) minutes: u64,
    /// Of traffic and faults.
    pub(crate) seed: u64,
}

impl Arguments {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, &'static str> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut arguments = Self { minutes: 5, seed: now % 100_000 };
        while let Some(word) = words.next() {
            let value = words.next().and_then(|value| value.parse().ok()).ok_or(USAGE)?;
            match word.as_str() {
                "--minutes" if (1..=10_000).contains(&value) => arguments.minutes = value,
                "--seed" => arguments.seed = value,
                _ => return Err(USAGE),
            }
        }
        Ok(arguments)
    }
}
