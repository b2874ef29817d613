//! A recorded history to replay.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use temporalio_common::protos::temporal::api::{
    enums::v1::EventType,
    history::v1::{
        History, HistoryEvent, WorkflowExecutionStartedEventAttributes, history_event::Attributes,
    },
};
use temporalio_sdk_core::replay::HistoryInfo;
use wci_contract::names::DEFAULT_TASK_QUEUE;
use wci_history::json;

use super::{ReplayError, error::MAX_BYTES};

/// The history of one run, complete up to some event.
#[derive(Debug, Clone)]
pub struct Recording {
    /// The type of the workflow that ran.
    pub workflow_type: String,
    /// Its workflow ID; empty if an old server did not record it.
    pub workflow_id: String,
    /// Its task queue.
    pub task_queue: String,
    /// The number of completed workflow tasks.
    pub workflow_tasks: usize,
    /// All events from the first, numbered without gaps.
    pub history: History,
}

impl Recording {
    /// Reads a file, or standard input if `path` is `-`.
    pub fn read(path: &Path) -> Result<Self, ReplayError> {
        Self::parse(&read_text(path)?)
    }

    /// Reads the workflow type and the history of a run that need not be complete enough for a
    /// replay.
    pub(crate) fn read_history(path: &Path) -> Result<(String, History), ReplayError> {
        let history = json::parse(&read_text(path)?)?;
        let workflow_type = start_of(&history)?.workflow_type.clone().unwrap_or_default().name;
        check_events(&history.events)?;
        Ok((workflow_type, history))
    }

    /// Parses the output of `temporal workflow show --output json`, alone or as the value of
    /// `history`.
    pub fn parse(text: &[u8]) -> Result<Self, ReplayError> {
        Self::new(json::parse(text)?)
    }

    /// Checks that `history` can be replayed.
    pub fn new(mut history: History) -> Result<Self, ReplayError> {
        let task_queue = ensure_task_queue(&mut history);
        let start = start_of(&history)?;
        check_events(&history.events)?;
        let workflow_type = start.workflow_type.clone().unwrap_or_default().name;
        if workflow_type.is_empty() {
            return Err(ReplayError::Broken("its first event names no workflow type".into()));
        }
        let workflow_id = start.workflow_id.clone();
        let workflow_tasks = history.events.iter().filter(|event| is_task(event)).count();
        if workflow_tasks == 0 {
            return Err(ReplayError::ProvesNothing { events: history.events.len() });
        }
        // The run ID seeds what the workflow takes for random.
        if start.original_execution_run_id.is_empty() {
            return Err(ReplayError::Broken(
                "its first event names no run (originalExecutionRunId)".into(),
            ));
        }
        // The replayer panics where this does not succeed.
        HistoryInfo::new_from_history(&history, None)
            .map_err(|_| ReplayError::Broken("its workflow tasks are not in order".into()))?;
        Ok(Self { workflow_type, workflow_id, task_queue, workflow_tasks, history })
    }

    /// The number of events up to the last one that a completed workflow task produced. Later events
    /// belong to a task that is not completed yet.
    pub(super) fn answered(&self) -> usize {
        let is_answer = |event: &HistoryEvent| is_task(event) || event.is_command_event();
        self.history.events.iter().rposition(is_answer).map_or(0, |at| at + 1)
    }

    /// The last event that a replay must reach. It does not apply a final workflow task without
    /// commands.
    pub(super) fn last_to_reach(&self) -> i64 {
        let last = self.answered().checked_sub(1).map(|at| &self.history.events[at]);
        last.map_or(0, |last| last.event_id - i64::from(is_task(last)))
    }

    /// The number of replayed events at `position`.
    pub(super) fn replayed(&self, position: i64) -> usize {
        let position = usize::try_from(position).unwrap_or(0);
        position.max(self.answered())
    }

    /// The number of events.
    pub fn events(&self) -> usize {
        self.history.events.len()
    }
}

fn read_text(path: &Path) -> Result<Vec<u8>, ReplayError> {
    if path == Path::new("-") {
        return read_all(io::stdin().lock());
    }
    read_all(File::open(path)?)
}

fn read_all(source: impl Read) -> Result<Vec<u8>, ReplayError> {
    let mut bytes = Vec::new();
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ReplayError::TooLarge);
    }
    Ok(bytes)
}

fn start_of(history: &History) -> Result<&WorkflowExecutionStartedEventAttributes, ReplayError> {
    let first = history.events.first().ok_or(ReplayError::Empty)?;
    match &first.attributes {
        Some(Attributes::WorkflowExecutionStartedEventAttributes(start)) => Ok(start),
        _ => Err(ReplayError::Broken("its first event is not the start of a run".into())),
    }
}

/// The task queue of the run. A replay needs one but polls none: where the history names none, any
/// name will do.
fn ensure_task_queue(history: &mut History) -> String {
    let first = history.events.first_mut().and_then(|event| event.attributes.as_mut());
    let Some(Attributes::WorkflowExecutionStartedEventAttributes(start)) = first else {
        return String::new();
    };
    let queue = start.task_queue.get_or_insert_default();
    if queue.name.is_empty() {
        DEFAULT_TASK_QUEUE.clone_into(&mut queue.name);
    }
    queue.name.clone()
}

fn check_events(events: &[HistoryEvent]) -> Result<(), ReplayError> {
    for (number, event) in (1..).zip(events) {
        if event.event_id != number {
            return Err(ReplayError::Broken(format!(
                "event {number} is missing, event {} is in its place",
                event.event_id
            )));
        }
        if event.event_type() == EventType::Unspecified && !event.worker_may_ignore {
            return Err(ReplayError::Broken(format!(
                "event {number} has a type that this build does not know"
            )));
        }
    }
    Ok(())
}

fn is_task(event: &HistoryEvent) -> bool {
    event.event_type() == EventType::WorkflowTaskCompleted
}

#[cfg(test)]
pub(crate) mod tests;
