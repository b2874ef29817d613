//! What is wrong with a spec file: which file, where in it, and what to do.

use std::{fmt, io};

use serde_saphyr::{Error as YamlError, UserMessageFormatter};
use wci_contract::limits::{MAX_MESSAGE, cut};

/// A mistake in a spec file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SpecFileError {
    file: String,
    line: Option<u64>,
    message: String,
}

impl SpecFileError {
    pub(super) fn new(file: &str, line: Option<u64>, message: String) -> Self {
        Self { file: file.to_owned(), line, message: cut(&message, MAX_MESSAGE).to_owned() }
    }

    pub(super) fn unreadable(file: &str, error: &io::Error) -> Self {
        let message = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            io::ErrorKind::PermissionDenied => "no permission to read it".to_owned(),
            _ => format!("cannot be read: {error}"),
        };
        Self::new(file, None, message)
    }

    pub(super) fn yaml(file: &str, error: &YamlError) -> Self {
        let error = error.without_snippet();
        let line = error.location().map(|at| at.line()).filter(|line| *line > 0);
        Self::new(file, line, words(error))
    }
}

impl fmt::Display for SpecFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for SpecFileError {}

fn words(error: &YamlError) -> String {
    match error {
        YamlError::SerdeUnknownField { field, expected, .. } => {
            format!("unknown key {field:?}: use {}", list(expected))
        }
        YamlError::SerdeUnknownVariant { variant, expected, .. } => {
            format!("unknown task type {variant:?}: use {}", list(expected))
        }
        YamlError::SerdeMissingField { field, .. } => missing(field),
        YamlError::SerdeInvalidType { unexpected, expected, .. } => {
            format!("this is {unexpected}, but it must be {expected}")
        }
        YamlError::DuplicateMappingKey { key: Some(key), .. } => {
            format!("the key {key:?} is there twice: remove one")
        }
        YamlError::Eof { .. } => {
            "nothing is there: begin with the keys deployment, build_id and groups".to_owned()
        }
        YamlError::NullIntoString { .. } => "the value is missing: give a text".to_owned(),
        YamlError::MultipleDocuments { .. } => {
            "more than one YAML document: a spec file holds one version only".to_owned()
        }
        YamlError::Budget { .. } => "too large or too deeply nested for a spec file".to_owned(),
        YamlError::AliasError { error, .. } => words(error),
        YamlError::Unexpected { expected: "mapping start", .. } => {
            "this must be a map: lines of key: value, indented below it".to_owned()
        }
        YamlError::Unexpected { expected: "sequence start", .. } => {
            "this must be a list, for example [workflow, activity]".to_owned()
        }
        YamlError::Unexpected { expected: "string scalar", .. } => "this must be a text".to_owned(),
        other => format!("cannot be read as YAML: {}", plain(other)),
    }
}

fn missing(field: &str) -> String {
    let example = match field {
        "deployment" => "the name of the Worker Deployment, for example deployment: orders",
        "build_id" => "the build of the version, for example build_id: v1",
        "groups" => "at least one group of workers, under any name",
        "provider" => "who runs the workers, for example provider: {type: aws-lambda, …}",
        _ => "it is required",
    };
    format!("the key {field:?} is missing: {example}")
}

/// The parser's own words, without the place, which is told already.
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
