//! The limits of one namespace.

use std::time::Duration;

use clap::Args;
use wci_activities::Ceiling;
use wci_providers::Settings;

const MAX_INSTANCES: u32 = 100;
const MOST_INSTANCES: u32 = 1_000_000;
const VALIDATION_INTERVAL: &str = "6h";
const SHORTEST_INTERVAL: Duration = Duration::from_secs(60);
/// A year. Without regular checks, nobody would notice a config that stopped working.
const LONGEST_INTERVAL: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// A thousand workers more in every minute is what AWS lets the largest functions grow by.
const MAX_WORKERS_PER_MINUTE: u32 = 1_000;
/// Five minutes of that.
const MAX_WORKERS: u32 = 5_000;
const MOST_WORKERS: u32 = 1_000_000;
/// Less would hide why a worker failed.
const LEAST_LOG_BYTES: u64 = 10_000;

/// The limits of one namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Instances that may run at the same time. At least 1.
    pub(crate) max_instances: u32,
    /// Time between two checks of a valid compute config. At least a minute.
    pub(crate) validation_interval: Duration,
    /// How many workers may be started, by all providers together.
    pub(crate) ceiling: Ceiling,
    /// Processes at the same time; `None` is a share of those of the machine.
    pub(crate) max_processes: Option<u32>,
    /// Bytes that these processes may write to the log in a minute.
    pub(crate) max_log_bytes_per_minute: u64,
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
    /// Limit of workers of a namespace at once; a Lambda invocation counts for as long as its
    /// function may run
    #[arg(long, default_value_t = MAX_WORKERS, value_name = "N", value_parser = max_workers)]
    max_workers: u32,
    /// Limit of workers that a namespace starts within a minute
    #[arg(long, default_value_t = MAX_WORKERS_PER_MINUTE, value_name = "N",
          value_parser = max_workers)]
    max_workers_per_minute: u32,
}

impl LimitArgs {
    pub(super) fn limits(&self) -> Limits {
        let Self { max_instances, validation_interval, max_workers, max_workers_per_minute } =
            *self;
        Limits {
            max_instances,
            validation_interval,
            ceiling: Ceiling { workers: max_workers, workers_per_minute: max_workers_per_minute },
            max_processes: None,
            max_log_bytes_per_minute: Settings::DEFAULT_LOG_BYTES_PER_MINUTE,
        }
    }
}

/// Parses [`Limits::max_instances`]. Errors are messages.
pub(super) fn max_instances(text: &str) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|count| (1..=MOST_INSTANCES).contains(count))
        .ok_or_else(|| format!("give a whole number from 1 to {MOST_INSTANCES}"))
}

/// Parses a number of workers. Errors are messages.
pub(super) fn max_workers(text: &str) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|count| (1..=MOST_WORKERS).contains(count))
        .ok_or_else(|| format!("give a whole number from 1 to {MOST_WORKERS}"))
}

/// Parses [`Limits::max_log_bytes_per_minute`]. Errors are messages.
pub(super) fn max_log_bytes(text: &str) -> Result<u64, String> {
    text.parse().ok().filter(|bytes| *bytes >= LEAST_LOG_BYTES).ok_or_else(|| {
        format!("give a whole number of bytes, at least {LEAST_LOG_BYTES}, for example 4000000")
    })
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
            assert!(max_instances(text).is_err() && max_workers(text).is_err(), "{text}");
            assert!(max_log_bytes(text).is_err() || text == "1000001", "{text}");
        }
    }
}
