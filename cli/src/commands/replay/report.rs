//! The report of `wci replay`.

use std::path::Path;

use serde::Serialize;

use super::{ReplayError, Replayed};
use crate::output::{self, Output};

/// The result for one file.
#[derive(Debug, Serialize)]
struct Report {
    file: String,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow_type: Option<String>,
    /// Replayed events, up to the first difference.
    events: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    workflow_tasks: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

#[derive(Debug, Serialize)]
struct Failure {
    class: &'static str,
    message: String,
}

/// Prints lines immediately, or JSON at the end.
pub(super) struct Reports {
    output: Output,
    all: Vec<Report>,
}

impl Reports {
    pub(super) fn new(output: Output) -> Self {
        Self { output, all: Vec::new() }
    }

    pub(super) fn add(
        &mut self,
        file: &Path,
        workflow_type: Option<String>,
        result: Result<Replayed, ReplayError>,
    ) {
        let report = Report::new(file, workflow_type, result);
        if self.output == Output::Table {
            output::say(report.line());
        }
        self.all.push(report);
    }

    /// The number of failed replays, and of all.
    pub(super) fn end(self) -> anyhow::Result<(usize, usize)> {
        if self.output == Output::Json {
            output::json(&self.all)?;
        }
        Ok((self.all.iter().filter(|report| !report.ok).count(), self.all.len()))
    }
}

impl Report {
    fn new(
        file: &Path,
        workflow_type: Option<String>,
        result: Result<Replayed, ReplayError>,
    ) -> Self {
        let (events, workflow_tasks, error) = match result {
            Ok(Replayed { events, workflow_tasks }) => (events, Some(workflow_tasks), None),
            Err(error) => {
                let failure = Failure { class: error.class(), message: error.to_string() };
                (usize::try_from(error.after()).unwrap_or(0), None, Some(failure))
            }
        };
        let file = file.display().to_string();
        Self { file, ok: error.is_none(), workflow_type, events, workflow_tasks, error }
    }

    fn line(&self) -> String {
        let Self { file, events, workflow_tasks, error, .. } = self;
        let tasks = match workflow_tasks.unwrap_or_default() {
            1 => "1 workflow task".to_owned(),
            tasks => format!("{tasks} workflow tasks"),
        };
        match error {
            None => format!("ok      {file}: replayed {events} events, {tasks}"),
            Some(failure) => format!("failed  {file}: {}", failure.message),
        }
    }
}
