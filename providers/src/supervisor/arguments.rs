//! The supervisor's command line.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::PathBuf,
};

// A running system worker starts whatever executable now stands at its own path, which an
// upgrade may have replaced. So every build must understand the command line of every other:
// the names of options never change.
const RECORD: &str = "--record";
const DEADLINE_MS: &str = "--deadline-ms";
const GRACE_MS: &str = "--grace-ms";
const OWNER_LOCK: &str = "--keeper";
const LEASE_MS: &str = "--lease-ms";
const STOP_MS: &str = "--stop-ms";

/// The supervisor's arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// The record of the process; the file must exist.
    pub(crate) record: PathBuf,
    /// How long the process may run.
    pub(crate) lifetime: Lifetime,
    /// The program to run.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) args: Vec<OsString>,
}

/// How long a process may run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// Until a fixed time.
    Deadline {
        /// When the process must be gone, milliseconds since the Unix epoch.
        deadline_ms: u64,
        /// How long before the deadline it gets SIGTERM, milliseconds.
        grace_ms: u64,
    },
    /// For as long as a system worker owns its pool.
    Leased {
        /// The file whose lock the pool's owner holds.
        owner_lock: PathBuf,
        /// It gets SIGTERM once nobody has held that lock for this long, milliseconds.
        lease_ms: u64,
        /// How long it may take to exit after SIGTERM, milliseconds.
        stop_ms: u64,
    },
}

impl Lifetime {
    /// When the process must be gone, milliseconds since the Unix epoch.
    pub(crate) fn deadline_ms(&self) -> Option<u64> {
        match self {
            Self::Deadline { deadline_ms, .. } => Some(*deadline_ms),
            Self::Leased { .. } => None,
        }
    }

    fn to_args(&self) -> Vec<OsString> {
        let number = |number: &u64| OsString::from(number.to_string());
        match self {
            Self::Deadline { deadline_ms, grace_ms } => {
                vec![DEADLINE_MS.into(), number(deadline_ms), GRACE_MS.into(), number(grace_ms)]
            }
            Self::Leased { owner_lock, lease_ms, stop_ms } => vec![
                OWNER_LOCK.into(),
                owner_lock.clone().into(),
                LEASE_MS.into(),
                number(lease_ms),
                STOP_MS.into(),
                number(stop_ms),
            ],
        }
    }
}

/// The options parsed so far.
#[derive(Default)]
struct Options {
    record: Option<PathBuf>,
    owner_lock: Option<PathBuf>,
    numbers: BTreeMap<&'static str, u64>,
}

impl Options {
    const NUMBERS: [&str; 4] = [DEADLINE_MS, GRACE_MS, LEASE_MS, STOP_MS];

    fn take(&mut self, name: &OsStr, value: OsString) -> Result<(), String> {
        match name.to_str() {
            Some(RECORD) => self.record = Some(value.into()),
            Some(OWNER_LOCK) => self.owner_lock = Some(value.into()),
            option => {
                let known = Self::NUMBERS.into_iter().find(|number| Some(*number) == option);
                let known = known.ok_or_else(|| format!("unknown option {}", name.display()))?;
                self.numbers.insert(known, milliseconds(known, &value)?);
            }
        }
        Ok(())
    }

    fn number(&self, name: &'static str) -> Result<u64, String> {
        self.numbers.get(name).copied().ok_or_else(|| format!("{name} is missing"))
    }

    fn lifetime(&mut self) -> Result<Lifetime, String> {
        Ok(match self.owner_lock.take() {
            None => Lifetime::Deadline {
                deadline_ms: self.number(DEADLINE_MS)?,
                grace_ms: self.number(GRACE_MS)?,
            },
            Some(owner_lock) => Lifetime::Leased {
                owner_lock,
                lease_ms: self.number(LEASE_MS)?,
                stop_ms: self.number(STOP_MS)?,
            },
        })
    }
}

impl Arguments {
    /// Parses the output of [`Arguments::to_args`]. Errors are messages.
    pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut args = args.into_iter();
        let mut options = Options::default();
        loop {
            let name = args.next().ok_or("-- PROGRAM is missing")?;
            if name == "--" {
                break;
            }
            let value = args.next().ok_or_else(|| format!("{} needs a value", name.display()))?;
            options.take(&name, value)?;
        }
        Ok(Self {
            record: options.record.take().ok_or("--record is missing")?,
            lifetime: options.lifetime()?,
            program: args.next().ok_or("-- PROGRAM is missing")?.into(),
            args: args.collect(),
        })
    }

    /// The command line.
    pub(crate) fn to_args(&self) -> Vec<OsString> {
        let mut line: Vec<OsString> = vec![RECORD.into(), self.record.clone().into()];
        line.extend(self.lifetime.to_args());
        line.extend(["--".into(), self.program.clone().into()]);
        line.extend(self.args.iter().cloned());
        line
    }
}

fn milliseconds(option: &str, text: &OsStr) -> Result<u64, String> {
    let parsed = text.to_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| {
        format!("{option} must be a whole number of milliseconds, not {}", text.display())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_round_trips() {
        let leased =
            Lifetime::Leased { owner_lock: "/run/a b.keeper".into(), lease_ms: 1, stop_ms: 2 };
        for lifetime in [Lifetime::Deadline { deadline_ms: 12, grace_ms: 3 }, leased] {
            let arguments = Arguments {
                record: "/run/a b/0".into(),
                lifetime,
                program: "/bin/echo".into(),
                args: vec!["--".into(), "--record".into(), "".into()],
            };
            assert_eq!(Arguments::parse(arguments.to_args()), Ok(arguments));
        }
    }

    #[test]
    fn errors_name_the_option() {
        let parse = |line: &[&str]| Arguments::parse(line.iter().map(Into::into)).unwrap_err();
        assert!(parse(&[]).contains("PROGRAM"));
        assert!(parse(&["--record"]).contains("--record needs a value"));
        assert!(parse(&["--record", "r", "--", "p"]).contains("--deadline-ms is missing"));
        assert!(parse(&["--record", "r", "--keeper", "k", "--", "p"]).contains("--lease-ms"));
        assert!(parse(&["--deadline-ms", "soon"]).contains("--deadline-ms must be a whole number"));
        assert!(parse(&["--bogus", "1"]).contains("unknown option --bogus"));
    }

    #[test]
    fn other_builds_understand_the_command_line() {
        let lifetime = Lifetime::Leased { owner_lock: "k".into(), lease_ms: 1, stop_ms: 2 };
        let arguments =
            Arguments { record: "r".into(), lifetime, program: "p".into(), args: Vec::new() };
        let expected =
            ["--record", "r", "--keeper", "k", "--lease-ms", "1", "--stop-ms", "2", "--", "p"];
        assert_eq!(arguments.to_args(), expected);
    }
}
