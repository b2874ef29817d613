//! Looks behind the end of a run that goes on.
//!
//! A replay compares each recorded event with what the workflow commands. What it commands
//! beyond them shows only at the next one, which an open run does not have. So such a run is
//! replayed once more with an event at its end that nothing commands: what comes up there
//! instead was not recorded.

use temporalio_common::protos::temporal::api::{
    enums::v1::EventType,
    history::v1::{
        History, HistoryEvent, WorkflowExecutionCompletedEventAttributes, history_event::Attributes,
    },
};

use super::{Recording, ReplayError, rerun::Replayed};

/// What the SDK says where a workflow commands nothing, as it should at the probe.
const NOTHING: &str = "No command scheduled for event";
/// What it says where the workflow commands something else, after the name of that.
const SOMETHING: &str = " does not handle ";

/// The recording up to what its last workflow task commanded, and the probe; `None` when the
/// workflow itself ended the run: then nothing of it is left.
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

/// What the replay of a probed recording says of the run: only that something was left over.
/// Other troubles than that are the probe's, for the run itself was replayed before.
pub(super) fn left_over(
    recording: &Recording,
    result: Result<Replayed, ReplayError>,
) -> Result<(), ReplayError> {
    let what = match &result {
        // The workflow ended the run, which is what the probe pretends.
        Ok(_) => "its end",
        Err(ReplayError::Nondeterminism { message, .. }) if !message.contains(NOTHING) => {
            message.split_once(SOMETHING).map_or(message.as_str(), |(machine, _)| machine)
        }
        Err(_) => return Ok(()),
    };
    let what = what.trim_end_matches("Machine").trim_end_matches(" machine");
    let after = recording.last_to_reach();
    let message = format!("what it does next is not recorded: {what}");
    Err(ReplayError::Nondeterminism { after, message })
}
