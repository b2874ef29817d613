//! How long an invocation of each function may run, as last read when its config was checked.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Lambda's own maximum.
const LONGEST: Duration = Duration::from_secs(900);
/// Functions that are remembered; for others, the maximum holds.
const MAX_FUNCTIONS: usize = 4096;

/// The time-outs of functions, by ARN.
#[derive(Debug, Default)]
pub(super) struct Timeouts(Mutex<BTreeMap<String, Duration>>);

impl Timeouts {
    /// Remembers the time-out of a function, in seconds.
    pub(super) fn record(&self, function: &str, seconds: i32) {
        let seconds = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0);
        let timeout = seconds.map_or(LONGEST, Duration::from_secs).min(LONGEST);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < MAX_FUNCTIONS || all.contains_key(function) {
            all.insert(function.to_owned(), timeout);
        }
    }

    /// How long an invocation of `function` may run at most.
    pub(super) fn of(&self, function: &str) -> Duration {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(function).copied().unwrap_or(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_function_may_run_for_as_long_as_lambda_allows() {
        let timeouts = Timeouts::default();
        assert_eq!(timeouts.of("f"), LONGEST);
        timeouts.record("f", 60);
        assert_eq!(timeouts.of("f"), Duration::from_secs(60));
        timeouts.record("f", 0);
        assert_eq!(timeouts.of("f"), LONGEST);
    }
}
