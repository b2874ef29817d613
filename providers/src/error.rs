//! Why a provider refuses a configuration.

use wci_contract::{FailureClass, limits};

use crate::scrub::scrub;

/// Why a provider refuses a configuration. Clients see these messages after the name of the group.
/// Text from outside is cut and free of credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// No provider has this type.
    #[error("invalid compute provider type '{0}'")]
    UnknownType(String),
    /// The provider exists, but the operator has not enabled it.
    #[error(
        "invalid compute provider type '{0}': it is not enabled here: \
         start the system worker with --enable-provider {0}, or add it to the providers of this \
         namespace in the file of --config"
    )]
    NotEnabled(&'static str),
    /// A provider of processes is enabled without [`ProcessSettings`](crate::ProcessSettings).
    #[error("providers that run processes need a run directory: set it with --run-dir")]
    NoProcessSettings,
    /// A required key is missing.
    #[error("{provider} compute provider requires \"{key}\" to be configured")]
    Required {
        /// The provider's display name.
        provider: &'static str,
        /// The key.
        key: &'static str,
    },
    /// The configuration is invalid, whatever the operator allows.
    #[error("{0}")]
    Invalid(String),
    /// The operator's configuration does not allow it.
    #[error("{0}")]
    Forbidden(String),
    /// The provider cannot be reached.
    #[error("cannot connect to the compute provider: {message}")]
    Connect {
        /// The class of the failure.
        class: FailureClass,
        /// The provider's message.
        message: String,
    },
    /// The provider can be reached, but not the function or program to start.
    #[error("cannot access the compute resource: {message}")]
    Access {
        /// The class of the failure.
        class: FailureClass,
        /// The provider's message.
        message: String,
    },
    /// Anyone who knows the role's name could have the system worker assume it.
    #[error("IAM role trust policy does not enforce ExternalID condition: {0}")]
    ExternalIdNotEnforced(String),
}

impl ProviderError {
    /// The class of the failure.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::UnknownType(_)
            | Self::Required { .. }
            | Self::Invalid(_)
            | Self::ExternalIdNotEnforced(_) => FailureClass::Rejected,
            Self::NotEnabled(_) | Self::Forbidden(_) => FailureClass::Forbidden,
            Self::NoProcessSettings => FailureClass::Internal,
            Self::Connect { class, .. } | Self::Access { class, .. } => *class,
        }
    }

    /// Whether the same request may succeed later without any change.
    pub fn is_transient(&self) -> bool {
        !self.class().is_configuration()
    }

    pub(crate) fn unknown_type(name: &str) -> Self {
        Self::UnknownType(limits::cut(name, limits::MAX_GROUP_NAME).to_owned())
    }

    pub(crate) fn invalid(message: impl AsRef<str>) -> Self {
        Self::Invalid(scrub(message.as_ref()))
    }

    pub(crate) fn forbidden(message: impl AsRef<str>) -> Self {
        Self::Forbidden(scrub(message.as_ref()))
    }

    pub(crate) fn connect(class: FailureClass, message: impl AsRef<str>) -> Self {
        Self::Connect { class, message: scrub(message.as_ref()) }
    }

    pub(crate) fn access(class: FailureClass, message: impl AsRef<str>) -> Self {
        Self::Access { class, message: scrub(message.as_ref()) }
    }
}

/// The names, separated by commas; `none` if there are none.
pub(crate) fn name_list<'a>(all: impl Iterator<Item = &'a String>) -> String {
    let all: Vec<&str> = all.map(String::as_str).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}
