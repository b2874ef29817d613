//! What a shepherd is told, as its command line.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::PathBuf,
};

/// What a shepherd is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// The file that stands for the process; it must exist.
    pub(crate) record: PathBuf,
    /// For how long the process may live.
    pub(crate) term: Term,
    /// What to run.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) args: Vec<OsString>,
}

/// For how long a process may live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Term {
    /// Until a time.
    Deadline {
        /// When the process must be gone, milliseconds since the Unix epoch.
        deadline_ms: u64,
        /// How long before that it is told to leave, milliseconds.
        grace_ms: u64,
    },
    /// For as long as somebody keeps it.
    Kept {
        /// The file whose lock its keeper holds.
        keeper: PathBuf,
        /// It is told to leave when nobody has held that lock for so long, milliseconds.
        lease_ms: u64,
        /// How long it may take to leave, milliseconds.
        stop_ms: u64,
    },
}

impl Term {
    /// When the process must be gone, milliseconds since the Unix epoch; 0 where no time is set.
    pub(crate) fn deadline_ms(&self) -> u64 {
        match self {
            Self::Deadline { deadline_ms, .. } => *deadline_ms,
            Self::Kept { .. } => 0,
        }
    }

    fn to_args(&self) -> Vec<OsString> {
        let number = |number: &u64| OsString::from(number.to_string());
        match self {
            Self::Deadline { deadline_ms, grace_ms } => vec![
                "--deadline-ms".into(),
                number(deadline_ms),
                "--grace-ms".into(),
                number(grace_ms),
            ],
            Self::Kept { keeper, lease_ms, stop_ms } => vec![
                "--keeper".into(),
                keeper.clone().into(),
                "--lease-ms".into(),
                number(lease_ms),
                "--stop-ms".into(),
                number(stop_ms),
            ],
        }
    }
}

/// What the options say so far.
#[derive(Default)]
struct Options {
    record: Option<PathBuf>,
    keeper: Option<PathBuf>,
    numbers: BTreeMap<&'static str, u64>,
}

impl Options {
    const NUMBERS: [&str; 4] = ["--deadline-ms", "--grace-ms", "--lease-ms", "--stop-ms"];

    fn take(&mut self, name: &OsStr, value: OsString) -> Result<(), String> {
        match name.to_str() {
            Some("--record") => self.record = Some(value.into()),
            Some("--keeper") => self.keeper = Some(value.into()),
            known => {
                let known = Self::NUMBERS.into_iter().find(|number| Some(*number) == known);
                let known = known.ok_or_else(|| format!("unknown option {}", name.display()))?;
                self.numbers.insert(known, number(&value)?);
            }
        }
        Ok(())
    }

    fn number(&self, name: &'static str) -> Result<u64, String> {
        self.numbers.get(name).copied().ok_or_else(|| format!("{name} is missing"))
    }

    fn term(&mut self) -> Result<Term, String> {
        Ok(match self.keeper.take() {
            None => Term::Deadline {
                deadline_ms: self.number("--deadline-ms")?,
                grace_ms: self.number("--grace-ms")?,
            },
            Some(keeper) => Term::Kept {
                keeper,
                lease_ms: self.number("--lease-ms")?,
                stop_ms: self.number("--stop-ms")?,
            },
        })
    }
}

impl Arguments {
    /// Reads what [`Arguments::to_args`] wrote.
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
            term: options.term()?,
            program: args.next().ok_or("-- PROGRAM is missing")?.into(),
            args: args.collect(),
        })
    }

    /// The command line.
    pub(crate) fn to_args(&self) -> Vec<OsString> {
        let mut line: Vec<OsString> = vec!["--record".into(), self.record.clone().into()];
        line.extend(self.term.to_args());
        line.extend(["--".into(), self.program.clone().into()]);
        line.extend(self.args.iter().cloned());
        line
    }
}

fn number(text: &OsStr) -> Result<u64, String> {
    let parsed = text.to_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| format!("{} is no number of milliseconds", text.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_says_what_was_meant() {
        let kept = Term::Kept { keeper: "/run/a b.keeper".into(), lease_ms: 1, stop_ms: 2 };
        for term in [Term::Deadline { deadline_ms: 12, grace_ms: 3 }, kept] {
            let arguments = Arguments {
                record: "/run/a b/0".into(),
                term,
                program: "/bin/echo".into(),
                args: vec!["--".into(), "--record".into(), "".into()],
            };
            assert_eq!(Arguments::parse(arguments.to_args()), Ok(arguments));
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let parse = |line: &[&str]| Arguments::parse(line.iter().map(Into::into)).unwrap_err();
        assert!(parse(&[]).contains("PROGRAM"));
        assert!(parse(&["--record"]).contains("--record needs a value"));
        assert!(parse(&["--record", "r", "--", "p"]).contains("--deadline-ms is missing"));
        assert!(parse(&["--record", "r", "--keeper", "k", "--", "p"]).contains("--lease-ms"));
        assert!(parse(&["--deadline-ms", "soon"]).contains("soon is no number"));
        assert!(parse(&["--bogus", "1"]).contains("unknown option --bogus"));
    }
}
