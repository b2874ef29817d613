//! Statistics that lack figures: absence is not zero. Nothing is learned, and nothing shrinks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::{Value, json};
use support::{Group, NOW, demand::started, map, names};
use wci_contract::{
    TaskType::{self, Activity, Workflow},
    decision::{Action, Decision, Event, Poll},
    stats::{QueueStats, WorkersSeen},
};
use wci_scaling::Algorithm::{self, Demand, NoSync, RateBased};

fn group(algorithm: Algorithm, config: Value, state: Value) -> Group {
    Group { state: map(state), ..Group::of(algorithm, config) }
}

fn poll<const N: usize>(stats: [(TaskType, QueueStats); N]) -> Event {
    Event::Poll(Poll { stats: stats.into(), workers: None })
}

fn unsound() -> QueueStats {
    QueueStats { arrival_rate: f64::NAN, dispatch_rate: f64::NAN, ..QueueStats::default() }
}

fn partial(backlog: u64) -> QueueStats {
    QueueStats { backlog, partial: true, ..QueueStats::default() }
}

/// Polls that say nothing about the load.
fn silent() -> [Event; 4] {
    let absent = Event::Poll(Poll::default());
    let mixed = poll([(Workflow, partial(0)), (Activity, QueueStats::default())]);
    [absent, poll([(Workflow, unsound())]), poll([(Workflow, partial(0))]), mixed]
}

fn size(decision: &Decision) -> Option<u32> {
    match decision.actions[..] {
        [Action::UpdateWorkerSetSize { count }] => Some(count),
        _ => None,
    }
}

#[test]
fn a_busy_worker_set_stays_as_it_is_while_the_server_reports_no_figures() {
    let state = json!({"worker_count": 9, "ewma_arrival_rate": 12, "ewma_dispatch_rate": 12,
        "ewma_per_consumer_capacity": 2});
    for event in silent() {
        let mut set = group(RateBased, json!({"max_scale_down_step": 100}), state.clone());
        let decision = set.at(NOW, event.clone());
        assert_eq!((size(&decision), names(&decision)), (None, vec!["stats_missing"]), "{event:?}");
        assert_eq!(set.state, map(state.clone()), "{event:?}");
    }
}

#[test]
fn a_set_whose_means_have_fallen_shrinks_only_once_figures_are_reported_again() {
    let state = json!({"worker_count": 9, "ewma_arrival_rate": 0, "ewma_dispatch_rate": 0});
    let mut set = group(RateBased, json!({}), state);
    for (event, after) in silent().into_iter().zip(1..) {
        assert_eq!(size(&set.at(NOW + after * 60_000, event)), None);
    }
    let idle = poll([(Workflow, QueueStats::default())]);
    assert_eq!(size(&set.at(NOW + 600_000, idle)), Some(8));
}

#[test]
fn a_set_grows_for_what_is_known_although_a_part_is_missing() {
    let busy = QueueStats { backlog: 80, arrival_rate: 12.0, ..QueueStats::default() };
    let mut set = group(RateBased, json!({}), json!({"worker_count": 1}));
    let decision = set.at(NOW, poll([(Workflow, busy), (Activity, partial(0))]));
    assert_eq!(size(&decision), Some(5));
    assert_eq!(set.key("ewma_arrival_rate"), None);
    assert_eq!(set.key("ewma_per_consumer_capacity"), None);
}

#[test]
fn announced_tasks_stay_known_although_the_server_reports_no_figures() {
    for event in silent() {
        let config = json!({"max_concurrent_workers": 1, "worker_slots": 1});
        let mut group = group(Demand, config, json!({}));
        group.at(NOW, support::demand::announced(1));
        group.at(NOW + 500, support::demand::announced(3));
        let before = group.state.clone();
        let decision = group.at(NOW + 6_000, event.clone());
        let known = |state: &Value| state["demand"]["put_off"].clone();
        assert_eq!(known(&group.state.clone().into()), known(&before.into()), "{event:?}");
        assert!(names(&decision).contains(&"stats_missing"), "{event:?}");
    }
}

#[test]
fn no_worker_counts_as_failed_because_figures_are_missing() {
    for event in silent() {
        let mut group = group(Demand, json!({"worker_slots": 1}), json!({}));
        let waiting = |backlog| poll([(Workflow, QueueStats { backlog, ..QueueStats::default() })]);
        group.at(NOW, waiting(3));
        for second in 1..30 {
            let event = if second % 5 == 0 { waiting(3) } else { event.clone() };
            let decision = group.at(NOW + second * 1_000, event);
            assert_eq!(started(&decision), 0, "{second}");
        }
        let decision = group.at(NOW + 31_000, event.clone());
        assert!(!names(&decision).contains(&"start_timed_out"), "{event:?}");
        assert_eq!(group.state["demand"]["starts"][0], json!([NOW, 3]));
    }
}

#[test]
fn tasks_that_are_known_to_wait_get_workers_although_a_part_is_missing() {
    let mut group = group(Demand, json!({"worker_slots": 1}), json!({}));
    let decision = group.at(NOW, poll([(Workflow, partial(4)), (Activity, unsound())]));
    assert_eq!(started(&decision), 4);
}

#[test]
fn a_worker_that_nobody_could_count_has_not_left() {
    let mut group = group(Demand, json!({"worker_slots": 1}), json!({}));
    group.at(NOW, support::demand::announced(4));
    for event in silent() {
        let Event::Poll(poll) = event else { panic!() };
        let workers = Some(WorkersSeen::default());
        let event = Event::Poll(Poll { workers, ..poll.clone() });
        // A count alone is no poll of the statistics.
        if !poll.stats.is_empty() {
            group.at(NOW + 60_000, event);
            assert_eq!(group.state["demand"]["starts"], json!([[NOW, 4]]));
        }
    }
}

#[test]
fn a_suppression_neither_begins_nor_ends_because_a_rate_is_missing() {
    let config = json!({"scale_up_dispatch_rate_epsilon": 0.1});
    let busy = |partial| {
        let dispatch_rate = if partial { 0.0 } else { 10.0 };
        poll([(
            Workflow,
            QueueStats { backlog: 9, dispatch_rate, partial, ..QueueStats::default() },
        )])
    };
    let mut group = group(NoSync, config, json!({}));
    group.at(NOW, busy(false));
    let since = group.key("workflow_dispatch_rate_within_epsilon_since_ms").cloned();
    assert_eq!(since, Some(json!(NOW)));
    let decision = group.at(NOW + 60_000, busy(true));
    assert_eq!(decision.actions, [Action::InvokeWorker { count: 1 }]);
    assert_eq!(group.key("workflow_dispatch_rate_within_epsilon_since_ms").cloned(), since);
}
