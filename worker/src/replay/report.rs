//! What is printed of replays.

use std::path::Path;

use serde::Serialize;

use super::{Recording, ReplayError};
use crate::output::{self, Output};

/// How one file went.
#[derive(Debug, Serialize)]
struct Report {
    file: String,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow_type: Option<String>,
    events: usize,
    workflow_tasks: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

#[derive(Debug, Serialize)]
struct Failure {
    class: &'static str,
    message: String,
}

/// Prints lines as they come, or everything at the end.
pub(super) struct Reports {
    output: Output,
    all: Vec<Report>,
}

impl Reports {
    pub(super) fn new(output: Output) -> Self {
        Self { output, all: Vec::new() }
    }

    pub(super) fn add(&mut self, file: &Path, result: Result<Recording, ReplayError>) {
        let report = Report::new(file, result);
        if self.output == Output::Table {
            output::say(report.line());
        }
        self.all.push(report);
    }

    /// How many failed, and of how many.
    pub(super) fn end(self) -> anyhow::Result<(usize, usize)> {
        if self.output == Output::Json {
            output::json(&self.all)?;
        }
        Ok((self.all.iter().filter(|report| !report.ok).count(), self.all.len()))
    }
}

impl Report {
    fn new(file: &Path, result: Result<Recording, ReplayError>) -> Self {
        let file = file.display().to_string();
        match result {
            Ok(recording) => Self {
                file,
                ok: true,
                events: recording.events(),
                workflow_tasks: recording.workflow_tasks,
                workflow_type: Some(recording.workflow_type),
                error: None,
            },
            Err(error) => Self {
                file,
                ok: false,
                workflow_type: None,
                events: 0,
                workflow_tasks: 0,
                error: Some(Failure { class: error.class(), message: error.to_string() }),
            },
        }
    }

    fn line(&self) -> String {
        let Self { file, events, workflow_tasks, .. } = self;
        match &self.error {
            None => format!("ok      {file}: {events} events, {workflow_tasks} workflow tasks"),
            Some(failure) => format!("failed  {file}: {}", failure.message),
        }
    }
}
