//! Removal of the events that no workflow task has applied yet.

use temporalio_common::protos::temporal::api::{
    enums::v1::EventType,
    history::v1::{History, HistoryEvent},
    workflowservice::v1::GetWorkflowExecutionHistoryRequest,
};

/// Truncates everything after the last completed workflow task and its commands.
///
/// Keeps the whole history if no workflow task has completed or if one is in progress.
pub(super) fn truncate_unapplied(history: &mut History) {
    let events = &mut history.events;
    if events.last().is_some_and(|event| event.event_type() == EventType::WorkflowTaskStarted) {
        return;
    }
    let is_completion =
        |event: &HistoryEvent| event.event_type() == EventType::WorkflowTaskCompleted;
    let Some(completed) = events.iter().rposition(is_completion) else { return };
    let after = events.iter().skip(completed + 1);
    let commands = after.take_while(|event| event.is_command_event()).count();
    events.truncate(completed + 1 + commands);
}

/// Whether this is how the core asks for the history of a workflow from its beginning: for one run,
/// and without any option. The client's own methods name the events that they want.
pub(super) fn is_of_core(request: &GetWorkflowExecutionHistoryRequest) -> bool {
    let of_core = GetWorkflowExecutionHistoryRequest {
        namespace: request.namespace.clone(),
        execution: request.execution.clone(),
        ..GetWorkflowExecutionHistoryRequest::default()
    };
    let names_run = request.execution.as_ref().is_some_and(|it| !it.run_id.is_empty());
    names_run && *request == of_core
}

#[cfg(test)]
mod tests {
    use super::*;
    use EventType::{
        ActivityTaskCompleted, ActivityTaskScheduled, ActivityTaskStarted, TimerStarted,
        WorkflowExecutionCompleted, WorkflowExecutionSignaled, WorkflowExecutionStarted,
        WorkflowExecutionTerminated, WorkflowExecutionUpdateAccepted, WorkflowTaskCompleted,
        WorkflowTaskFailed, WorkflowTaskScheduled, WorkflowTaskStarted, WorkflowTaskTimedOut,
    };
    use temporalio_common::protos::temporal::api::{
        common::v1::WorkflowExecution, enums::v1::HistoryEventFilterType,
    };

    fn truncated(events: &[EventType]) -> Vec<EventType> {
        let event = |kind: &EventType| HistoryEvent {
            event_type: i32::from(*kind),
            ..HistoryEvent::default()
        };
        let mut history = History { events: events.iter().map(event).collect() };
        truncate_unapplied(&mut history);
        history.events.iter().map(HistoryEvent::event_type).collect()
    }

    const FIRST_TASK: [EventType; 4] = [
        WorkflowExecutionStarted,
        WorkflowTaskScheduled,
        WorkflowTaskStarted,
        WorkflowTaskCompleted,
    ];

    fn after_first_task(events: &[EventType]) -> Vec<EventType> {
        [&FIRST_TASK, events].concat()
    }

    #[test]
    fn a_history_without_unapplied_events_is_left_as_it_is() {
        for commands in [
            &[][..],
            &[ActivityTaskScheduled, TimerStarted],
            &[WorkflowExecutionUpdateAccepted, TimerStarted],
            &[WorkflowExecutionCompleted],
        ] {
            let events = after_first_task(commands);
            assert_eq!(truncated(&events), events);
        }
    }

    #[test]
    fn events_that_no_workflow_task_has_applied_are_truncated() {
        for unapplied in [
            &[WorkflowExecutionSignaled, WorkflowTaskScheduled][..],
            &[ActivityTaskStarted, ActivityTaskCompleted, WorkflowTaskScheduled],
            &[ActivityTaskStarted],
            &[WorkflowExecutionTerminated],
            &[WorkflowTaskScheduled, WorkflowTaskStarted, WorkflowTaskFailed],
            &[
                WorkflowTaskScheduled,
                WorkflowTaskStarted,
                WorkflowTaskTimedOut,
                WorkflowTaskScheduled,
            ],
        ] {
            let applied = after_first_task(&[ActivityTaskScheduled, TimerStarted]);
            assert_eq!(truncated(&[&applied, unapplied].concat()), applied);
        }
    }

    #[test]
    fn events_that_earlier_tasks_have_applied_stay() {
        let earlier = after_first_task(&[
            ActivityTaskScheduled,
            WorkflowExecutionSignaled,
            WorkflowTaskScheduled,
            WorkflowTaskStarted,
            WorkflowTaskCompleted,
        ]);
        let now = [&earlier[..], &[WorkflowExecutionSignaled, WorkflowTaskScheduled]].concat();
        assert_eq!(truncated(&now), earlier);
    }

    #[test]
    fn a_workflow_task_in_progress_keeps_its_events() {
        let events = after_first_task(&[
            WorkflowExecutionSignaled,
            WorkflowTaskScheduled,
            WorkflowTaskStarted,
        ]);
        assert_eq!(truncated(&events), events);
    }

    #[test]
    fn before_the_first_completed_task_nothing_is_truncated() {
        let events = [WorkflowExecutionStarted, WorkflowExecutionSignaled, WorkflowTaskScheduled];
        assert_eq!(truncated(&events), events);
        assert_eq!(truncated(&[]), []);
    }

    #[test]
    fn only_the_histories_that_the_core_reads_are_truncated() {
        let execution = |run_id: &str| {
            Some(WorkflowExecution { workflow_id: "w".to_owned(), run_id: run_id.to_owned() })
        };
        let of_core = GetWorkflowExecutionHistoryRequest {
            namespace: "default".to_owned(),
            execution: execution("r"),
            ..GetWorkflowExecutionHistoryRequest::default()
        };
        assert!(is_of_core(&of_core));
        let next_page =
            GetWorkflowExecutionHistoryRequest { next_page_token: vec![1], ..of_core.clone() };
        let all = GetWorkflowExecutionHistoryRequest {
            history_event_filter_type: HistoryEventFilterType::AllEvent.into(),
            ..of_core.clone()
        };
        let waits = GetWorkflowExecutionHistoryRequest { wait_new_event: true, ..of_core.clone() };
        let latest = GetWorkflowExecutionHistoryRequest { execution: execution(""), ..of_core };
        for of_program in [next_page, all, waits, latest] {
            assert!(!is_of_core(&of_program), "{of_program:?}");
        }
    }
}
