//! The limits of one namespace.

use std::time::Duration;

use clap::Args;

const MAX_INSTANCES: u32 = 100;
const MOST_INSTANCES: u32 = 1_000_000;
const VALIDATION_INTERVAL: &str = "6h";
const SHORTEST_INTERVAL: Duration = Duration::from_secs(60);
/// A year. Without regular checks, nobody would notice a config that stopped working.
const LONGEST_INTERVAL: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The limits of one namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Instances that may run at the same time. At least 1.
    pub(crate) max_instances: u32,
    /// Time between two checks of a valid compute config. At least a minute.
    pub(crate) validation_interval: Duration,
}

/// The default limits, for namespaces without limits in the configuration file.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub(super) struct LimitArgs {
    /// Limit of running instances in a namespace
    #[arg(long, default_value_t = MAX_INSTANCES, value_name = "N", value_parser = max_instances)]
    max_instances: u32,
    /// Time between two checks of a valid compute config, for example 30m; at least 1m
    #[arg(long, default_value = VALIDATION_INTERVAL, value_name = "TIME",
          value_parser = validation_interval)]
    validation_interval: Duration,
}

impl LimitArgs {
    pub(super) fn limits(&self) -> Limits {
        let Self { max_instances, validation_interval } = *self;
        Limits { max_instances, validation_interval }
    }
}

/// Parses [`Limits::max_instances`]. Errors are messages.
pub(super) fn max_instances(text: &str) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|count| (1..=MOST_INSTANCES).contains(count))
        .ok_or_else(|| format!("give a whole number from 1 to {MOST_INSTANCES}"))
}

/// Parses [`Limits::validation_interval`]. Errors are messages.
pub(super) fn validation_interval(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .ok()
        .filter(|time| (SHORTEST_INTERVAL..=LONGEST_INTERVAL).contains(time))
        .ok_or_else(|| "give a time from 1m to 365d, for example 6h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_has_a_unit_and_is_a_minute_at_the_least() {
        assert_eq!(validation_interval("6h"), Ok(Duration::from_secs(6 * 3600)));
        assert_eq!(validation_interval("1h 30m"), Ok(Duration::from_secs(5400)));
        for text in ["59s", "6", "", "-1h", "366d", "99999999999999999999h", "x"] {
            assert!(validation_interval(text).unwrap_err().contains("from 1m"), "{text}");
        }
    }

    #[test]
    fn a_maximum_is_at_least_one() {
        assert_eq!(max_instances("1"), Ok(1));
        for text in ["0", "-1", "1000001", "many", ""] {
            assert!(max_instances(text).is_err(), "{text}");
        }
    }
}
