//! The first line of a supervisor's output.

use std::{
    fmt,
    io::{self, Write},
};

/// The result of starting a worker process. The words of its text form never change: a system
/// worker may read the report of a supervisor from another build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Report {
    /// The worker runs with this process ID.
    Started(i32),
    /// Another supervisor holds the record or has used it.
    Taken,
    /// The worker cannot be started.
    Failed {
        /// The operating system's error number; 0 if there is none.
        errno: i32,
        /// What went wrong.
        message: String,
    },
}

impl Report {
    /// The operating system refused.
    pub(crate) fn failed(error: &io::Error) -> Self {
        Self::Failed { errno: error.raw_os_error().unwrap_or(0), message: error.to_string() }
    }

    /// The supervisor's arguments are wrong.
    pub(crate) fn usage(message: String) -> Self {
        Self::Failed { errno: 0, message }
    }

    /// Prints the line. Ignores errors: nobody may be left to read it.
    pub(crate) fn print(&self) {
        let mut stdout = io::stdout().lock();
        let _ = writeln!(stdout, "{self}").and_then(|()| stdout.flush());
    }

    /// Parses the line; `None` if it is not a report.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "started" => rest.parse().ok().map(Self::Started),
            "taken" => Some(Self::Taken),
            "failed" => {
                let (errno, message) = rest.split_once(' ')?;
                Some(Self::Failed { errno: errno.parse().ok()?, message: message.to_owned() })
            }
            _ => None,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started(pid) => write!(f, "started {pid}"),
            Self::Taken => f.write_str("taken"),
            Self::Failed { errno, message } => {
                write!(f, "failed {errno} {}", message.replace(['\n', '\r'], " "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_round_trips() {
        let failed = Report::Failed { errno: 2, message: "no such file".to_owned() };
        for report in [Report::Started(41), Report::Taken, failed] {
            assert_eq!(Report::parse(&report.to_string()), Some(report));
        }
        assert_eq!(Report::parse("hello"), None);
    }
}
