//! Slots that report their use to the task tracker.
//!
//! The SDK's core reserves a slot before each poll, marks it used when a task arrives and releases
//! it when the task's result has reached the server.

use crate::{
    capacity::Slots,
    gate::Gate,
    task_tracker::{OpenPoll, TaskTracker},
};
use std::{future::pending, marker::PhantomData, sync::Arc};
use temporalio_sdk_core::{
    SlotKind, SlotKindType, SlotMarkUsedContext, SlotReleaseContext, SlotReservationContext,
    SlotSupplier, SlotSupplierPermit, TunerBuilder, TunerHolder,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A fixed number of slots of one kind whose use is tracked.
struct TrackedSlots<K> {
    free: Arc<Semaphore>,
    tracker: TaskTracker,
    gate: Gate,
    kind: PhantomData<K>,
}

/// What a permit holds.
#[derive(Debug)]
struct Held {
    _slot: OwnedSemaphorePermit,
    /// The poll for which the slot was reserved.
    poll: Option<OpenPoll>,
}

impl<K: SlotKind> TrackedSlots<K> {
    fn new(size: usize, tracker: &TaskTracker, gate: &Gate) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(size)),
            tracker: tracker.clone(),
            gate: gate.clone(),
            kind: PhantomData,
        })
    }

    /// Whether any worker could take the tasks: not those of cached workflows, nor local
    /// activities, which belong to a workflow task that this worker has.
    fn is_shared(context: &dyn SlotReservationContext) -> bool {
        K::kind() != SlotKindType::LocalActivity && !context.is_sticky()
    }

    /// Local activities take their slots without a poll.
    fn is_open(&self, is_shared: bool) -> bool {
        K::kind() == SlotKindType::LocalActivity || self.gate.is_open(is_shared)
    }

    /// Waits until the gate is open. The core stops waiting when the worker shuts down.
    async fn opened(&self, is_shared: bool) {
        if K::kind() != SlotKindType::LocalActivity {
            self.gate.opened(is_shared).await;
        }
    }
}

#[async_trait::async_trait]
impl<K: SlotKind + Send + Sync> SlotSupplier for TrackedSlots<K> {
    type SlotKind = K;

    async fn reserve_slot(&self, context: &dyn SlotReservationContext) -> SlotSupplierPermit {
        let is_shared = Self::is_shared(context);
        let slot = loop {
            self.opened(is_shared).await;
            let Ok(slot) = Arc::clone(&self.free).acquire_owned().await else {
                return pending().await;
            };
            if self.is_open(is_shared) {
                break slot;
            }
        };
        // A local activity takes its slot without a poll.
        let polls = K::kind() != SlotKindType::LocalActivity;
        if polls {
            self.tracker.poll_sent();
        }
        let poll = polls.then(|| self.tracker.poll_opened(is_shared));
        SlotSupplierPermit::with_user_data(Held { _slot: slot, poll })
    }

    fn try_reserve_slot(&self, context: &dyn SlotReservationContext) -> Option<SlotSupplierPermit> {
        if !self.is_open(Self::is_shared(context)) {
            return None;
        }
        let slot = Arc::clone(&self.free).try_acquire_owned().ok()?;
        Some(SlotSupplierPermit::with_user_data(Held { _slot: slot, poll: None }))
    }

    fn mark_slot_used(&self, context: &dyn SlotMarkUsedContext<SlotKind = K>) {
        // First the task, so that there is no moment without either.
        self.tracker.task_started(K::kind());
        if let Some(poll) = context.permit().user_data::<Held>().and_then(|held| held.poll.as_ref())
        {
            poll.end();
        }
    }

    fn release_slot(&self, context: &dyn SlotReleaseContext<SlotKind = K>) {
        // A slot without info was reserved for a poll that returned no task.
        if context.info().is_some() {
            self.tracker.task_finished(K::kind());
        }
    }

    fn available_slots(&self) -> Option<usize> {
        Some(self.free.available_permits())
    }

    fn slot_supplier_kind(&self) -> String {
        "Fixed".to_owned()
    }
}

/// Creates a tuner with fixed numbers of slots that report their use to `tracker`, until `gate`
/// closes.
pub(crate) fn tracked_tuner(slots: &Slots, tracker: &TaskTracker, gate: &Gate) -> TunerHolder {
    TunerBuilder::default()
        .workflow_slot_supplier(TrackedSlots::new(slots.workflow, tracker, gate))
        .activity_slot_supplier(TrackedSlots::new(slots.activity, tracker, gate))
        .local_activity_slot_supplier(TrackedSlots::new(slots.local_activity, tracker, gate))
        .nexus_slot_supplier(TrackedSlots::new(slots.nexus, tracker, gate))
        .build()
}
