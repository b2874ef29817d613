use super::{report::Report, text};
use crate::{
    clock::Millis,
    commands::past::{Origin, Past},
    control::Owner,
    replay::recorded,
};
use wci_history::Story;

/// Right after a provider refused for the first time.
const AT: Millis = 1_795_352_172_700;

fn past(at: Millis, now: Millis) -> Past {
    let events = recorded("provider-refuses-then-recovers");
    let server = Origin {
        namespace: "default".to_owned(),
        run_by: Owner::Wci,
        is_open: true,
        trouble: None,
        state: None,
    };
    Past { story: Story::read([&*events], Some(at)), at, now, server: Some(server) }
}

#[test]
fn the_text_tells_what_was_the_case_what_it_waited_for_and_what_had_happened() {
    let report = Report::new(past(AT, AT + 600_000), 3);
    let expected = "\
refusing:v1 in namespace default, run by wci, as it was at 2026-11-22T12:56:12.700Z, 10m0s ago

Group default (aws-lambda, no-sync)
  It asks its provider for nothing now (throttled, failed 1 in a row); again in 758 ms.
  Its last decision was to start nothing, 97 ms ago, because
  - a launch failed (throttled), 1 in a row: retry in 925 ms
  - 1 task found no worker
  - backing off after a provider failure (throttled): retry in 925 ms
  What helps: read the provider's error in the outcome of the launch.

It waited for
  - The time to decide again about what was put off, in 778 ms.
  - The watch of the workflow, activity and nexus queues to see tasks wait that nobody takes; an idle watch is renewed in 59m58s.
  - Tasks that find no worker, which the server announces.

What happened
  WHEN                      WHAT
  2026-11-22T12:56:12.482Z  Decided for default to start nothing: 2 tasks found no worker; the last start is too recent: next start in 1s at the earliest. It is asked again in 1s at the latest.
  2026-11-22T12:56:12.515Z  Of 1 worker for default, aws-lambda started none after 58 ms: throttled, operation error Lambda: Invoke, https response error StatusCode: 429, RequestID: none, TooManyRequestsException: Rate Exceeded.
  2026-11-22T12:56:12.603Z  Decided for default to start nothing: a launch failed (throttled), 1 in a row: retry in 925 ms; 1 task found no worker; backing off after a provider failure (throttled): retry in 925 ms. It is asked again in 855 ms at the latest.
  (more happened before: --limit N)";
    assert_eq!(text::of(&report), expected);
}

#[test]
fn json_has_every_reason_by_name_as_it_stands_and_in_words() {
    let report = serde_json::to_value(Report::new(past(AT, AT), 1)).unwrap();
    let reason = &report["groups"][0]["last_decision"]["reasons"][2];
    assert_eq!(reason["name"], "backing_off");
    assert_eq!(reason["line"], "backing_off(throttled) remaining_ms=925");
    assert!(reason["text"].as_str().unwrap().starts_with("backing off after a provider failure"));
    assert_eq!(report["groups"][0]["backing_off"]["class"], "throttled");
    assert_eq!(report["waits_for"][0]["kind"], "timer");
    assert_eq!(report["moments"].as_array().unwrap().len(), 1);
    assert_eq!((&report["is_now"], &report["more"]), (&true.into(), &true.into()));
}
