use super::*;
use crate::ByType;
use proptest::prelude::*;
use std::time::Duration;

const SHARE: f64 = 0.1;
const KEYS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

fn activity<T: Default>(value: T) -> ByType<T> {
    ByType { activity: value, ..ByType::default() }
}

/// A worker with two activity slots that started at second `started`.
fn worker(key: &str, started: u64) -> Listed<'_> {
    Listed {
        key,
        started: Duration::from_secs(started),
        consolidates: true,
        slots: activity(2),
        used: ByType::default(),
    }
}

/// `count` workers that started one second after another, the oldest first.
fn fleet(count: usize) -> Vec<Listed<'static>> {
    KEYS.iter().take(count).zip(1..).map(|(key, started)| worker(key, started)).collect()
}

/// Worker `listed` looks, with `busy` busy activity slots on average.
fn looks<'a>(listed: &Listed<'a>, busy: f64) -> Looker<'a> {
    Looker {
        key: listed.key,
        started: listed.started,
        slots: listed.slots,
        busy: ByType::from_fn(|_| Some(busy)),
    }
}

fn is_surplus(me: &Listed<'_>, busy: f64, list: &[Listed<'_>]) -> bool {
    matches!(judge(&looks(me, busy), list, SHARE), Judgement::Surplus { .. })
}

/// The number of workers of `list` that leave if each is busy with `busy` slots on average.
fn leaving(list: &[Listed<'_>], busy: f64) -> usize {
    list.iter().filter(|me| is_surplus(me, busy, list)).count()
}

#[test]
fn the_only_worker_stays_even_without_a_task() {
    let list = fleet(1);
    assert_eq!(leaving(&list, 0.0), 0);
}

#[test]
fn of_workers_without_a_task_all_but_the_youngest_leave() {
    let list = fleet(9);
    assert_eq!(leaving(&list, 0.0), 8);
    assert!(!is_surplus(&list[8], 0.0, &list), "the youngest stays");
}

#[test]
fn exactly_the_surplus_leaves_and_it_is_the_oldest() {
    // 10 workers, 4 busy slots: 8 slots are needed, which 4 workers have.
    let list = fleet(10);
    assert_eq!(leaving(&list, 0.4), 6);
    assert!(is_surplus(&list[5], 0.4, &list));
    assert!(!is_surplus(&list[6], 0.4, &list));
}

#[test]
fn a_busy_fleet_stays_whole() {
    assert_eq!(leaving(&fleet(10), 1.6), 0);
    assert_eq!(leaving(&fleet(10), 2.0), 0);
}

#[test]
fn workers_that_started_at_the_same_time_are_ranked_by_their_keys() {
    let list: Vec<_> = KEYS.iter().map(|key| worker(key, 7)).collect();
    assert_eq!(leaving(&list, 0.0), 11);
    assert!(!is_surplus(&list[11], 0.0, &list));
}

#[test]
fn a_worker_that_is_not_listed_yet_counts_itself() {
    let list = fleet(4);
    let youngest = worker("new", 100);
    assert!(!is_surplus(&youngest, 0.0, &list));
    let oldest = worker("old", 0);
    assert!(is_surplus(&oldest, 0.0, &list));
    let judged = judge(&looks(&oldest, 0.0), &list, SHARE);
    assert_eq!(judged, Judgement::Surplus { workers: 5 });
}

#[test]
fn an_empty_list_lets_nobody_leave() {
    assert!(!is_surplus(&worker("a", 1), 0.0, &[]));
}

#[test]
fn what_the_others_report_counts_if_it_is_more_than_what_this_worker_does() {
    let mut list = fleet(4);
    for worker in &mut list[1..] {
        worker.used = activity(2);
    }
    assert!(!is_surplus(&list[0], 0.0, &list), "the others are full");
}

#[test]
fn what_this_worker_does_counts_if_it_is_more_than_what_the_others_report() {
    // Their reports are of a quiet moment.
    let list = fleet(4);
    assert!(!is_surplus(&list[0], 1.5, &list));
}

#[test]
fn a_worker_that_does_not_know_its_mean_goes_by_the_reports() {
    let mut list = fleet(4);
    list[0].used = activity(2);
    let mut me = looks(&list[0], 0.0);
    me.busy = ByType::default();
    let Judgement::Surplus { workers: 4 } = judge(&me, &list, SHARE) else {
        panic!("2 busy slots need 5, and the others have 6");
    };
    list[1].used = activity(2);
    assert!(matches!(judge(&me, &list, SHARE), Judgement::Needed(need) if need.load == 4.0));
}

#[test]
fn a_worker_of_another_kind_is_capacity_and_never_ranks() {
    // One busy slot each in 4 workers needs 8 slots; a long-lived worker has 20 with 1 taken.
    let mut list = fleet(4);
    assert_eq!(leaving(&list, 1.0), 0);
    list.push(Listed {
        consolidates: false,
        slots: activity(20),
        used: activity(1),
        ..worker("long-lived", 0)
    });
    assert_eq!(leaving(&list[..4], 1.0), 0);
    let left = (0..4).filter(|n| is_surplus(&list[*n], 1.0, &list)).count();
    assert_eq!(left, 3, "all but one of those that consolidate");
}

#[test]
fn a_full_worker_of_another_kind_is_no_spare_capacity() {
    let mut list = fleet(4);
    list.push(Listed {
        consolidates: false,
        slots: activity(5),
        used: activity(5),
        ..worker("long-lived", 0)
    });
    // 4 + 5 busy slots need 14; the 5 and those of three workers are 11.
    assert!(!is_surplus(&list[0], 1.0, &list));
}

#[test]
fn a_worker_stays_while_one_of_its_task_types_needs_it() {
    let both = |key, started| Listed {
        slots: ByType { workflow: 10, activity: 2, nexus: 0 },
        ..worker(key, started)
    };
    let list = [both("a", 1), both("b", 2), both("c", 3)];
    let mut me = looks(&list[0], 0.0);
    assert!(matches!(judge(&me, &list, SHARE), Judgement::Surplus { workers: 3 }));
    me.busy.activity = Some(1.0);
    let Judgement::Needed(need) = judge(&me, &list, SHARE) else { panic!("activities need it") };
    assert_eq!((need.task_type, need.needed, need.others), (TaskType::Activity, 6, 4));
}

#[test]
fn workers_of_a_group_for_other_task_types_are_neither_capacity_nor_ranked() {
    let mut list = fleet(3);
    for (key, started) in [("x", 10), ("y", 11), ("z", 12)] {
        let slots = ByType { workflow: 10, ..ByType::default() };
        list.push(Listed { slots, ..worker(key, started) });
    }
    assert!(!is_surplus(&list[2], 0.0, &list), "the youngest that polls for activities");
    assert!(is_surplus(&list[1], 0.0, &list));
    assert!(!is_surplus(&list[5], 0.0, &list), "the youngest that polls for workflow tasks");
}

#[test]
fn groups_with_workers_of_different_sizes_share_one_ranking() {
    let mut list = fleet(2);
    list.push(Listed { slots: activity(20), ..worker("large", 3) });
    assert!(is_surplus(&list[0], 1.0, &list));
    assert!(is_surplus(&list[1], 1.0, &list), "the large one has slots for 3 busy ones");
    assert!(!is_surplus(&list[2], 1.0, &list), "the youngest stays");
}

#[test]
fn a_worker_that_polls_for_nothing_is_not_judged() {
    let me = Looker { slots: ByType::default(), ..looks(&worker("a", 1), 0.0) };
    assert_eq!(judge(&me, &fleet(4), SHARE), Judgement::PollsForNothing);
}

#[test]
fn a_mean_that_is_no_number_lets_nobody_leave_wrongly() {
    let mut list = fleet(4);
    for worker in &mut list {
        worker.used = activity(2);
    }
    assert!(!is_surplus(&list[0], f64::NAN, &list));
    assert!(!is_surplus(&list[0], f64::INFINITY, &list));
}

/// A list as it comes, with anything in it.
fn any_list() -> impl Strategy<Value = Vec<(u64, bool, u32, u32)>> {
    proptest::collection::vec((0_u64..50, any::<bool>(), 0_u32..6, 0_u32..6), 1..12)
}

fn listed(plan: &[(u64, bool, u32, u32)]) -> Vec<Listed<'static>> {
    let worker =
        |((started, consolidates, slots, used), key): (&(u64, bool, u32, u32), _)| Listed {
            consolidates: *consolidates,
            slots: activity(*slots),
            used: activity(*used.min(slots)),
            ..worker(key, *started)
        };
    plan.iter().zip(KEYS).map(worker).collect()
}

proptest! {
    #[test]
    fn whoever_leaves_those_that_stay_have_the_slots_that_the_load_needs(
        plan in any_list(), busy in 0.0..3.0_f64
    ) {
        let list = listed(&plan);
        let polls = |worker: &&Listed<'_>| worker.slots.activity > 0 && worker.consolidates;
        let consolidating: Vec<_> = list.iter().filter(polls).collect();
        let stays = |me: &&&Listed<'_>| !is_surplus(me, busy, &list);
        let staying: Vec<_> = consolidating.iter().filter(stays).collect();
        prop_assert_eq!(consolidating.is_empty(), staying.is_empty(), "one stays");
        if staying.len() < consolidating.len() {
            let slots = |worker: &Listed<'_>| u64::from(worker.slots.activity);
            let others = list.iter().filter(|other| !other.consolidates).map(slots).sum::<u64>();
            let kept = staying.iter().map(|worker| slots(worker)).sum::<u64>() + others;
            let load: f64 = list.iter().map(|worker| f64::from(worker.used.activity)).sum();
            prop_assert!(kept >= slots_needed(load.min(busy), SHARE));
        }
    }

    #[test]
    fn nobody_leaves_before_someone_older_unless_it_is_smaller(
        plan in any_list(), busy in 0.0..3.0_f64
    ) {
        let mut list = listed(&plan);
        // The rest is equal: what they did and whether they consolidate.
        for worker in &mut list {
            (worker.consolidates, worker.used) = (true, ByType::default());
            worker.slots = activity(2);
        }
        list.sort_by_key(|worker| (worker.started, worker.key));
        let leaves: Vec<_> = list.iter().map(|me| is_surplus(me, busy, &list)).collect();
        prop_assert!(leaves.is_sorted_by(|older, younger| older >= younger), "{leaves:?}");
    }

    #[test]
    fn one_more_younger_worker_never_keeps_an_idle_one(plan in any_list()) {
        let list = listed(&plan);
        let before: Vec<_> = list.iter().map(|me| is_surplus(me, 0.0, &list)).collect();
        let mut more = list.clone();
        more.push(worker("new", 99));
        let after: Vec<_> = list.iter().map(|me| is_surplus(me, 0.0, &more)).collect();
        prop_assert!(before.iter().zip(&after).all(|(before, after)| before <= after));
    }
}
