use super::*;
use crate::{
    Crashes, Trouble,
    decision::DecisionResult,
    launch::{Launch, Outcome},
    limits::{
        MAX_CONFIG_BYTES, MAX_DECISIONS, MAX_INBOX, MAX_LAUNCHES, MAX_MESSAGE, MAX_QUEUE_NAME,
        MAX_REASON, MAX_REASONS, MAX_SCALING_STATE, MAX_WARNINGS,
    },
    messages::StartInput,
    payload::ConfigPayload,
    signal::TaskAdd,
    state::{DecisionLogEntry, Extension, FailureRecord, State, WorkerSet},
};
use serde_json::json;

fn config(bytes: usize) -> ConfigPayload {
    ConfigPayload::from_map(json!({"x": "y".repeat(bytes)}).as_object().unwrap())
}

/// A spec of nearly [`MAX_SPEC_BYTES`] bytes with the most groups.
fn largest_spec() -> Spec {
    let mut spec = Spec::default();
    for n in 0..MAX_GROUPS {
        let name = format!("{n:0>MAX_GROUP_NAME$}");
        let mut group = crate::GroupSpec::default();
        group.compute.provider_type = "subprocess-pool".to_owned();
        group.compute.config = Some(config(8_700));
        spec.scaling_group_specs.insert(name, group);
    }
    check_spec(&spec).unwrap();
    assert!(json_len(&spec) > MAX_SPEC_BYTES - 20_000, "{}", json_len(&spec));
    spec
}

fn largest_state() -> State {
    let spec = largest_spec();
    let groups: Vec<String> = spec.scaling_group_specs.keys().cloned().collect();
    let message = "m".repeat(MAX_MESSAGE);
    let failed = Outcome { message: message.clone(), ..Outcome::default() };
    let signal = |n: usize| TaskAdd {
        task_queue_name: format!("{n:0>MAX_QUEUE_NAME$}"),
        task_queue_type: 1,
        misses: u64::from(u32::MAX),
        ..TaskAdd::default()
    };
    let launch = |n: usize| Launch {
        launch_id: format!("{n:0>36}"),
        group: groups[0].clone(),
        count: 1000,
        since: i64::MAX,
    };
    let decision = DecisionLogEntry {
        group: groups[0].clone(),
        reasons: vec!["r".repeat(MAX_REASON); MAX_REASONS],
        ..DecisionLogEntry::default()
    };
    let wci = Extension {
        launches: (0..MAX_LAUNCHES).map(launch).collect(),
        decisions: vec![decision; MAX_DECISIONS],
        last_failures: groups
            .iter()
            .map(|group| (group.clone(), FailureRecord { outcome: failed.clone(), at_ms: 1 }))
            .collect(),
        warnings: vec![message.clone(); MAX_WARNINGS],
        worker_sets: spec
            .scaling_group_specs
            .iter()
            .map(|(name, group)| {
                (name.clone(), WorkerSet { compute: group.compute.clone(), ..WorkerSet::default() })
            })
            .collect(),
        unregistered: groups
            .iter()
            .map(|group| {
                (
                    group.clone(),
                    Trouble {
                        message: message.clone(),
                        reported: Some(message.clone()),
                        ..Default::default()
                    },
                )
            })
            .collect(),
        crashes: groups
            .iter()
            .map(|group| {
                (
                    group.clone(),
                    Crashes {
                        last_line: "l".repeat(500),
                        reported: Some(message.clone()),
                        ..Default::default()
                    },
                )
            })
            .collect(),
        ..Extension::default()
    };
    State {
        spec: Some(spec),
        scaling_state: groups
            .iter()
            .map(|group| {
                let state = json!({"learned": "l".repeat(1000)});
                (group.clone(), state.as_object().unwrap().clone())
            })
            .collect(),
        pending_task_add_signals: (0..MAX_INBOX).map(signal).collect(),
        wci: Some(wci),
        rest: json!({"later": "x".repeat(MAX_UNKNOWN_BYTES - 20)}).as_object().unwrap().clone(),
        ..State::default()
    }
}

#[test]
fn the_largest_state_fits_into_an_input_and_is_kept_as_it_is() {
    let mut input = StartInput { state: Some(largest_state()), ..StartInput::default() };
    let text = serde_json::to_vec(&input).unwrap();
    assert!(text.len() < MAX_INPUT_BYTES, "{}", text.len());
    check_input(&text).unwrap();
    let before = input.clone();
    input.bound().unwrap();
    assert_eq!(input, before);
}

#[test]
fn the_largest_config_of_one_group_fits_into_a_spec() {
    let mut spec = Spec::default();
    let group = spec.scaling_group_specs.entry("g".to_owned()).or_default();
    group.compute.config = Some(config(MAX_CONFIG_BYTES - 10));
    group.scaling.get_or_insert_default().config = Some(config(MAX_CONFIG_BYTES - 10));
    check_spec(&spec).unwrap();
}

#[test]
fn an_input_with_too_many_bytes_or_values_is_refused() {
    let refused = |text: String| check_input(text.as_bytes()).unwrap_err().message;
    assert_eq!(
        refused(format!("\"{}\"", "x".repeat(1_800_000))),
        "the input has 1800002 bytes, at most 1700000 are allowed: send less"
    );
    assert!(refused(format!("[{}0]", "0,".repeat(200_000))).contains("131072 values"));
    assert!(refused("[".repeat(200_000)).contains("131072 values"));
    check_input(format!("[{}0]", "0,".repeat(100_000)).as_bytes()).unwrap();
    check_input(format!("\"{}\"", ",\\\"".repeat(200_000)).as_bytes()).unwrap();
}

#[test]
fn a_spec_beyond_a_bound_is_refused_with_the_bound() {
    let refused = |spec: &Spec| check_spec(spec).unwrap_err().message;
    let mut spec = largest_spec();
    for group in spec.scaling_group_specs.values_mut().take(4) {
        group.compute.config = Some(config(MAX_CONFIG_BYTES - 10));
    }
    assert!(refused(&spec).contains("at most 393216 are allowed: shorten"), "{}", refused(&spec));
    let mut spec = Spec::default();
    spec.scaling_group_specs.entry("g".to_owned()).or_default().task_types = Some(vec![1; 100]);
    assert!(refused(&spec).contains("100 task types"));
}

#[test]
fn of_a_state_full_of_junk_little_is_kept() {
    let junk = "j".repeat(20_000);
    let many: Map<String, Value> =
        (0..5_000).map(|n| (format!("{n}"), json!({"message": "x".repeat(100)}))).collect();
    let mut input: StartInput = serde_json::from_value(json!({
        "junk": junk, "state": {
            "junk": junk, "last_modifier_identity": junk, "conflict_token": junk,
            "scaling_state": many, "spec": {"junk": junk, "scaling_group_specs":
                {"g": {"junk": junk, "compute": {"junk": junk}}}},
            "validation_state": {"err_message": junk, "status": junk},
            "wci": {"junk": junk, "latest_drop": junk, "last_failures": many, "registering": {},
                "unregistered": many, "worker_sets": many,
                "warnings": vec![&junk; 100],
                "decisions": vec![json!({"reasons": vec![&junk; 100], "group": junk}); 30]}}}))
    .unwrap();
    let before = json_len(&input);
    input.bound().unwrap();
    assert!(before > 60_000_000 && json_len(&input) < 300_000, "{before} {}", json_len(&input));
}

#[test]
fn a_decision_that_somebody_else_made_is_bounded() {
    let junk = json!({"junk": "j".repeat(MAX_SCALING_STATE)}).as_object().unwrap().clone();
    let result =
        DecisionResult { state: junk, reasons: vec!["r".repeat(9_000); 99], ..Default::default() };
    let mut output = crate::activities::DecideOutput::default();
    output.groups.insert("g".to_owned(), result.clone());
    output.groups.insert("n".repeat(256), result);
    output.bound();
    assert_eq!(output.groups.len(), 1);
    assert!(json_len(&output) < 10_000, "{}", json_len(&output));
}
