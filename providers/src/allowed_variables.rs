//! The environment variables that the operator lets specs set for a program.
//!
//! There is no way to allow every variable: what makes a program load code or connect elsewhere
//! depends on the program and its libraries, so no list of exceptions is complete.

use std::collections::BTreeSet;

/// Every other prefix is short enough to match a variable by accident.
const MIN_PREFIX_BYTES: usize = 4;
const MAX_NAME_BYTES: usize = 256;
/// Beginnings of variables that belong to linkers, runtimes and libraries. With such a prefix, an
/// operator would allow variables that load code or change where a program connects.
const FOREIGN: [&str; 40] = [
    "AWS_",
    "AZURE_",
    "BASH_",
    "BUNDLE_",
    "CLOUDSDK_",
    "CORECLR_",
    "COR_",
    "CURL_",
    "DOCKER_",
    "DOTNET_",
    "DYLD_",
    "GCONV_",
    "GEM_",
    "GIT_",
    "GLIBC_",
    "GOOGLE_",
    "GRPC_",
    "HTTPS_",
    "HTTP_",
    "JAVA_",
    "JDK_",
    "KUBE",
    "LD_",
    "LUA_",
    "MALLOC_",
    "MONO_",
    "NODE_",
    "NPM_",
    "OPENSSL_",
    "OTEL_",
    "PERL",
    "PHP_",
    "PIP_",
    "PYTHON",
    "RUBY",
    "SSL_",
    "TEMPORAL_",
    "WCI_",
    "XDG_",
    "_JAVA_",
];

/// Names of variables, and prefixes of names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedVariables {
    names: BTreeSet<String>,
    prefixes: BTreeSet<String>,
}

impl AllowedVariables {
    /// Adds a name, or a prefix of one's own such as `ORDERS_*`.
    ///
    /// # Errors
    /// A message that says what is wrong with `item`.
    pub fn add(&mut self, item: &str) -> Result<(), String> {
        let shown = wci_contract::limits::cut(item, MAX_NAME_BYTES);
        match item.strip_suffix('*') {
            None => {
                if !is_name(item) {
                    return Err(format!(
                        "{shown:?} is no name of a variable: use letters, digits and underscores, \
                         no digit first, and at most {MAX_NAME_BYTES} characters"
                    ));
                }
                self.names.insert(item.to_owned());
            }
            Some(prefix) => {
                if !is_name(prefix) || !prefix.ends_with('_') || prefix.len() < MIN_PREFIX_BYTES {
                    return Err(format!(
                        "{shown:?} is no prefix of variables: write at least three characters, an \
                         underscore and *, for example ORDERS_*"
                    ));
                }
                if let Some(foreign) = foreign(prefix) {
                    return Err(format!(
                        "{shown:?} would allow variables that begin with {foreign}, which change \
                         what a program loads or where it connects: list the names that you need"
                    ));
                }
                self.prefixes.insert(prefix.to_owned());
            }
        }
        Ok(())
    }

    /// The names and prefixes.
    ///
    /// # Errors
    /// As [`AllowedVariables::add`].
    pub fn of<'a>(items: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut all = Self::default();
        items.into_iter().try_for_each(|item| all.add(item))?;
        Ok(all)
    }

    pub(crate) fn allows(&self, name: &str) -> bool {
        self.names.contains(name) || self.prefixes.iter().any(|prefix| name.starts_with(prefix))
    }
}

/// Whether `name` is the name of a variable that every shell and runtime can read.
pub(crate) fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.len() <= MAX_NAME_BYTES
}

fn foreign(prefix: &str) -> Option<&'static str> {
    let overlaps = |foreign: &&str| prefix.starts_with(*foreign) || foreign.starts_with(prefix);
    FOREIGN.into_iter().find(overlaps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(item: &str) -> String {
        AllowedVariables::of([item]).unwrap_err()
    }

    #[test]
    fn a_name_allows_itself_and_a_prefix_what_begins_with_it() {
        let allowed = AllowedVariables::of(["LOG_LEVEL", "ORDERS_*"]).unwrap();
        for name in ["LOG_LEVEL", "ORDERS_MODE", "ORDERS_"] {
            assert!(allowed.allows(name), "{name}");
        }
        for name in ["LOG_LEVEL_X", "ORDERS", "PYTHONWARNINGS", "BROWSER", "HOME", "*", ""] {
            assert!(!allowed.allows(name), "{name}");
        }
    }

    #[test]
    fn a_prefix_is_ones_own() {
        for item in ["*", "A*", "AB_*", "ORDERS*", "1AB_*", "ORDERS_**", "ÄÖÜ_*"] {
            assert!(error(item).contains("for example ORDERS_*"), "{item}");
        }
        for item in ["AWS_*", "PYTHON_*", "LD_LIBRARY_*", "DOTNET_STARTUP_*", "TEMPORAL_*"] {
            assert!(error(item).contains("list the names"), "{item}: {}", error(item));
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for item in ["", "A=B", "A B", "9A", "A-B"] {
            assert!(error(item).contains("letters, digits"), "{item}");
        }
    }
}
