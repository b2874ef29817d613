//! What the world around an instance does next.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};
use wci_contract::{
    FailureClass, Spec, TaskType, activities::WatchOutput, launch::Outcome, signal::TaskAdd,
    stats::QueueStats,
};

use super::decider::{Choice, choice};

/// One step. It does nothing where it does not apply: no launch ends while none is under way.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Announce(TaskAdd),
    /// Announces tasks of this number of queues.
    Flood(u16),
    /// Tasks are announced and decided about, this number of times.
    Rounds(u8),
    DropSignal,
    Wait(i64),
    Decide(Vec<Choice>),
    FailDecision,
    EndLaunch(usize, Fate),
    /// Reports a launch that has ended, or that nobody knows.
    RepeatLaunch(usize, Fate),
    EndResize(usize, Fate),
    EndWatch(WatchOutput),
    FailWatch,
    EndRegistration {
        started: bool,
        failed: bool,
        empty_sets: bool,
    },
    FailRegistration,
    EndRevalidation {
        refused: bool,
        may_pass: bool,
        interval_ms: Option<u64>,
    },
    FailRevalidation,
    EndNotification,
    Update(Update),
    /// The validation of an update ends.
    EndUpdate {
        refused: bool,
    },
    LongHistory,
    Cancel,
    /// Looks what the next run would do if it began now.
    HandOver,
}

/// An update that a client sends.
#[derive(Debug, Clone)]
pub(crate) enum Update {
    Change(Spec),
    RemoveSpec,
    Delete,
    Release,
}

/// How a provider answers.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    Started,
    Failed(FailureClass),
    /// Whatever the number of workers requested.
    Counts(Outcome),
}

impl Fate {
    pub(crate) fn outcome(&self, count: u32) -> Outcome {
        match self {
            Self::Started => Outcome::started(count),
            Self::Failed(class) => Outcome::failed(count, *class, "no"),
            Self::Counts(outcome) => outcome.clone(),
        }
    }
}

/// The sizes of numbers in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// As the server and providers send them.
    Plausible,
    /// Up to the limits of their types.
    Huge,
}

impl Numbers {
    fn count(self) -> BoxedStrategy<u64> {
        match self {
            Self::Plausible => prop_oneof![9 => 1_u64..5, 1 => Just(u64::from(u32::MAX))].boxed(),
            Self::Huge => prop_oneof![1_u64..5, Just(u64::MAX), any::<u64>()].boxed(),
        }
    }

    fn workers(self) -> BoxedStrategy<u32> {
        match self {
            Self::Plausible => (0_u32..4).boxed(),
            Self::Huge => prop_oneof![0_u32..4, Just(u32::MAX)].boxed(),
        }
    }
}

/// The compute configs that an instance gets, one after another.
pub(crate) fn specs() -> Vec<Spec> {
    let p = json!({"provider_type": "p"});
    let pool = json!({"provider_type": "subprocess-pool"});
    let warm = json!({"scaling_algorithm": "demand", "config": {"min_workers": 2}});
    let groups: [Value; 9] = [
        json!({"g": {"compute": p}}),
        json!({"a": {"task_types": [1], "compute": p}, "b": {"task_types": [2], "compute": p}}),
        json!({"g": {"compute": pool}}),
        json!({"g": {"compute": p, "scaling": config(&warm)}, "b": {"task_types": [3]}}),
        json!({"other": {"compute": p}}),
        json!({"wf": {"task_types": [1], "compute": p}}),
        json!({"a": {"task_types": [1], "compute": pool}, "g": {"compute": p}}),
        json!({"g": {"compute": {"provider_type": "q"}}}),
        json!({"a": {"task_types": [1], "compute": pool}, "g": {"compute": pool}}),
    ];
    let spec = |groups| serde_json::from_value(json!({"scaling_group_specs": groups})).unwrap();
    groups.into_iter().map(spec).collect()
}

fn config(scaling: &Value) -> Value {
    let settings = wci_contract::ConfigPayload::from_map(scaling["config"].as_object().unwrap());
    json!({"scaling_algorithm": scaling["scaling_algorithm"], "config": settings})
}

/// Steps, each with whether the workflow task ends after it.
pub(crate) fn steps(numbers: Numbers) -> impl Strategy<Value = Vec<(bool, Step)>> {
    vec((prop::bool::weighted(0.8), step(numbers)), 1..60)
}

fn step(numbers: Numbers) -> impl Strategy<Value = Step> {
    let at = 0_usize..8;
    let choices = vec(choice(numbers), 1..4);
    let started =
        (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(started, failed, empty_sets)| {
            Step::EndRegistration { started, failed, empty_sets }
        });
    let interval = prop::option::of(prop_oneof![60_000_u64..120_000, any::<u64>()]);
    let validated = (any::<bool>(), prop::bool::weighted(0.2), interval).prop_map(
        |(refused, may_pass, interval_ms)| Step::EndRevalidation { refused, may_pass, interval_ms },
    );
    prop_oneof![
        16 => signal(numbers).prop_map(Step::Announce),
        1 => (1_u16..20).prop_map(Step::Flood),
        2 => (1_u8..15).prop_map(Step::Rounds),
        1 => Just(Step::DropSignal),
        10 => wait().prop_map(Step::Wait),
        20 => choices.prop_map(Step::Decide),
        3 => Just(Step::FailDecision),
        8 => (at.clone(), fate(numbers)).prop_map(|(at, fate)| Step::EndLaunch(at, fate)),
        2 => (at.clone(), fate(numbers)).prop_map(|(at, fate)| Step::RepeatLaunch(at, fate)),
        6 => (at, fate(numbers)).prop_map(|(at, fate)| Step::EndResize(at, fate)),
        6 => watch_output(numbers).prop_map(Step::EndWatch),
        1 => Just(Step::FailWatch),
        3 => started,
        1 => Just(Step::FailRegistration),
        3 => validated,
        1 => Just(Step::FailRevalidation),
        2 => Just(Step::EndNotification),
        8 => update().prop_map(Step::Update),
        8 => prop::bool::weighted(0.1).prop_map(|refused| Step::EndUpdate { refused }),
        4 => Just(Step::LongHistory),
        1 => prop::bool::weighted(0.2).prop_map(|now| if now { Step::Cancel } else { Step::HandOver }),
        4 => Just(Step::HandOver),
    ]
}

fn wait() -> impl Strategy<Value = i64> {
    prop_oneof![5 => 1_i64..2_000, 4 => 2_000_i64..20_000, 1 => 60_000_i64..700_000]
}

fn update() -> impl Strategy<Value = Update> {
    prop_oneof![
        12 => select(specs()).prop_map(Update::Change),
        2 => Just(Update::RemoveSpec),
        1 => prop::bool::weighted(0.5).prop_map(|gone| {
            if gone { Update::Delete } else { Update::Release }
        }),
    ]
}

fn signal(numbers: Numbers) -> impl Strategy<Value = TaskAdd> {
    (1_i64..=3, 0_u32..4, prop::bool::weighted(0.2), numbers.count(), numbers.count()).prop_map(
        |(task_queue_type, queue, is_sync_match, count, syncs)| TaskAdd {
            task_queue_name: format!("q{queue}"),
            task_queue_type,
            is_sync_match,
            misses: if is_sync_match && count < 3 { 0 } else { count },
            syncs: if is_sync_match { syncs } else { 0 },
        },
    )
}

pub(crate) fn fate(numbers: Numbers) -> impl Strategy<Value = Fate> {
    let counts = (numbers.workers(), numbers.workers(), numbers.workers()).prop_map(
        |(started, throttled, refused)| {
            let class = (refused > 0).then_some(FailureClass::Unavailable);
            let class = class.or((throttled > 0).then_some(FailureClass::Throttled));
            Fate::Counts(Outcome { started, throttled, refused, class, ..Outcome::default() })
        },
    );
    prop_oneof![
        3 => Just(Fate::Started),
        2 => select(FailureClass::ALL.to_vec()).prop_map(Fate::Failed),
        1 => counts,
    ]
}

fn watch_output(numbers: Numbers) -> impl Strategy<Value = WatchOutput> {
    let backlog = prop_oneof![Just(0), numbers.count()];
    let stats = (backlog, prop::bool::ANY).prop_map(|(backlog, is_served)| QueueStats {
        backlog,
        dispatch_rate: if is_served { 3.0 } else { 0.0 },
        ..QueueStats::default()
    });
    vec((select(TaskType::ALL.to_vec()), stats), 0..3).prop_map(|stats| WatchOutput {
        stats: stats.into_iter().collect(),
        ..WatchOutput::default()
    })
}
