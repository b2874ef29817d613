//! A snapshot of the environment variables that the worker reads.

use crate::{error::Error, variables};
use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

/// The longest time that a setting may have: a day, far longer than any invocation.
const MAX_MILLIS: u64 = 24 * 60 * 60 * 1000;

/// The worker's variables that are set, with their values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment(BTreeMap<&'static str, String>);

impl Environment {
    /// Reads [`variables::ALL`] from the process's environment. Ignores empty values.
    pub(crate) fn of_process() -> Self {
        Self::from_lookup(|name| {
            std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
        })
    }

    /// Reads [`variables::ALL`] from `lookup`. Ignores empty values.
    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &'static str| {
            let value = lookup(name)?.trim().to_owned();
            (!value.is_empty()).then_some((name, value))
        };
        Self(variables::ALL.into_iter().filter_map(set).collect())
    }

    /// Returns a variable as text.
    pub(crate) fn text(&self, name: &'static str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Returns a variable as a number within `range`.
    pub(crate) fn count(
        &self,
        name: &'static str,
        range: RangeInclusive<usize>,
    ) -> Result<Option<usize>, Error> {
        self.parsed(name, || format!("a whole number from {} to {}", range.start(), range.end()))
            .and_then(|count: Option<usize>| match count {
                Some(count) if !range.contains(&count) => Err(self.refused(
                    name,
                    format!("a whole number from {} to {}", range.start(), range.end()),
                )),
                count => Ok(count),
            })
    }

    /// Returns a variable as a time of at least `min` milliseconds.
    pub(crate) fn millis(&self, name: &'static str, min: u64) -> Result<Option<Duration>, Error> {
        let expected = || format!("milliseconds, from {min} to {MAX_MILLIS}");
        match self.parsed::<u64>(name, expected)? {
            Some(millis) if !(min..=MAX_MILLIS).contains(&millis) => {
                Err(self.refused(name, expected()))
            }
            millis => Ok(millis.map(Duration::from_millis)),
        }
    }

    fn parsed<T: std::str::FromStr>(
        &self,
        name: &'static str,
        expected: impl Fn() -> String,
    ) -> Result<Option<T>, Error> {
        self.text(name)
            .map(|value| value.parse().map_err(|_| self.refused(name, expected())))
            .transpose()
    }

    fn refused(&self, name: &'static str, expected: String) -> Error {
        Error::Variable { name, value: self.text(name).unwrap_or_default().to_owned(), expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Environment {
        /// An environment of these names and values.
        pub(crate) fn of(variables: &[(&str, &str)]) -> Self {
            Self::from_lookup(|name| {
                let (_, value) = variables.iter().find(|(known, _)| *known == name)?;
                Some((*value).to_owned())
            })
        }
    }

    #[test]
    fn an_empty_variable_is_an_unset_one() {
        let environment = Environment::of(&[(variables::TASK_QUEUE, "  ")]);
        assert_eq!(environment.text(variables::TASK_QUEUE), None);
    }

    #[test]
    fn a_count_out_of_range_names_the_variable_and_the_range() {
        let environment = Environment::of(&[(variables::WORKFLOW_SLOTS, "1")]);
        let error = environment.count(variables::WORKFLOW_SLOTS, 2..=100).unwrap_err();
        assert_eq!(
            error.to_string(),
            "TEMPORAL_SERVERLESS_WORKFLOW_SLOTS is `1`; set it to a whole number from 2 to 100, or unset it"
        );
    }

    #[test]
    fn a_time_with_a_unit_is_refused() {
        let environment = Environment::of(&[(variables::IDLE_TIMEOUT_MS, "5s")]);
        let error = environment.millis(variables::IDLE_TIMEOUT_MS, 1).unwrap_err();
        assert!(error.to_string().contains("milliseconds"), "{error}");
    }

    #[test]
    fn valid_values_are_accepted() {
        let slots = Environment::of(&[(variables::ACTIVITY_SLOTS, " 7 ")]);
        assert_eq!(slots.count(variables::ACTIVITY_SLOTS, 1..=10).unwrap(), Some(7));
        let time = Environment::of(&[(variables::DEADLINE_BUFFER_MS, "8000")]);
        assert_eq!(
            time.millis(variables::DEADLINE_BUFFER_MS, 0).unwrap(),
            Some(Duration::from_secs(8))
        );
    }
}
