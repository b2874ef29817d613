//! Looking at the other workers: does the load need this one?

use super::retirement::{Hold, until_nothing_in_hand};
use crate::{
    consolidation::Consolidation,
    gate::Gate,
    millis::whole_millis,
    settings::Settings,
    task_tracker::TaskTracker,
    worker_list::{Own, Trouble, WorkerList},
};
use std::{
    future::pending,
    hash::{DefaultHasher, Hash, Hasher},
    rc::Rc,
    time::Duration,
};
use temporal_worker_surplus::{ByType, Judgement, Looker, judge, next_look, pause};
use temporalio_client::{Client, NamespacedClient, tonic::IntoRequest};
use temporalio_common::protos::temporal::api::{
    enums::v1::TaskQueueType, workflowservice::v1::ShutdownWorkerRequest,
};
use tokio::time::sleep_until;

/// The longest pause after reads that failed.
const MAX_BACKOFF: Duration = Duration::from_secs(5 * 60);
/// How long the server may take to end polls.
const END_POLLS: Duration = Duration::from_secs(2);

/// What a worker needs to look around and to leave.
pub(super) struct Surroundings<'a> {
    pub(super) client: &'a Client,
    pub(super) settings: &'a Settings,
    pub(super) own: Own,
    /// Closes when the worker is to leave.
    pub(super) gate: Gate,
    /// Whether the server ends the polls of a worker that shuts down.
    pub(super) ends_polls: Rc<dyn Fn() -> bool>,
}

/// Waits until the load does not need this worker, and it has nothing in hand.
///
/// It never ends without `consolidation`, or on a server that does not list workers.
pub(super) async fn until_surplus(
    tracker: &TaskTracker,
    consolidation: Option<Consolidation>,
    surroundings: &Surroundings<'_>,
) {
    let Some(consolidation) = consolidation else { return pending().await };
    let mut pace = Pace::new(consolidation, surroundings.own.key.clone());
    loop {
        pace.wait(tracker).await;
        match WorkerList::read(surroundings.client, surroundings.settings).await {
            Ok(list) => {
                let listed = list.listed(&surroundings.own);
                let judged = judged(tracker, &surroundings.own, &list, &listed, consolidation);
                if let Some(Judgement::Surplus { workers }) = judged {
                    tracing::info!(workers, "the other workers suffice; taking no more tasks");
                    break;
                }
                tracing::debug!(?judged, workers = listed.len(), "stays");
                pace.looked(tracker, listed.len());
            }
            Err(Trouble::Unsupported(reason)) => {
                tracing::info!(reason, "the server does not list workers; not consolidating");
                return pending().await;
            }
            Err(Trouble::Failed(reason)) => pace.failed(tracker, &reason),
        }
    }
    let hold = Hold {
        workflows: surroundings.settings.pollers.sticky_cache > 0
            && surroundings.own.slots.workflow > 0,
        polls: !(surroundings.ends_polls)(),
    };
    let end_polls = async || surroundings.end_polls().await;
    until_nothing_in_hand(tracker, &surroundings.gate, hold, end_polls).await;
}

impl Surroundings<'_> {
    /// Asks the server to end the worker's polls. The shutdown asks for the same, but then it is too
    /// late for a task that one of them brings.
    async fn end_polls(&self) {
        let client = self.client;
        let mut request = ShutdownWorkerRequest {
            namespace: client.namespace(),
            identity: client.connection().identity().to_owned(),
            reason: "surplus".to_owned(),
            worker_instance_key: self.own.key.clone(),
            task_queue: self.settings.task_queue.clone(),
            task_queue_types: vec![TaskQueueType::Workflow.into(), TaskQueueType::Activity.into()],
            ..Default::default()
        }
        .into_request();
        request.set_timeout(END_POLLS);
        let mut service = client.connection().workflow_service();
        match tokio::time::timeout(END_POLLS, service.shutdown_worker(request)).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::debug!(%error, "cannot end the polls"),
            Err(_) => tracing::debug!("cannot end the polls: no answer within {END_POLLS:?}"),
        }
    }
}

/// Judges the worker by the list; `None` if the list does not know it.
fn judged(
    tracker: &TaskTracker,
    own: &Own,
    list: &WorkerList,
    listed: &[temporal_worker_surplus::Listed<'_>],
    consolidation: Consolidation,
) -> Option<Judgement> {
    let entry = listed.iter().find(|entry| entry.key == own.key);
    if entry.is_none() && !list.is_partial() {
        return None;
    }
    let busy = tracker.state().busy(tracker.elapsed());
    let me = Looker {
        key: &own.key,
        // Everybody ranks this worker by the time in the list.
        started: entry.map_or(own.started, |entry| entry.started),
        slots: own.slots,
        busy: ByType::from_fn(|kind| Some(*busy.get(kind))),
    };
    Some(judge(&me, listed, consolidation.wait_share()))
}

/// When to look. Times are durations since the invocation began.
struct Pace {
    consolidation: Consolidation,
    key: String,
    looks: u32,
    failures: u32,
    latest: Duration,
    /// `None` until the first poll.
    next: Option<Duration>,
}

impl Pace {
    fn new(consolidation: Consolidation, key: String) -> Self {
        Self { consolidation, key, looks: 0, failures: 0, latest: Duration::ZERO, next: None }
    }

    /// Waits until it is time to look.
    async fn wait(&mut self, tracker: &TaskTracker) {
        let mut states = tracker.subscribe();
        loop {
            let state = *states.borrow_and_update();
            let Some(first_poll) = state.first_poll else {
                if states.changed().await.is_err() {
                    return pending().await;
                }
                continue;
            };
            let spread = self.spread();
            let interval = self.consolidation.interval;
            let scheduled =
                *self.next.get_or_insert_with(|| first_poll + pause(interval, 0, spread));
            // A server that fails is not asked sooner because the worker is idle.
            let idle_since = state.idle_since().filter(|_| self.failures == 0);
            let due = next_look(scheduled, idle_since, self.latest)
                .max(first_poll + self.consolidation.min_life);
            if due <= tracker.elapsed() {
                return;
            }
            tokio::select! {
                () = sleep_until(tracker.instant(due)) => {}
                changed = states.changed() => if changed.is_err() { return pending().await },
            }
        }
    }

    /// Records a look at a list of `listed` workers.
    fn looked(&mut self, tracker: &TaskTracker, listed: usize) {
        self.failures = 0;
        let pause = pause(self.consolidation.interval, listed, self.spread());
        self.schedule(tracker, pause);
    }

    /// Records a look that failed.
    fn failed(&mut self, tracker: &TaskTracker, reason: &str) {
        self.failures = self.failures.saturating_add(1);
        let interval = self.consolidation.interval;
        let pause = interval.saturating_mul(1 << self.failures.min(16)).min(MAX_BACKOFF);
        let retry_ms = whole_millis(pause);
        if self.failures == 1 {
            tracing::warn!(reason, retry_ms, "cannot list the workers; this one stays");
        } else {
            tracing::debug!(reason, retry_ms, failures = self.failures, "cannot list the workers");
        }
        self.schedule(tracker, pause);
    }

    fn schedule(&mut self, tracker: &TaskTracker, pause: Duration) {
        self.latest = tracker.elapsed();
        self.next = Some(self.latest + pause);
        self.looks = self.looks.wrapping_add(1);
    }

    /// A number from 0 to 1 that differs between workers and looks.
    fn spread(&self) -> f64 {
        let mut hasher = DefaultHasher::new();
        (&self.key, self.looks).hash(&mut hasher);
        f64::from(u16::try_from(hasher.finish() % 65_536).unwrap_or(0)) / 65_536.0
    }
}

#[cfg(test)]
mod tests;
