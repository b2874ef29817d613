use serde_json::json;
use temporalio_common::protos::temporal::api::history::v1::{
    WorkflowExecutionUpdateAcceptedEventAttributes,
    WorkflowExecutionUpdateCompletedEventAttributes, history_event::Attributes,
};

use super::{recording, run, run_of};
use crate::RunHistory;

#[test]
fn an_update_is_pending_until_it_completes() {
    let accepted = Attributes::WorkflowExecutionUpdateAcceptedEventAttributes(
        WorkflowExecutionUpdateAcceptedEventAttributes::default(),
    );
    let completed = Attributes::WorkflowExecutionUpdateCompletedEventAttributes(
        WorkflowExecutionUpdateCompletedEventAttributes {
            accepted_event_id: 1,
            ..Default::default()
        },
    );
    assert!(run(vec![accepted.clone()]).has_pending_update());
    assert!(run(vec![accepted.clone(), accepted.clone(), completed.clone()]).has_pending_update());
    let done = run(vec![accepted, completed]);
    assert!(!done.has_pending_update());
    assert!(done.has_update_after(0) && !done.has_update_after(1));
}

#[test]
fn an_activity_is_pending_until_it_closes() {
    let events = run_of("AnotherControllers", &json!({}), &json!({}));
    assert!(RunHistory { events: events[..2].to_vec() }.has_pending_activity());
    assert!(!RunHistory { events }.has_pending_activity());
}

#[test]
fn a_run_has_its_launches_with_their_requests_and_outcomes() {
    let run = RunHistory { events: recording("provider-refuses-then-recovers") };
    let launches = run.launches();
    let started: Vec<u32> =
        launches.iter().map(|launch| launch.outcome.as_ref().unwrap().started).collect();
    assert_eq!(started, [0, 0, 1]);
    for launch in &launches {
        assert_eq!((launch.requested.group.as_str(), launch.requested.count), ("default", 1));
        assert!(launch.activity.duration().is_some() && launch.activity.attempts > 0);
    }
    assert!(run.workflow_tasks().iter().all(|task| task.started.is_some() && !task.has_failed()));
}
