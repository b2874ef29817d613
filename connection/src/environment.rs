//! The environment variables that configure a connection.

use std::{collections::HashMap, ffi::OsString};

use crate::SettingsError;

/// Variables with this prefix set headers. An empty one removes the header of the profile.
const HEADER_PREFIX: &str = "TEMPORAL_GRPC_META_";
/// Variables that are true or false.
const BOOLEANS: [&str; 2] = ["TEMPORAL_TLS", "TEMPORAL_TLS_DISABLE_HOST_VERIFICATION"];

/// A snapshot of the `TEMPORAL_…` variables. An empty variable counts as unset.
#[derive(Debug, Clone, Default)]
pub struct Environment(HashMap<String, String>);

impl Environment {
    /// The environment of this process.
    ///
    /// # Errors
    /// A variable is not UTF-8, or one that is true or false has another value.
    pub fn of_process() -> Result<Self, SettingsError> {
        Self::of(std::env::vars_os())
    }

    /// An environment of these variables.
    ///
    /// # Errors
    /// As for [`Environment::of_process`].
    pub fn of(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, SettingsError> {
        let mut kept = HashMap::new();
        for (name, value) in variables {
            let Ok(name) = name.into_string() else { continue };
            if !name.starts_with("TEMPORAL_") {
                continue;
            }
            let value = value
                .into_string()
                .map_err(|_| SettingsError::Variable { name: name.clone(), expected: "UTF-8" })?;
            if !value.is_empty() || name.starts_with(HEADER_PREFIX) {
                kept.insert(name, value);
            }
        }
        let environment = Self(kept);
        BOOLEANS.iter().try_for_each(|name| environment.check_boolean(name))?;
        Ok(environment)
    }

    /// The value of a variable that is set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The variables as the SDK takes them.
    pub(crate) fn variables(&self) -> &HashMap<String, String> {
        &self.0
    }

    /// The SDK would ignore another value, and with it the wish for TLS.
    fn check_boolean(&self, name: &str) -> Result<(), SettingsError> {
        let is_boolean = |value: &str| {
            ["true", "false", "1", "0"].iter().any(|known| value.eq_ignore_ascii_case(known))
        };
        match self.get(name) {
            Some(value) if !is_boolean(value) => {
                Err(SettingsError::Variable { name: name.to_owned(), expected: "true or false" })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn environment(variables: &[(&str, &str)]) -> Result<Environment, SettingsError> {
        Environment::of(variables.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[test]
    fn an_empty_variable_counts_as_unset_and_other_programs_variables_are_left_out() {
        let found = environment(&[("TEMPORAL_ADDRESS", ""), ("PATH", "/bin")]).unwrap();
        assert!(found.variables().is_empty(), "{found:?}");
    }

    #[test]
    fn a_header_that_is_empty_is_kept_because_it_removes_that_of_the_profile() {
        let found = environment(&[("TEMPORAL_GRPC_META_X", "")]).unwrap();
        assert_eq!(found.get("TEMPORAL_GRPC_META_X"), Some(""));
    }

    #[test]
    fn a_value_that_is_neither_true_nor_false_is_refused_with_the_name_of_its_variable() {
        let error = environment(&[("TEMPORAL_TLS", "yes")]).unwrap_err().to_string();
        assert_eq!(error, "the environment variable TEMPORAL_TLS must be true or false");
        assert!(environment(&[("TEMPORAL_TLS", "TRUE")]).is_ok());
    }
}
