//! Errors in the settings of a connection.

use std::path::PathBuf;

/// What a [`SettingsError`] is about, so that a program can name its own flags for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The configuration file or the profile.
    Profile,
    /// The address of the server.
    Address,
    /// Certificates and other TLS settings.
    Tls,
    /// An environment variable that the error names.
    Variable,
}

/// Why the settings of a connection cannot be used. Each message names the place and what is wrong
/// there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// An environment variable has an invalid value.
    #[error("the environment variable {name} must be {expected}")]
    Variable {
        /// Its name.
        name: String,
        /// The valid values.
        expected: &'static str,
    },
    /// The configuration file cannot be read.
    #[error("cannot read {}: {reason}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// The cause.
        reason: String,
    },
    /// The configuration file is not TOML.
    #[error("{}:{line}: {reason}", .file.display())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The cause.
        reason: String,
    },
    /// The requested profile does not exist.
    #[error("there is no profile {profile:?} in {place}")]
    NoProfile {
        /// Its name.
        profile: String,
        /// The file, or the places that were searched.
        place: String,
    },
    /// The profile in use is invalid.
    #[error("profile {profile:?} in {}: {reason}", .file.display())]
    Profile {
        /// Its name.
        profile: String,
        /// The file.
        file: PathBuf,
        /// The cause.
        reason: String,
    },
    /// The address is invalid.
    #[error("the address {address:?} {reason}")]
    Address {
        /// The address.
        address: String,
        /// What is wrong with it, and what to write instead.
        reason: String,
    },
    /// A certificate or another TLS setting is invalid.
    #[error("{0}")]
    Tls(String),
    /// Settings contradict each other.
    #[error("{0}")]
    Contradiction(String),
}

impl SettingsError {
    /// What the error is about.
    #[must_use]
    pub fn subject(&self) -> Subject {
        match self {
            Self::Variable { .. } => Subject::Variable,
            Self::File { .. }
            | Self::Syntax { .. }
            | Self::NoProfile { .. }
            | Self::Profile { .. } => Subject::Profile,
            Self::Address { .. } => Subject::Address,
            Self::Tls(_) | Self::Contradiction(_) => Subject::Tls,
        }
    }
}
