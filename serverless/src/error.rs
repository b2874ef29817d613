//! Errors of a worker and their classes.

use std::path::PathBuf;

/// The kind of remedy that an [`Error`] calls for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorClass {
    /// A setting is missing or invalid. Retrying does not help until it is changed.
    Settings,
    /// The server cannot be reached or denies access.
    Connection,
    /// The invocation leaves too little time to work.
    Deadline,
    /// The worker itself failed while it ran.
    Worker,
}

impl ErrorClass {
    /// Returns the class's name in logs: `settings`, `connection`, `deadline` or `worker`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Connection => "connection",
            Self::Deadline => "deadline",
            Self::Worker => "worker",
        }
    }
}

/// An error that kept a worker from starting or ended its run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An environment variable has an invalid value.
    #[error("{name} is `{value}`; set it to {expected}, or unset it")]
    Variable {
        /// The variable's name, one of [`crate::variables`].
        name: &'static str,
        /// Its value.
        value: String,
        /// A description of the valid values.
        expected: String,
    },
    /// A required setting has no value.
    #[error("{what} is missing: set {variable}, or call `{method}` on the builder")]
    Missing {
        /// The setting.
        what: &'static str,
        /// The environment variable that sets it.
        variable: &'static str,
        /// The builder method that sets it.
        method: &'static str,
    },
    /// A value given to the builder is out of range.
    #[error("{what} is {value}; {remedy}")]
    OutOfRange {
        /// The setting.
        what: &'static str,
        /// Its value.
        value: String,
        /// What to do instead.
        remedy: String,
    },
    /// The timeouts contradict each other. The message has the numbers.
    #[error("{0}")]
    Tuning(String),
    /// No workflow and no activity is registered.
    #[error(
        "nothing is registered: call `register_workflow` or `register_activities` on the builder"
    )]
    NothingRegistered,
    /// A workflow could not be registered.
    #[error("cannot register the workflow: {0}")]
    Registration(String),
    /// The client profile is invalid.
    #[error("cannot use the client settings{}: {reason}; see TEMPORAL_CONFIG_FILE and TEMPORAL_PROFILE", from_file(.file))]
    ClientSettings {
        /// The file, if one was read.
        file: Option<PathBuf>,
        /// The cause.
        reason: String,
    },
    /// No Temporal server answers at the address, or not with these TLS settings.
    #[error("cannot reach a Temporal server at {target}: {reason}")]
    Unreachable {
        /// Scheme, host and port.
        target: String,
        /// The cause, and what to do about it.
        reason: String,
    },
    /// The server denies access, for example because of invalid credentials.
    #[error(
        "the Temporal server at {target} denies access: {reason}; check TEMPORAL_API_KEY and TEMPORAL_TLS"
    )]
    Refused {
        /// Scheme, host and port.
        target: String,
        /// The message of the server.
        reason: String,
    },
    /// The namespace cannot be used.
    #[error("cannot use the namespace `{namespace}`: {reason}; set TEMPORAL_NAMESPACE")]
    Namespace {
        /// The namespace.
        namespace: String,
        /// The message of the server.
        reason: String,
    },
    /// The deadline is too close to process a task.
    #[error(
        "the deadline leaves {work_ms} ms to work ({left_ms} ms left minus the deadline buffer of {buffer_ms} ms), but the worker needs more than 1000 ms; give the invocation more time or lower TEMPORAL_SERVERLESS_DEADLINE_BUFFER_MS"
    )]
    TooLittleTime {
        /// Time to work in milliseconds; 0 if there is none.
        work_ms: u64,
        /// Time to the deadline in milliseconds.
        left_ms: u64,
        /// The deadline buffer in milliseconds.
        buffer_ms: u64,
    },
    /// The worker connected but sent no poll in time.
    #[error(
        "the worker sent no poll within {waited_ms} ms of connecting; check that the server at TEMPORAL_ADDRESS answers"
    )]
    NotPolling {
        /// The time since connecting in milliseconds.
        waited_ms: u64,
    },
    /// The process lacks something that a worker needs, such as signal handlers or threads.
    #[error("cannot set up the process: {0}")]
    Process(String),
    /// OpenTelemetry cannot be set up. Occurs with the feature `otel` only.
    #[error("cannot set up OpenTelemetry: {0}; check the variables OTEL_EXPORTER_OTLP_…")]
    Telemetry(String),
    /// The SDK's worker could not be created or stopped unexpectedly.
    #[error("the worker failed: {0}")]
    Worker(String),
}

impl Error {
    /// Returns the kind of remedy that this error calls for.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Variable { .. }
            | Self::Missing { .. }
            | Self::OutOfRange { .. }
            | Self::Tuning(_)
            | Self::NothingRegistered
            | Self::Registration(_)
            | Self::Telemetry(_)
            | Self::ClientSettings { .. } => ErrorClass::Settings,
            Self::Unreachable { .. }
            | Self::Refused { .. }
            | Self::Namespace { .. }
            | Self::NotPolling { .. } => ErrorClass::Connection,
            Self::TooLittleTime { .. } => ErrorClass::Deadline,
            Self::Process(_) | Self::Worker(_) => ErrorClass::Worker,
        }
    }
}

fn from_file(file: &Option<PathBuf>) -> String {
    file.as_ref().map(|path| format!(" in {}", path.display())).unwrap_or_default()
}

/// Formats an error and its sources on one line, each message once.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let message = source.to_string();
        if !line.contains(&message) {
            line.push_str(": ");
            line.push_str(&message);
        }
        next = source.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_error_says_where_and_what_to_set() {
        let error = Error::Unreachable {
            target: "http://localhost:7233".to_owned(),
            reason: "connection refused; set TEMPORAL_ADDRESS".to_owned(),
        };
        assert_eq!(
            error.to_string(),
            "cannot reach a Temporal server at http://localhost:7233: connection refused; set TEMPORAL_ADDRESS"
        );
        assert_eq!(error.class().as_str(), "connection");
    }

    #[test]
    fn a_bad_variable_is_named_with_the_remedy() {
        let error = Error::Variable {
            name: crate::variables::ACTIVITY_SLOTS,
            value: "many".to_owned(),
            expected: "a whole number from 1 to 10000".to_owned(),
        };
        assert_eq!(
            error.to_string(),
            "TEMPORAL_SERVERLESS_ACTIVITY_SLOTS is `many`; set it to a whole number from 1 to 10000, or unset it"
        );
    }

    #[test]
    fn a_chain_repeats_no_message() {
        let io = std::io::Error::other(std::io::Error::other("refused"));
        assert_eq!(chain(&io), "refused");
    }
}
