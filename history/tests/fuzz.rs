//! Fuzz target: histories, as files that somebody hands to `wci explain`, `timeline` or `replay`.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use bolero::check;
use wci_fuzz::Mutation;
use wci_history::{History, RunHistory, explain, json, sentences, waits};

const SAMPLES: &[&str] = &[
    include_str!("../../replay-histories/v1/delete.json"),
    include_str!("../../replay-histories/v1/create-and-scale-from-zero.json"),
    include_str!("../../replay-histories/v4/registered-after-failed-starts.json"),
    r#"{"history":{"events":[{"eventId":"1","eventTime":"2026-01-01T00:00:00Z","eventType":
    "WorkflowExecutionStarted","workflowExecutionStartedEventAttributes":{"workflowType":{"name":
    "t"},"taskQueue":{"name":"q"},"input":[{"a":1}]}}]}}"#,
];

#[test]
fn histories() {
    check!().with_iterations(100).with_type::<Mutation>().for_each(|mutation| {
        let Ok(read) = json::parse(&mutation.of(SAMPLES)) else { return };
        let run = RunHistory { events: read.events.clone() };
        let _ = (run.continued_from(), run.activities(), run.workflow_tasks(), run.launches());
        let history = History::read([read.events.as_slice()], None);
        let _ = sentences(&history.events);
        let _ = waits(&history, i64::MAX);
    });
}

#[test]
fn lines_of_reasons() {
    const LINES: &[&str] = &["rate_limited_queue waiting=3 per_minute=60 remaining_ms=5"];
    check!().with_iterations(300).with_type::<(Mutation, bool)>().for_each(|(mutation, is_set)| {
        let _ = explain(&mutation.text(LINES), *is_set);
    });
}
