use super::{report::Report, text};
use crate::{
    clock::Millis,
    commands::history_source::{HistorySource, Origin},
    control::Owner,
    replay::recorded,
};
use wci_history::History;

/// Right after a provider refused for the first time.
const AT: Millis = 1_795_352_172_700;

fn source(at: Millis, now: Millis) -> HistorySource {
    let events = recorded("provider-refuses-then-recovers");
    let server = Origin {
        namespace: "default".to_owned(),
        run_by: Owner::Wci,
        is_open: true,
        trouble: None,
        state: None,
    };
    HistorySource { history: History::read([&*events], Some(at)), at, now, server: Some(server) }
}

#[test]
fn the_text_tells_what_was_the_case_what_it_waited_for_and_what_had_happened() {
    let report = Report::new(source(AT, AT + 600_000), 3);
    let expected = "\
refusing:v1 in namespace default, run by wci, as it was at 2026-11-22T12:56:12.700Z, 10m0s ago

Group default (aws-lambda, no-sync)
  Backing off, because the last request was throttled (1 in a row): retry in 758 ms.
  Last decision, 97 ms ago: start no workers, because
  - a launch was throttled, 1 in a row: retry in 925 ms
  - 1 task found no worker
  - backing off, because the last request was throttled: retry in 925 ms
  What helps: read the provider's error in the outcome of the launch.

It waited for
  - A timer in 778 ms: decide again about deferred tasks.
  - The watch of the workflow, activity and nexus queues to find tasks that no worker takes; an idle watch is renewed in 59m58s.
  - A signal from the server that tasks found no worker.

What happened
  WHEN                      WHAT
  2026-11-22T12:56:12.482Z  Decided for default to start no workers: 2 tasks found no worker; the last start is too recent: next start in 1s at the earliest. Next decision in 1s at the latest.
  2026-11-22T12:56:12.515Z  aws-lambda throttled the start of 1 worker for default after 58 ms: operation error Lambda: Invoke, https response error StatusCode: 429, RequestID: none, TooManyRequestsException: Rate Exceeded.
  2026-11-22T12:56:12.603Z  Decided for default to start no workers: a launch was throttled, 1 in a row: retry in 925 ms; 1 task found no worker; backing off, because the last request was throttled: retry in 925 ms. Next decision in 855 ms at the latest.
  (earlier events: --limit N)";
    assert_eq!(text::of(&report), expected);
}

#[test]
fn json_has_every_reason_by_name_as_it_stands_and_in_words() {
    let report = serde_json::to_value(Report::new(source(AT, AT), 1)).unwrap();
    let reason = &report["groups"][0]["last_decision"]["reasons"][2];
    assert_eq!(reason["name"], "backing_off");
    assert_eq!(reason["line"], "backing_off(throttled) remaining_ms=925");
    assert!(reason["text"].as_str().unwrap().starts_with("backing off, because the last request"));
    assert_eq!(report["groups"][0]["backing_off"]["class"], "throttled");
    assert_eq!(report["waits_for"][0]["kind"], "timer");
    assert_eq!(report["moments"].as_array().unwrap().len(), 1);
    assert_eq!((&report["is_now"], &report["more"]), (&true.into(), &true.into()));
}
