//! One worker in the list: whether it is there, what it can do, and whether it consolidates.

use super::{MARK, Own};
use std::time::Duration;
use temporal_worker_surplus::{ByType, Listed};
use temporalio_common::protos::temporal::api::{
    enums::v1::WorkerStatus,
    worker::v1::{PluginInfo, WorkerHeartbeat, WorkerListInfo, WorkerPollerInfo, WorkerSlotsInfo},
};

/// A worker of the same program that has missed this many heartbeats was killed. The server lists
/// it for five more minutes.
const MISSED: u32 = 3;
/// No worker is given up sooner, however short its interval: heartbeats can be slow.
const MIN_SILENCE: Duration = Duration::from_secs(15);
/// The same for workers whose interval is unknown: three times the default of Temporal's SDKs.
const SILENCE_OF_OTHERS: Duration = Duration::from_secs(180);

/// What a worker believes about the others.
pub(super) struct Belief<'a> {
    pub(super) own: &'a Own,
    /// Now, since the Unix epoch. If this clock is ahead, the others seem gone, and nobody leaves.
    pub(super) now: Duration,
}

impl Belief<'_> {
    /// The worker that sent this heartbeat, unless it is gone.
    pub(super) fn of_heartbeat<'w>(&self, sent: &'w WorkerHeartbeat) -> Option<Listed<'w>> {
        let consolidates = is_marked(&sent.plugins);
        let sent_at = sent.heartbeat_time.as_ref()?;
        let silence = self.now.saturating_sub(since_epoch(sent_at.seconds, sent_at.nanos)?);
        if sent.status() != WorkerStatus::Running || silence > self.longest_silence(consolidates) {
            return None;
        }
        let types = ByType {
            workflow: (&sent.workflow_task_slots_info, &sent.workflow_poller_info),
            activity: (&sent.activity_task_slots_info, &sent.activity_poller_info),
            nexus: (&sent.nexus_task_slots_info, &sent.nexus_poller_info),
        };
        let polled = ByType::from_fn(|kind| {
            let (slots, poller) = types.get(kind);
            slots.as_ref().filter(|slots| polls(slots, poller.as_ref()))
        });
        let used = ByType::from_fn(|kind| polled.get(kind).map_or(0, used));
        let started = sent.start_time.as_ref()?;
        Some(Listed {
            key: &sent.worker_instance_key,
            started: since_epoch(started.seconds, started.nanos)?,
            consolidates,
            slots: ByType::from_fn(|kind| {
                polled.get(kind).map_or(0, |slots| available(slots) + *used.get(kind))
            }),
            used,
        })
    }

    /// The worker of an entry without slots: like this worker, if it is marked like it. Nothing is
    /// known about what others can do, so they do not count.
    pub(super) fn of_brief_info<'w>(&self, info: &'w WorkerListInfo) -> Option<Listed<'w>> {
        if info.status() != WorkerStatus::Running || !is_marked(&info.plugins) {
            return None;
        }
        let started = info.start_time.as_ref()?;
        Some(Listed {
            key: &info.worker_instance_key,
            started: since_epoch(started.seconds, started.nanos)?,
            consolidates: true,
            slots: self.own.slots,
            used: ByType::default(),
        })
    }

    fn longest_silence(&self, consolidates: bool) -> Duration {
        if consolidates {
            self.own.heartbeat.saturating_mul(MISSED).max(MIN_SILENCE)
        } else {
            SILENCE_OF_OTHERS
        }
    }
}

fn is_marked(plugins: &[PluginInfo]) -> bool {
    plugins.iter().any(|plugin| plugin.name == MARK)
}

/// Whether the worker polls for this task type. A busy one may have no poll open just then.
fn polls(slots: &WorkerSlotsInfo, poller: Option<&WorkerPollerInfo>) -> bool {
    let polls_now_or_did = poller.is_some_and(|poller| {
        poller.current_pollers > 0 || poller.last_successful_poll_time.is_some()
    });
    polls_now_or_did || slots.current_used_slots > 0 || slots.total_processed_tasks > 0
}

fn used(slots: &WorkerSlotsInfo) -> u32 {
    u32::try_from(slots.current_used_slots).unwrap_or(0)
}

/// The available slots; none if the worker does not know its limit.
fn available(slots: &WorkerSlotsInfo) -> u32 {
    u32::try_from(slots.current_available_slots).unwrap_or(0)
}

fn since_epoch(seconds: i64, nanos: i32) -> Option<Duration> {
    let nanos = u32::try_from(nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    Some(Duration::new(u64::try_from(seconds).ok()?, nanos))
}
