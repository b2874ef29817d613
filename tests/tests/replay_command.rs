//! `wci replay` on files that are not recorded runs: each gets a clear message, and exit code 1.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};
use wci_contract::names;
use wci_tests::built;

/// The shortest run that can be replayed: the validate workflow rejects its input.
fn run_of(workflow_type: &str) -> Value {
    json!({"events": [
        {
            "eventId": "1", "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED",
            "eventTime": "2026-01-01T00:00:00.5Z",
            "workflowExecutionStartedEventAttributes": {
                "workflowType": {"name": workflow_type}, "taskQueue": {"name": "wci-system"},
                "workflowTaskTimeout": "10s", "originalExecutionRunId": "run", "attempt": 1,
                "input": {"payloads": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "MQ=="}]}
            }
        },
        {
            "eventId": "2", "eventType": "EVENT_TYPE_WORKFLOW_TASK_SCHEDULED",
            "workflowTaskScheduledEventAttributes": {"attempt": 1, "addedByANewerServer": {}}
        },
        {
            "eventId": "3", "eventType": "EVENT_TYPE_WORKFLOW_TASK_STARTED",
            "eventTime": "2026-01-01T00:00:01Z",
            "workflowTaskStartedEventAttributes": {"scheduledEventId": "2"}
        },
        {
            "eventId": "4", "eventType": "EVENT_TYPE_WORKFLOW_TASK_COMPLETED",
            "workflowTaskCompletedEventAttributes": {"scheduledEventId": "2", "startedEventId": "3"}
        },
        {
            "eventId": "5", "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED",
            "workflowExecutionCompletedEventAttributes": {"workflowTaskCompletedEventId": "4"}
        }
    ]})
}

fn good() -> Value {
    run_of(names::VALIDATE_WORKFLOW)
}

/// The good run with changed events.
fn changed(change: impl FnOnce(&mut Vec<Value>)) -> Vec<u8> {
    let mut run = good();
    change(run["events"].as_array_mut().unwrap());
    run.to_string().into_bytes()
}

fn replay(args: &[&str], stdin: &[u8]) -> Output {
    let mut child = Command::new(built("wci"))
        .arg("replay")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that stops reading reports it with its exit code.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Asserts that the replay of `bytes` fails with one line that contains `message`.
fn fails(message: &str, bytes: &[u8]) {
    let output = replay(&["-"], bytes);
    let line = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{message}: {line}");
    assert!(line.starts_with("failed  -: ") && line.contains(message), "{message}: {line}");
    assert_eq!(line.lines().count(), 1, "{message}: {line}");
    assert_eq!(text(&output.stderr), "error: 1 of 1 histories failed\n");
}

#[test]
fn a_good_file_is_replayed_in_each_of_its_formats() {
    let bare = good();
    let response = json!({"history": bare, "nextPageToken": null, "archived": false});
    for run in [bare, response] {
        let output = replay(&["-"], run.to_string().as_bytes());
        assert_eq!(text(&output.stdout), "ok      -: replayed 5 events, 1 workflow task\n");
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    }
}

#[test]
fn a_file_that_is_not_json_is_reported() {
    fails("is not JSON", b"not JSON");
    fails("is not JSON", b"\xff\xfe\x00");
    fails("has no events", b"");
    fails("has no events", b" \n");
}

#[test]
fn a_truncated_file_is_reported() {
    let whole = good().to_string();
    fails("a part is missing", &whole.as_bytes()[..whole.len() / 2]);
}

#[test]
fn json_that_is_not_a_history_is_reported() {
    for json in ["1", "null", "[]", r#"["a"]"#, "{}", r#"{"events":{}}"#, r#"{"history":[]}"#] {
        fails("is not a history", json.as_bytes());
    }
    fails("is not a history", br#"{"events":[1]}"#);
    fails("is not a history", br#"{"events":[{"eventId":"one"}]}"#);
    fails("has no events", br#"{"events":[]}"#);
    fails("has no events", br#"{"history":{"events":[]}}"#);
}

#[test]
fn a_history_with_a_missing_part_is_reported() {
    fails("its first event is not the start of a run", &changed(|events| drop(events.remove(0))));
    fails("event 3 is missing, event 4 is in its place", &changed(|events| drop(events.remove(2))));
    fails("its next command is not recorded", &changed(|events| events.truncate(4)));
    for length in 1..4 {
        fails("proves nothing", &changed(|events| events.truncate(length)));
    }
}

#[test]
fn an_inconsistent_history_is_reported() {
    let key = "workflowExecutionStartedEventAttributes";
    for name in ["workflowType", "originalExecutionRunId"] {
        let without = |events: &mut Vec<Value>| {
            events[0][key].as_object_mut().unwrap().remove(name);
        };
        fails("its first event names no", &changed(without));
    }
    fails(
        "a type that this build does not know",
        &changed(|events| {
            events[1]["eventType"] = json!("EVENT_TYPE_OF_THE_FUTURE");
        }),
    );
    fails(
        "its workflow tasks are not in order",
        &changed(|events| {
            let signal =
                json!({"eventId": "4", "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED"});
            events[3] = signal;
            events[1]["eventType"] = json!("EVENT_TYPE_WORKFLOW_TASK_COMPLETED");
        }),
    );
}

#[test]
fn a_history_that_names_no_task_queue_is_replayed() {
    let key = "workflowExecutionStartedEventAttributes";
    let without = changed(|events| {
        events[0][key].as_object_mut().unwrap().remove("taskQueue");
    });
    let output = replay(&["-"], &without);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// The server's HTTP API has old names of enum values, and data in place of payloads.
#[test]
fn a_history_of_the_http_api_is_explained_or_its_missing_part_is_named() {
    let history = |summary: &str| {
        format!(
            r#"{{"history":{{"events":[{{"eventId":"1","eventTime":"2026-11-28T00:00:00Z",
            "eventType":"WorkflowExecutionStarted","workflowExecutionStartedEventAttributes":
            {{"workflowType":{{"name":"{}"}}}}{summary}}}]}}}}"#,
            names::INSTANCE_WORKFLOW
        )
    };
    let named = history(r#","userMetadata":{"summary":"starts workers for a:v1"}"#);
    fails("has no completed workflow task in its events 1 to 1", named.as_bytes());
    for (history, heading) in [
        (named, "a:v1, at the end of the recording ("),
        (history(""), "An instance whose version the recording does not name, at the end"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run.json");
        fs::write(&file, history).unwrap();
        let output =
            Command::new(built("wci")).args(["explain", "--history"]).arg(&file).output().unwrap();
        assert!(text(&output.stdout).starts_with(heading), "{output:?}");
        assert!(text(&output.stdout).contains("The instance started."), "{output:?}");
    }
}

#[test]
fn a_run_that_differs_from_the_recording_names_the_event() {
    let failed = |events: &mut Vec<Value>| {
        events[4] = json!({
            "eventId": "5", "eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_FAILED",
            "workflowExecutionFailedEventAttributes": {"workflowTaskCompletedEventId": "4"}
        });
    };
    fails("differs from the recording after event 4", &changed(failed));
}

#[test]
fn an_unknown_workflow_type_is_named() {
    fails(r#"is a run of "orders"; this build has "#, run_of("orders").to_string().as_bytes());
}

#[test]
fn each_file_has_a_line_and_one_failure_fails_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("good.json"), good().to_string()).unwrap();
    fs::write(path("bad.json"), "{}").unwrap();
    too_large(Path::new(&path("large.json")));
    let files = ["good.json", "bad.json", "large.json", "missing.json", "."].map(path);
    let output = replay(&files.each_ref().map(String::as_str), b"");
    let prefixes = ["ok  ", "failed  ", "failed  ", "failed  ", "failed  "];
    let messages =
        ["5 events", "is not a history", "larger than 64 MiB", "No such file", "directory"];
    let lines: Vec<&str> = text(&output.stdout).lines().collect();
    assert_eq!(lines.len(), files.len());
    for (index, line) in lines.iter().enumerate() {
        let is_right = line.starts_with(prefixes[index]) && line.contains(&files[index]);
        assert!(is_right && line.contains(messages[index]), "{line}");
    }
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), "error: 4 of 5 histories failed\n");
}

fn too_large(path: &Path) {
    File::create(path).unwrap().set_len((64 << 20) + 1).unwrap();
}

#[test]
fn json_output_is_a_list() {
    let run = changed(|events| events[0]["eventId"] = json!("7"));
    let output = replay(&["-o", "json", "-"], &run);
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    let message = "is not a whole history: event 1 is missing, event 7 is in its place";
    let error = json!({"class": "broken-history", "message": message});
    assert_eq!(list, json!([{"file": "-", "ok": false, "events": 0, "error": error}]));
    let output = replay(&["--output", "json", "-"], good().to_string().as_bytes());
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    let [one] = list.as_array().unwrap().as_slice() else { panic!("{list}") };
    assert_eq!(
        (&one["ok"], &one["events"], &one["workflow_tasks"]),
        (&json!(true), &json!(5), &json!(1))
    );
    assert_eq!(one["workflow_type"], names::VALIDATE_WORKFLOW);
}

#[test]
fn a_command_without_a_file_is_a_usage_error() {
    assert_eq!(replay(&[], b"").status.code(), Some(2));
}
