//! Drives an instance by hand: keeps the effects until a test carries them out.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::{Deref, DerefMut},
};

use serde_json::{Value, json};
use wci_contract::{
    Spec,
    activities::{DecideInput, DecideOutput, InvokeInput, ValidateOutput},
    decision::{Action, DecisionResult},
    launch::Outcome,
    messages::StartInput,
    signal::TaskAdd,
    state::Timestamp,
};

use crate::{Effect, Event, InstanceState};

/// An instance, and the launches that follow from its decisions.
pub(super) struct Driver {
    pub(super) instance: InstanceState,
    pub(super) launches: VecDeque<InvokeInput>,
}

impl Deref for Driver {
    type Target = InstanceState;

    fn deref(&self) -> &InstanceState {
        &self.instance
    }
}

impl DerefMut for Driver {
    fn deref_mut(&mut self) -> &mut InstanceState {
        &mut self.instance
    }
}

impl Driver {
    /// A run of an instance with these scaling groups.
    pub(super) fn new(groups: Value) -> Self {
        let input: StartInput = serde_json::from_value(json!({"namespace_name": "default",
            "deployment_name": "d", "build_id": "b",
            "state": {"spec": {"scaling_group_specs": groups}}}))
        .unwrap();
        let started = Timestamp { seconds: 1, nanos: 0 };
        let instance = InstanceState::new(input, started).unwrap();
        Self { instance, launches: VecDeque::new() }
    }

    /// Handles `event`, and keeps the launches that follow.
    pub(super) fn on(&mut self, now_ms: i64, event: Event) -> Vec<Effect> {
        let effects = self.instance.handle(now_ms, event);
        let launches = effects.iter().filter_map(|effect| match effect {
            Effect::Launch(input) => Some((**input).clone()),
            _ => None,
        });
        self.launches.extend(launches);
        effects
    }

    pub(super) fn announce(&mut self, signal: TaskAdd) {
        self.on(0, Event::TasksAnnounced(signal));
    }

    /// The input of a decision that begins now; launches of one at 100 are named `launch-100-0`
    /// and so on.
    pub(super) fn decide_input(&mut self, now_ms: i64) -> DecideInput {
        let mut ids = (0..).map(|n| format!("launch-{now_ms}-{n}"));
        self.instance.begin_decision(now_ms, || ids.next().unwrap());
        let effects = self.instance.take_effects();
        let input = effects.into_iter().find_map(|effect| match effect {
            Effect::Decide(input) => Some(input),
            _ => None,
        });
        input.unwrap_or_default()
    }

    /// Answers a decision.
    pub(super) fn decided(&mut self, input: DecideInput, output: DecideOutput) -> Vec<Effect> {
        self.on(input.now_ms, Event::DecisionMade { input, output })
    }

    /// Decides the same for every group that a decision is about.
    pub(super) fn decide(&mut self, now_ms: i64, decision: DecisionResult) -> DecideInput {
        let input = self.decide_input(now_ms);
        let groups = input.groups.keys().map(|name| (name.clone(), decision.clone())).collect();
        self.decided(input.clone(), answer(groups));
        input
    }

    pub(super) fn end_launch(&mut self, now_ms: i64, launch_id: &str, outcome: Outcome) {
        self.on(now_ms, Event::LaunchEnded { launch_id: launch_id.to_owned(), outcome });
    }

    /// Changes the spec to one with these scaling groups.
    pub(super) fn change_spec(&mut self, now_ms: i64, groups: Value) {
        let spec: Spec = serde_json::from_value(json!({"scaling_group_specs": groups})).unwrap();
        let (identity, output) = ("me".to_owned(), ValidateOutput::default());
        self.on(now_ms, Event::SpecChanged { spec, identity, output });
    }
}

pub(super) fn miss(kind: i64, misses: u64) -> TaskAdd {
    TaskAdd { task_queue_name: "q".into(), task_queue_type: kind, misses, ..TaskAdd::default() }
}

pub(super) fn answer(groups: BTreeMap<String, DecisionResult>) -> DecideOutput {
    DecideOutput { groups, ..DecideOutput::default() }
}

pub(super) fn invoke(count: u32) -> DecisionResult {
    DecisionResult { actions: vec![Action::InvokeWorker { count }], ..Default::default() }
}

pub(super) fn throttle(wake_at_ms: i64) -> DecisionResult {
    DecisionResult { throttled: 1, wake_at_ms: Some(wake_at_ms), ..Default::default() }
}
