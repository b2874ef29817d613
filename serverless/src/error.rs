//! Why a worker could not start or could not go on.

use std::path::PathBuf;

/// What kind of remedy an [`Error`] calls for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorClass {
    /// A setting is missing or wrong: no retry helps until someone changes it.
    Settings,
    /// The server cannot be reached, or refuses us.
    Connection,
    /// The invocation leaves too little time.
    Deadline,
    /// The worker itself failed while it ran.
    Worker,
}

impl ErrorClass {
    /// The class's name in logs: `settings`, `connection`, `deadline` or `worker`.
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

/// Everything that can go wrong in a serverless worker's life.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An environment variable has a value that cannot be used.
    #[error("{name} is `{value}`; set it to {expected}, or unset it")]
    Variable {
        /// The variable's name, one of [`crate::variables`].
        name: &'static str,
        /// What it is set to.
        value: String,
        /// What it may be set to.
        expected: String,
    },
    /// A required setting has no value.
    #[error("{what} is missing: set {variable}, or call `{method}` on the builder")]
    Missing {
        /// What is missing.
        what: &'static str,
        /// The environment variable that sets it.
        variable: &'static str,
        /// The builder's method that sets it.
        method: &'static str,
    },
    /// A value given to the builder is out of range.
    #[error("{what} is {value}; {remedy}")]
    OutOfRange {
        /// Which setting.
        what: &'static str,
        /// Its value.
        value: String,
        /// What to do instead.
        remedy: String,
    },
    /// The times do not fit together; the message has the numbers.
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
    /// The client profile cannot be used.
    #[error("cannot use the client settings{}: {reason}; see TEMPORAL_CONFIG_FILE and TEMPORAL_PROFILE", from_file(.file))]
    ClientSettings {
        /// The file, if one was read.
        file: Option<PathBuf>,
        /// What is wrong.
        reason: String,
    },
    /// Nothing answers like a Temporal server.
    #[error("cannot reach a Temporal server at {target}: {reason}; set TEMPORAL_ADDRESS")]
    Unreachable {
        /// Scheme, host and port.
        target: String,
        /// The transport's own words.
        reason: String,
    },
    /// The server does not accept our credentials.
    #[error(
        "the Temporal server at {target} refuses us: {reason}; check TEMPORAL_API_KEY and TEMPORAL_TLS"
    )]
    Refused {
        /// Scheme, host and port.
        target: String,
        /// The server's own words.
        reason: String,
    },
    /// The namespace cannot be used.
    #[error("cannot use the namespace `{namespace}`: {reason}; set TEMPORAL_NAMESPACE")]
    Namespace {
        /// The namespace.
        namespace: String,
        /// The server's own words.
        reason: String,
    },
    /// The invocation ends too soon to do anything.
    #[error(
        "the deadline leaves {work_ms} ms to work ({left_ms} ms left, less the deadline buffer of {buffer_ms} ms), and more than 1000 ms are needed: give the invocation more time or lower TEMPORAL_SERVERLESS_DEADLINE_BUFFER_MS"
    )]
    TooLittleTime {
        /// Time to work in milliseconds; 0 if there is none.
        work_ms: u64,
        /// Time to the deadline in milliseconds.
        left_ms: u64,
        /// The deadline buffer in milliseconds.
        buffer_ms: u64,
    },
    /// The worker connected and then sent no poll in time.
    #[error(
        "the worker sent no poll within {waited_ms} ms of connecting; check that the server at TEMPORAL_ADDRESS answers"
    )]
    NotPolling {
        /// How long was waited, in milliseconds.
        waited_ms: u64,
    },
    /// The process cannot do what a worker needs: signals, threads.
    #[error("cannot set up the process: {0}")]
    Process(String),
    /// OpenTelemetry cannot be set up; with the feature `otel` only.
    #[error("cannot set up OpenTelemetry: {0}; check the variables OTEL_EXPORTER_OTLP_…")]
    Telemetry(String),
    /// The SDK's worker could not be made or ended by itself.
    #[error("the worker failed: {0}")]
    Worker(String),
}

impl Error {
    /// What kind of remedy this error calls for.
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

/// An error and its sources in one line, each message once.
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
            reason: "connection refused".to_owned(),
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
