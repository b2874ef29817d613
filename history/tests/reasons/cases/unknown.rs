//! What the server does not report, does not let through, or may be wrong about.

use serde_json::json;
use wci_contract::{
    TaskType,
    decision::{Event, Poll},
    stats::{QueueStats, WorkersSeen},
};
use wci_scaling::Algorithm::RateBased;

use super::{Case, KEEPS_SIZE, case};
use crate::support::{Group, seen, started};

pub(crate) fn unknown() -> Vec<Case> {
    let stats = QueueStats { backlog: 60, rate_limit: Some(2.0), ..QueueStats::default() };
    let limited = Event::Poll(Poll {
        stats: [(TaskType::Activity, stats)].into(),
        workers: Some(WorkersSeen::default()),
    });
    let old = seen(60, (0.0, 0.0), 60_000, Some((0, 0)));
    let set = json!({"worker_count": 9, "ewma_arrival_rate": 12});
    let silent = Event::Poll(Poll::default());
    vec![
        case(
            "queue_rate_limit",
            Group::demand(json!({})).at(0, &[limited]),
            "60 tasks wait, and the queue's rate limit lets through 120 a minute: no more workers than these need",
            |d| started(d) == 7,
        ),
        case(
            "old_backlog",
            Group::demand(json!({})).at(0, &[old]),
            "60 tasks wait, the oldest for 1m0s, and no worker has been there: one worker first, because such tasks may no longer exist",
            |d| started(d) == 1,
        ),
        case(
            "stats_missing",
            Group::of(RateBased, json!({})).with_state(set).at(0, &[silent]),
            "the server did not report all figures of the task queues: no worker is removed because of it",
            KEEPS_SIZE,
        ),
    ]
}
