//! The first line that a shepherd writes.

use std::{
    fmt,
    io::{self, Write},
};

/// What came of starting a worker process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Report {
    /// It runs, as this process.
    Started(i32),
    /// Another shepherd has it, or had it.
    Taken,
    /// It cannot be started.
    Failed {
        /// The operating system's number; 0 when it did not come from there.
        errno: i32,
        /// What to tell people.
        message: String,
    },
}

impl Report {
    /// Failed because the operating system says so.
    pub(crate) fn failed(error: &io::Error) -> Self {
        Self::Failed { errno: error.raw_os_error().unwrap_or(0), message: error.to_string() }
    }

    /// Failed because the shepherd was told nonsense.
    pub(crate) fn usage(message: String) -> Self {
        Self::Failed { errno: 0, message }
    }

    /// Writes the line. Nobody may be left to read it, which changes nothing.
    pub(crate) fn print(&self) {
        let mut stdout = io::stdout().lock();
        let _ = writeln!(stdout, "{self}").and_then(|()| stdout.flush());
    }

    /// Reads the line; `None` when it is none.
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
    fn a_line_says_what_was_meant() {
        let failed = Report::Failed { errno: 2, message: "no such file".to_owned() };
        for report in [Report::Started(41), Report::Taken, failed] {
            assert_eq!(Report::parse(&report.to_string()), Some(report));
        }
        assert_eq!(Report::parse("hello"), None);
    }
}
