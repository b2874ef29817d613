//! What a shepherd is told, as its command line.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
};

/// What a shepherd is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// The file that stands for the process; it must exist.
    pub(crate) record: PathBuf,
    /// When the process must be gone, milliseconds since the Unix epoch.
    pub(crate) deadline_ms: u64,
    /// How long before that it is told to leave, milliseconds.
    pub(crate) grace_ms: u64,
    /// What to run.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) args: Vec<OsString>,
}

impl Arguments {
    /// Reads what [`Arguments::to_args`] wrote.
    pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut args = args.into_iter();
        let (mut record, mut deadline_ms, mut grace_ms) = (None, None, None);
        loop {
            let name = args.next().ok_or("-- PROGRAM is missing")?;
            if name == "--" {
                break;
            }
            let value = args.next().ok_or_else(|| format!("{} needs a value", name.display()))?;
            match name.to_str() {
                Some("--record") => record = Some(PathBuf::from(value)),
                Some("--deadline-ms") => deadline_ms = Some(number(&value)?),
                Some("--grace-ms") => grace_ms = Some(number(&value)?),
                _ => return Err(format!("unknown option {}", name.display())),
            }
        }
        Ok(Self {
            record: record.ok_or("--record is missing")?,
            deadline_ms: deadline_ms.ok_or("--deadline-ms is missing")?,
            grace_ms: grace_ms.ok_or("--grace-ms is missing")?,
            program: args.next().ok_or("-- PROGRAM is missing")?.into(),
            args: args.collect(),
        })
    }

    /// The command line.
    pub(crate) fn to_args(&self) -> Vec<OsString> {
        let mut line: Vec<OsString> = vec![
            "--record".into(),
            self.record.clone().into(),
            "--deadline-ms".into(),
            self.deadline_ms.to_string().into(),
            "--grace-ms".into(),
            self.grace_ms.to_string().into(),
            "--".into(),
            self.program.clone().into(),
        ];
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
        let arguments = Arguments {
            record: "/run/a b/0".into(),
            deadline_ms: 12,
            grace_ms: 3,
            program: "/bin/echo".into(),
            args: vec!["--".into(), "--record".into(), "".into()],
        };
        assert_eq!(Arguments::parse(arguments.to_args()), Ok(arguments));
    }

    #[test]
    fn what_is_missing_is_named() {
        let parse = |line: &[&str]| Arguments::parse(line.iter().map(Into::into)).unwrap_err();
        assert!(parse(&[]).contains("PROGRAM"));
        assert!(parse(&["--record"]).contains("--record needs a value"));
        assert!(parse(&["--record", "r", "--", "p"]).contains("--deadline-ms is missing"));
        assert!(parse(&["--deadline-ms", "soon"]).contains("soon is no number"));
        assert!(parse(&["--bogus", "1"]).contains("unknown option --bogus"));
    }
}
