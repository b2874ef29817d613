//! Why a provider refuses a configuration.

use wci_contract::{FailureClass, limits};

use crate::scrub::scrub;

/// Why a provider refuses a configuration. The messages are those that clients see, without the
/// name of the group before them; outside words in them are cut and free of credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// No provider has this type.
    #[error("invalid compute provider type '{0}'")]
    UnknownType(String),
    /// There is such a provider, but the operator did not enable it.
    #[error(
        "invalid compute provider type '{0}': it is not enabled here: \
         start the system worker with --enable-provider {0}, or add it to the providers of this \
         namespace in the file of --config"
    )]
    NotEnabled(&'static str),
    /// A provider of processes is enabled, but the system worker keeps none.
    #[error("providers that run processes need a directory for their records: set one")]
    NoMachine,
    /// A key that must be there is not.
    #[error("{provider} compute provider requires \"{key}\" to be configured")]
    Required {
        /// The provider, as people write it.
        provider: &'static str,
        /// The key.
        key: &'static str,
    },
    /// The configuration cannot be right, whoever looks at it.
    #[error("{0}")]
    Invalid(String),
    /// The operator's configuration does not allow it.
    #[error("{0}")]
    Forbidden(String),
    /// The way to the provider is barred.
    #[error("cannot connect to the compute provider: {message}")]
    Connect {
        /// What kind of trouble.
        class: FailureClass,
        /// The provider's words.
        message: String,
    },
    /// The provider answers, but what should be started cannot be used.
    #[error("cannot access the compute resource: {message}")]
    Access {
        /// What kind of trouble.
        class: FailureClass,
        /// The provider's words.
        message: String,
    },
    /// Whoever knows the role's name may have us assume it.
    #[error("IAM role trust policy does not enforce ExternalID condition: {0}")]
    ExternalIdNotEnforced(String),
}

impl ProviderError {
    /// What kind of trouble it is.
    pub fn class(&self) -> FailureClass {
        match self {
            Self::UnknownType(_) | Self::Required { .. } | Self::Invalid(_) => {
                FailureClass::Rejected
            }
            Self::ExternalIdNotEnforced(_) => FailureClass::Rejected,
            Self::NotEnabled(_) | Self::Forbidden(_) => FailureClass::Forbidden,
            Self::NoMachine => FailureClass::Internal,
            Self::Connect { class, .. } | Self::Access { class, .. } => *class,
        }
    }

    /// Whether the same request may succeed later, with nothing changed.
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

/// `a, b`; `none` when there is none.
pub(crate) fn names<'a>(all: impl Iterator<Item = &'a String>) -> String {
    let all: Vec<&str> = all.map(String::as_str).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}
