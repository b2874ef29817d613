//! An error in a file: the file, the line and what to do.

use std::{fmt, io};

use serde_saphyr::{Error as YamlError, UserMessageFormatter};
use wci_contract::limits::{MAX_MESSAGE, cut};

use super::Kind;

/// A mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    file: String,
    line: Option<u64>,
    message: String,
}

impl FileError {
    /// A mistake in `file`, with its line where that is known.
    pub fn new(file: &str, line: Option<u64>, message: String) -> Self {
        Self { file: file.to_owned(), line, message: cut(&message, MAX_MESSAGE).to_owned() }
    }

    pub(super) fn unreadable(file: &str, error: &io::Error) -> Self {
        let message = match error.kind() {
            io::ErrorKind::NotFound => "no such file".to_owned(),
            io::ErrorKind::PermissionDenied => "no permission to read it".to_owned(),
            _ => format!("cannot be read: {error}"),
        };
        Self::new(file, None, message)
    }

    pub(super) fn yaml(kind: &Kind, file: &str, error: &YamlError) -> Self {
        let error = error.without_snippet();
        let line = error.location().map(|at| at.line()).filter(|line| *line > 0);
        Self::new(file, line, message(kind, error))
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for FileError {}

fn message(kind: &Kind, error: &YamlError) -> String {
    match error {
        YamlError::SerdeUnknownField { field, expected, .. } => {
            format!("unknown key {field:?}: use {}", list(expected))
        }
        YamlError::SerdeUnknownVariant { variant, expected, .. } => {
            format!("unknown {} {variant:?}: use {}", kind.choice, list(expected))
        }
        YamlError::SerdeMissingField { field, .. } => {
            format!("the key {field:?} is missing: {}", (kind.missing)(field))
        }
        YamlError::SerdeInvalidType { unexpected, expected, .. } => {
            format!("this is {unexpected}, but it must be {expected}")
        }
        YamlError::DuplicateMappingKey { key: Some(key), .. } => {
            format!("the key {key:?} is duplicated: remove one")
        }
        YamlError::Eof { .. } => {
            format!("the file is empty: begin with the keys {}", kind.begin)
        }
        YamlError::NullIntoString { .. } => "the value is missing: give a string".to_owned(),
        YamlError::MultipleDocuments { .. } => {
            format!("more than one YAML document: a {} holds {}", kind.name, kind.holds)
        }
        YamlError::Budget { .. } => format!("too large or too deeply nested for a {}", kind.name),
        YamlError::AliasError { error, .. } => message(kind, error),
        YamlError::Unexpected { expected: "mapping start", .. } => {
            "this must be a map: lines of key: value, indented below it".to_owned()
        }
        YamlError::Unexpected { expected: "sequence start", .. } => {
            format!("this must be a list, for example {}", kind.list)
        }
        YamlError::Unexpected { expected: "string scalar", .. } => {
            "this must be a string".to_owned()
        }
        other => format!("cannot be read as YAML: {}", plain(other)),
    }
}

/// The parser's message without the location.
fn plain(error: &YamlError) -> String {
    let text = error.render_with_formatter(&UserMessageFormatter);
    let end = text.find(" at line ").unwrap_or(text.len());
    text[..end].lines().next().unwrap_or_default().to_owned()
}

/// `a, b or c`.
pub(super) fn list(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [only] => (*only).to_owned(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}
