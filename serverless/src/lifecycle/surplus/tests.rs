use super::*;
use temporalio_sdk_core::SlotKindType;
use tokio::time::{Instant, advance, sleep, timeout};

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn pace() -> Pace {
    Pace::new(Consolidation::default(), "key".to_owned())
}

/// The time of the next look.
async fn next(pace: &mut Pace, tracker: &TaskTracker) -> Duration {
    pace.wait(tracker).await;
    tracker.elapsed()
}

/// A worker that is busy from now on.
fn busy() -> TaskTracker {
    let tracker = TaskTracker::new(Instant::now());
    tracker.poll_sent();
    tracker.task_started(SlotKindType::Activity);
    tracker
}

#[tokio::test(start_paused = true)]
async fn nobody_looks_before_the_worker_polls() {
    let tracker = TaskTracker::new(Instant::now());
    assert!(timeout(at(3_600), pace().wait(&tracker)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_first_look_waits_for_the_minimum_life() {
    let (tracker, mut pace) = (busy(), pace());
    let looked = next(&mut pace, &tracker).await;
    assert!((at(5)..=Duration::from_millis(7_500)).contains(&looked), "{looked:?}");
    pace.consolidation.min_life = at(40);
    assert_eq!(next(&mut pace, &tracker).await, at(40));
}

#[tokio::test(start_paused = true)]
async fn a_long_list_is_read_less_often() {
    let (tracker, mut pace) = (busy(), pace());
    pace.looked(&tracker, 100);
    let looked = next(&mut pace, &tracker).await;
    assert!((at(50)..=at(150)).contains(&looked), "{looked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_becomes_idle_looks_two_seconds_later_and_only_once() {
    let (tracker, mut pace) = (busy(), pace());
    advance(at(20)).await;
    pace.looked(&tracker, 100);
    let task_ends = async {
        sleep(at(10)).await;
        tracker.task_finished(SlotKindType::Activity);
    };
    let (looked, ()) = tokio::join!(next(&mut pace, &tracker), task_ends);
    assert_eq!(looked, at(32));
    pace.looked(&tracker, 100);
    assert!(next(&mut pace, &tracker).await >= at(32 + 50));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_is_asked_less_and_less_often_also_by_idle_workers() {
    let (tracker, mut pace) = (busy(), pace());
    let mut pauses = Vec::new();
    for _ in 0..9 {
        let before = tracker.elapsed();
        pace.failed(&tracker, "no");
        pauses.push((next(&mut pace, &tracker).await - before).as_secs());
    }
    assert_eq!(pauses, [10, 20, 40, 80, 160, 300, 300, 300, 300]);
    tracker.task_finished(SlotKindType::Activity);
    let before = tracker.elapsed();
    pace.failed(&tracker, "no");
    assert_eq!(next(&mut pace, &tracker).await - before, at(300));
}

#[test]
fn workers_that_started_together_do_not_look_together() {
    let spread = |key: &str| Pace::new(Consolidation::default(), key.to_owned()).spread();
    assert_ne!(spread("a"), spread("b"));
    assert!((0.0..1.0).contains(&spread("c")));
}
