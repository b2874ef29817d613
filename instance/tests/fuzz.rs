//! Fuzz target: a life from any start input, stored by any build or sent by any client.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use bolero::check;
use serde_json::Value;
use wci_contract::{messages::StartInput, signal::TaskAdd, state::Timestamp};
use wci_fuzz::Mutation;
use wci_instance::{Event, InstanceState, RunStatus};

const NOW_MS: i64 = 1_800_000_000_000;

macro_rules! golden {
    ($name:literal) => {
        include_str!(concat!("../../contract/tests/golden/", $name, ".json"))
    };
}

fn samples() -> Vec<String> {
    [
        golden!("server-start-input"),
        golden!("wci-revision-1-start-input"),
        golden!("wci-revision-2-start-input"),
        golden!("wci-revision-3-start-input"),
        golden!("wci-revision-4-start-input"),
    ]
    .iter()
    .flat_map(|file| match serde_json::from_str(file).unwrap() {
        Value::Array(samples) => samples,
        sample => vec![sample],
    })
    .map(|value| value.to_string())
    .collect()
}

/// The events that need nothing from outside.
fn events() -> [Event; 8] {
    let signal = TaskAdd {
        task_queue_name: "q".into(),
        task_queue_type: 1,
        misses: 1,
        ..TaskAdd::default()
    };
    [
        Event::RunStarted,
        Event::TasksAnnounced(signal),
        Event::TimerFired,
        Event::WatchFailed,
        Event::RevalidationDue,
        Event::SetsReleased,
        Event::SpecRemoved { identity: String::new() },
        Event::Deleted { identity: String::new() },
    ]
}

#[test]
fn lives_from_any_start_input() {
    let samples = samples();
    check!().with_iterations(300).with_type::<(Mutation, u8)>().for_each(
        |(mutation, events_seen)| {
            let Ok(input) = serde_json::from_str::<StartInput>(&mutation.text(&samples)) else {
                return;
            };
            let started = Timestamp { seconds: NOW_MS / 1_000, nanos: 0 };
            let Ok(mut instance) = InstanceState::new(input, started) else { return };
            let mut id = 0_u64;
            let mut new_id = || {
                id += 1;
                id.to_string()
            };
            for (n, event) in (0_u8..).zip(events()) {
                if events_seen & (1 << n) != 0 || n == 0 {
                    let now_ms = NOW_MS + i64::from(n);
                    instance.handle(now_ms, event);
                    instance.advance(now_ms, RunStatus::default(), &mut new_id);
                }
            }
            let _ = (instance.describe(), instance.memo());
            let next = instance.carry_over();
            let written = serde_json::to_string(&next).unwrap();
            assert_eq!(serde_json::from_str::<StartInput>(&written).unwrap(), next, "{written}");
            assert!(InstanceState::new(next, started).is_ok(), "the next run refuses: {written}");
        },
    );
}
