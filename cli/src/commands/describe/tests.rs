use serde_json::json;
use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus;
use wci_contract::{ConfigPayload, state::State};

use super::{report::Report, text};
use crate::control::{Execution, Owner, VersionStatus};

const NOW: i64 = 1_700_000_100_000;

fn execution() -> Execution {
    Execution {
        run_id: "run".to_owned(),
        task_queue: "wci-system".to_owned(),
        status: WorkflowExecutionStatus::Running,
        started: NOW - 60_000,
        closed: None,
        history_length: 42,
        retrying: Vec::new(),
    }
}

fn report(state: serde_json::Value) -> Report {
    let id = wci_contract::VersionId::new("orders", "v1").unwrap();
    let state: State = serde_json::from_value(state).unwrap();
    let status = Some(VersionStatus::Current);
    Report::new(&id, "default", execution(), Owner::Wci, state, status)
}

fn failing() -> Report {
    let config = json!({"command": "greeter"});
    let config = ConfigPayload::from_map(config.as_object().unwrap());
    report(json!({
        "spec": {"scaling_group_specs": {"default": {"task_types": null,
            "compute": {"provider_type": "subprocess", "config": config}}}},
        "scaling_state": {"default": {"wci": {"backoff":
            {"class": "throttled", "failures": 2, "until_ms": NOW + 4_000}}}},
        "create_time": {"seconds": (NOW - 3_600_000) / 1000, "nanos": 0},
        "last_modifier_identity": "me",
        "validation_state": {"last_validation_time": "2023-11-14T22:13:20Z", "status": "success"},
        "wci": {
            "launches": [{"launch_id": "l1", "group": "default", "count": 3, "since": NOW - 500}],
            "decisions": [
                {"at_ms": NOW - 9_000, "group": "default", "event": "task-add", "invoked": 3,
                 "reasons": ["tasks_announced misses=3"]},
                {"at_ms": NOW - 1_000, "group": "default", "event": "outcome", "throttled": 2,
                 "reasons": ["launch_failed(throttled) failures=2 wait_ms=5000"]}],
            "last_failures": {"default": {"at_ms": NOW - 1_000, "outcome":
                {"throttled": 1, "class": "throttled", "message": "TooManyRequests"}}},
            "workers_started": 7,
            "warnings": ["default: the function has no version"],
        },
    }))
}

#[test]
fn the_text_tells_what_is_configured_what_goes_on_and_why() {
    let expected = "\
Version          orders:v1
Namespace        default
Run by           wci (task queue wci-system)
Run              running, started 1m0s ago, 42 events in history
Created          2023-11-14T21:15:00Z (1h0m ago)
Server           current
Validation       success (2023-11-14T22:13:20Z)
Health           failures in default
Last change by   me
Workers started  7
Signals          0 waiting, 0 dropped
Warning          default: the function has no version

Spec
  deployment: orders
  build_id: v1
  groups:
    default:
      provider:
        type: subprocess
        command: greeter

Groups
  GROUP    PROVIDER    SCALER   TASK TYPES               WORKERS     FAILURES
  default  subprocess  default  workflow,activity,nexus  3 starting  throttled, 2 failures in a row, retries in 4s
                                                                     1s ago throttled: TooManyRequests

Launches in progress
  GROUP    WORKERS  SINCE       LAUNCH
  default  3        500 ms ago  l1

Recent decisions
  WHEN    GROUP    EVENT     WORKERS  DEFERRED  REASONS
  1s ago  default  outcome   0        2         launch_failed(throttled) failures=2 wait_ms=5000
  9s ago  default  task-add  3        0         tasks_announced misses=3

See also: wci explain orders:v1";
    assert_eq!(text::of(&failing(), NOW).unwrap(), expected);
}

#[test]
fn programs_find_every_part_under_a_name_that_stays() {
    let report = serde_json::to_value(failing()).unwrap();
    let keys: Vec<&String> = report.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "announcements",
            "build_id",
            "created",
            "decisions",
            "deployment",
            "groups",
            "history_length",
            "in_flight",
            "last_modifier_identity",
            "latest_drop",
            "namespace",
            "next_wake_up",
            "run_by",
            "run_id",
            "run_started",
            "server_problem",
            "signals_dropped",
            "signals_waiting",
            "spec",
            "status",
            "task_queue",
            "validation",
            "version_status",
            "warnings",
            "workers_started",
            "workflow_id",
        ]
    );
    assert_eq!(report["groups"][0]["backing_off"]["until"], "2023-11-14T22:15:04Z");
    assert_eq!(report["groups"][0]["last_failure"]["class"], "throttled");
    assert_eq!(report["decisions"][1]["held_back"], 2);
    assert_eq!(report["in_flight"][0]["workers"], 3);
}

#[test]
fn an_instance_without_a_spec_says_what_it_waits_for() {
    let text = text::of(&report(json!({"spec": null})), NOW).unwrap();
    assert!(text.contains("Health           no compute config yet: create it with `wci apply`"));
    assert!(!text.contains("Groups"));
}

#[test]
fn what_is_tried_until_it_is_true_is_shown_with_its_last_trouble() {
    let report = report(json!({
        "spec": {"scaling_group_specs": {"g": {"compute": {"provider_type": "subprocess"}}}},
        "validation_state": {"last_validation_time": "2023-11-14T22:13:20Z", "status": "success"},
        "wci": {
            "check": {"trouble": "g: no answer"},
            "untold": {"attempts": 2, "next_attempt_ms": NOW + 20_000, "message": "not found"},
            "worker_sets": {"gone": {"wanted": 0}},
            "last_failures": {"gone": {"outcome": {"refused": 1, "message": "disk full"}}},
            "crashes": {"g": {"in_a_row": 3, "within_ms": 1_500, "exit": "exited with 3",
                "last_line": "boom", "at_ms": NOW - 1_000}},
        },
    }));
    let text = text::of(&report, NOW).unwrap();
    for expected in [
        "Validation       success (2023-11-14T22:13:20Z), not validated since: g: no answer",
        "Health           crash loop: g: 3 workers in a row exited with 3 within 2 s: boom",
        "Not done yet     the server does not know the validation status after 2 attempts, next in \
         20s: not found",
        "Not done yet     the worker set of gone is being ended: disk full",
        "1s ago 3 workers in a row exited with 3 within 2 s: boom",
    ] {
        assert!(text.contains(expected), "{expected:?} is missing:\n{text}");
    }
}
