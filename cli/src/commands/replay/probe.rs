//! Finds commands of the workflow after the last recorded event of an open run.
//!
//! A replay compares each recorded event with the workflow's commands. Commands after the last
//! event would show only at the next event, which an open run does not have. So the run is replayed
//! again with an extra event at its end that no command matches: a command that shows up there was
//! not recorded.

use temporalio_common::protos::temporal::api::{
    enums::v1::EventType,
    history::v1::{
        History, HistoryEvent, WorkflowExecutionCompletedEventAttributes, history_event::Attributes,
    },
};

use super::{Recording, ReplayError, Replayed};

/// The SDK's message if the workflow has no command for an event, as expected at the probe.
const NOTHING: &str = "No command scheduled for event";
/// Follows the name of a command in the SDK's message if that does not match the event.
const SOMETHING: &str = " does not handle ";

/// The recording up to the commands of its last workflow task, plus the probe event; `None` if the
/// workflow itself ended the run.
pub(super) fn probed(recording: &Recording) -> Option<Recording> {
    let mut events = recording.history.events.clone();
    let last = events.last()?;
    if last.is_command_event() && last.is_final_wf_execution_event() {
        return None;
    }
    events.truncate(recording.answered());
    let last = events.last()?;
    let attributes = WorkflowExecutionCompletedEventAttributes::default();
    let probe = HistoryEvent {
        event_id: last.event_id + 1,
        event_time: last.event_time,
        event_type: EventType::WorkflowExecutionCompleted.into(),
        attributes: Some(Attributes::WorkflowExecutionCompletedEventAttributes(attributes)),
        ..HistoryEvent::default()
    };
    events.push(probe);
    Some(Recording { history: History { events }, ..recording.clone() })
}

/// Fails if the replay of a probed recording shows a command that was not recorded. Other errors
/// stem from the probe, because the recording itself replayed before.
pub(super) fn left_over(
    recording: &Recording,
    result: Result<Replayed, ReplayError>,
) -> Result<(), ReplayError> {
    let what = match &result {
        // The workflow ended the run, as the probe event does.
        Ok(_) => "its end",
        Err(ReplayError::Nondeterminism { message, .. }) if !message.contains(NOTHING) => {
            message.split_once(SOMETHING).map_or(message.as_str(), |(machine, _)| machine)
        }
        Err(_) => return Ok(()),
    };
    let what = what.trim_end_matches("Machine").trim_end_matches(" machine");
    let after = recording.last_to_reach();
    let message = format!("its next command is not recorded: {what}");
    Err(ReplayError::Nondeterminism { after, message })
}
