use super::*;
use crate::{environment::Environment, settings::tests::requested};
use temporal_worker_surplus::{Judgement, Looker, judge};
use temporalio_common::protos::temporal::api::{
    enums::v1::WorkerStatus,
    worker::v1::{
        PluginInfo, WorkerHeartbeat, WorkerInfo, WorkerListInfo, WorkerPollerInfo, WorkerSlotsInfo,
    },
};

const NOW: Duration = Duration::from_secs(10_000);

fn own() -> Own {
    Own {
        key: "me".to_owned(),
        started: Duration::from_secs(9_000),
        slots: ByType { activity: 2, ..ByType::default() },
        heartbeat: Duration::from_secs(5),
    }
}

fn time(seconds: u64) -> Option<std::time::SystemTime> {
    Some(UNIX_EPOCH + Duration::from_secs(seconds))
}

fn mark() -> Vec<PluginInfo> {
    vec![PluginInfo { name: MARK.to_owned(), version: String::new() }]
}

/// A worker of this library with 2 activity slots, one of them taken, whose heartbeat is
/// `silent` seconds old.
fn heartbeat(key: &str, silent: u64) -> WorkerHeartbeat {
    WorkerHeartbeat {
        worker_instance_key: key.to_owned(),
        status: WorkerStatus::Running.into(),
        start_time: time(9_500).map(Into::into),
        heartbeat_time: time(10_000 - silent).map(Into::into),
        activity_task_slots_info: Some(WorkerSlotsInfo {
            current_available_slots: 1,
            current_used_slots: 1,
            ..Default::default()
        }),
        workflow_task_slots_info: Some(WorkerSlotsInfo {
            current_available_slots: 10,
            ..Default::default()
        }),
        plugins: mark(),
        ..Default::default()
    }
}

#[expect(deprecated, reason = "the list that replaces it does not report slots")]
fn list(heartbeats: Vec<WorkerHeartbeat>) -> WorkerList {
    let info = |sent| WorkerInfo { worker_heartbeat: Some(sent) };
    let workers_info = heartbeats.into_iter().map(info).collect();
    WorkerList { response: ListWorkersResponse { workers_info, ..Default::default() }, now: NOW }
}

fn keys(heartbeats: Vec<WorkerHeartbeat>) -> Vec<String> {
    list(heartbeats).listed(&own()).iter().map(|listed| listed.key.to_owned()).collect()
}

#[test]
fn a_worker_has_the_slots_of_the_types_that_it_polls_for() {
    let mut busy = heartbeat("a", 1);
    let listed = |sent: &WorkerHeartbeat| {
        let list = list(vec![sent.clone()]);
        let listed = list.listed(&own());
        (listed[0].slots, listed[0].used)
    };
    let (slots, used) = listed(&busy);
    assert_eq!(slots, ByType { workflow: 0, activity: 2, nexus: 0 });
    assert_eq!(used, ByType { workflow: 0, activity: 1, nexus: 0 });
    busy.workflow_poller_info = Some(WorkerPollerInfo { current_pollers: 2, ..Default::default() });
    assert_eq!(listed(&busy).0.workflow, 10);
}

#[test]
fn a_worker_that_missed_three_heartbeats_is_gone_though_the_server_lists_it() {
    assert_eq!(keys(vec![heartbeat("a", 15), heartbeat("b", 16)]), ["a"]);
}

#[test]
fn workers_of_others_send_heartbeats_less_often_and_are_believed_longer() {
    let of_others =
        |key: &str, silent| WorkerHeartbeat { plugins: vec![], ..heartbeat(key, silent) };
    assert_eq!(keys(vec![of_others("a", 179), of_others("b", 181)]), ["a"]);
    let list = list(vec![of_others("a", 0)]);
    assert!(!list.listed(&own())[0].consolidates);
}

#[test]
fn a_worker_that_shuts_down_is_gone() {
    let mut leaves = heartbeat("a", 0);
    leaves.status = WorkerStatus::ShuttingDown.into();
    assert!(keys(vec![leaves]).is_empty());
}

#[test]
fn a_heartbeat_with_impossible_values_is_ignored_or_counts_nothing() {
    let without_time = WorkerHeartbeat { heartbeat_time: None, ..heartbeat("a", 0) };
    let mut before_1970 = heartbeat("b", 0);
    before_1970.start_time = Some(UNIX_EPOCH.into());
    if let Some(time) = &mut before_1970.start_time {
        (time.seconds, time.nanos) = (-1, -7);
    }
    assert!(keys(vec![without_time, before_1970]).is_empty());
    let mut unlimited = heartbeat("c", 0);
    let slots = WorkerSlotsInfo {
        current_available_slots: -1,
        current_used_slots: 4,
        ..Default::default()
    };
    unlimited.activity_task_slots_info = Some(slots);
    assert_eq!(list(vec![unlimited]).listed(&own())[0].slots.activity, 4);
}

#[test]
fn on_a_server_that_sends_no_heartbeats_marked_workers_are_like_this_one() {
    let brief = |key: &str, plugins| WorkerListInfo {
        worker_instance_key: key.to_owned(),
        status: WorkerStatus::Running.into(),
        start_time: time(9_500).map(Into::into),
        plugins,
        ..Default::default()
    };
    let workers = vec![brief("a", mark()), brief("other", vec![])];
    let response = ListWorkersResponse { workers, ..Default::default() };
    let list = WorkerList { response, now: NOW };
    let listed = list.listed(&own());
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].key, listed[0].slots), ("a", own().slots));
}

#[test]
fn of_ten_thousand_workers_a_part_is_read_and_judged_like_the_whole() {
    // The server sends more than was asked for.
    let all = (0..10_000).map(|n| {
        let mut sent = heartbeat(&format!("{n:05}"), 0);
        sent.start_time = time(9_000 + n % 997).map(Into::into);
        sent
    });
    let mut list = list(all.collect());
    list.response.next_page_token = vec![1];
    assert!(list.is_partial());
    let listed = list.listed(&own());
    assert_eq!(listed.len(), PAGE);
    let leaves = |started, busy| {
        let busy = ByType { activity: Some(busy), ..ByType::default() };
        let started = Duration::from_secs(started);
        let me = Looker { key: "me", started, slots: own().slots, busy };
        matches!(judge(&me, &listed, 0.1), Judgement::Surplus { .. })
    };
    // One of two slots is taken everywhere: somewhat more than half of the workers are needed.
    assert!(leaves(9_000, 1.0));
    assert!(leaves(9_150, 1.0));
    assert!(!leaves(9_300, 1.0));
}

#[test]
fn the_query_names_the_queue_and_the_version_whatever_their_characters() {
    let mut requested = requested();
    requested.task_queue = r"it's\".to_owned();
    let settings = Settings::resolve(requested, &Environment::default()).unwrap();
    assert_eq!(
        query(&settings),
        r"TaskQueue='it\'s\\' AND DeploymentName='shop' AND BuildId='v1' AND Status='Running'"
    );
}
