//! Which events of a history workflow tasks have brought.

use temporalio_common::protos::temporal::api::{
    enums::v1::EventType,
    history::v1::{History, HistoryEvent},
};

/// Cuts off what came after the last completed workflow task and its commands. Where none was
/// completed, or one is under way, nothing is cut.
pub(super) fn settle(history: &mut History) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use EventType::{
        ActivityTaskCompleted, ActivityTaskScheduled, ActivityTaskStarted, TimerStarted,
        WorkflowExecutionCompleted, WorkflowExecutionSignaled, WorkflowExecutionStarted,
        WorkflowExecutionTerminated, WorkflowExecutionUpdateAccepted, WorkflowTaskCompleted,
        WorkflowTaskFailed, WorkflowTaskScheduled, WorkflowTaskStarted, WorkflowTaskTimedOut,
    };

    fn settled(events: &[EventType]) -> Vec<EventType> {
        let event = |kind: &EventType| HistoryEvent {
            event_type: i32::from(*kind),
            ..HistoryEvent::default()
        };
        let mut history = History { events: events.iter().map(event).collect() };
        settle(&mut history);
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
    fn a_history_without_news_is_left_as_it_is() {
        for commands in [
            &[][..],
            &[ActivityTaskScheduled, TimerStarted],
            &[WorkflowExecutionUpdateAccepted, TimerStarted],
            &[WorkflowExecutionCompleted],
        ] {
            let events = after_first_task(commands);
            assert_eq!(settled(&events), events);
        }
    }

    #[test]
    fn news_that_no_workflow_task_has_brought_is_cut_off() {
        for news in [
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
            let settled_before = after_first_task(&[ActivityTaskScheduled, TimerStarted]);
            assert_eq!(settled(&[&settled_before, news].concat()), settled_before);
        }
    }

    #[test]
    fn what_earlier_tasks_have_brought_stays() {
        let earlier = after_first_task(&[
            ActivityTaskScheduled,
            WorkflowExecutionSignaled,
            WorkflowTaskScheduled,
            WorkflowTaskStarted,
            WorkflowTaskCompleted,
        ]);
        let now = [&earlier[..], &[WorkflowExecutionSignaled, WorkflowTaskScheduled]].concat();
        assert_eq!(settled(&now), earlier);
    }

    #[test]
    fn a_workflow_task_that_is_under_way_keeps_its_news() {
        let events = after_first_task(&[
            WorkflowExecutionSignaled,
            WorkflowTaskScheduled,
            WorkflowTaskStarted,
        ]);
        assert_eq!(settled(&events), events);
    }

    #[test]
    fn before_the_first_completed_task_nothing_is_settled() {
        let events = [WorkflowExecutionStarted, WorkflowExecutionSignaled, WorkflowTaskScheduled];
        assert_eq!(settled(&events), events);
        assert_eq!(settled(&[]), []);
    }
}
