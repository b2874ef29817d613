//! Slots that report their use to the task tracker.
//!
//! The SDK's core reserves a slot before each poll, marks it used when a task arrives and releases
//! it when the task's result has reached the server.

use crate::{capacity::Slots, task_tracker::TaskTracker};
use std::sync::Arc;
use temporalio_sdk_core::{
    FixedSizeSlotSupplier, SlotKind, SlotKindType, SlotMarkUsedContext, SlotReleaseContext,
    SlotReservationContext, SlotSupplier, SlotSupplierPermit, TunerBuilder, TunerHolder,
};

/// A fixed number of slots of one kind whose use is tracked.
struct TrackedSlots<K> {
    slots: FixedSizeSlotSupplier<K>,
    tracker: TaskTracker,
}

impl<K: SlotKind> TrackedSlots<K> {
    fn new(size: usize, tracker: &TaskTracker) -> Arc<Self> {
        Arc::new(Self { slots: FixedSizeSlotSupplier::new(size), tracker: tracker.clone() })
    }
}

#[async_trait::async_trait]
impl<K: SlotKind + Send + Sync> SlotSupplier for TrackedSlots<K> {
    type SlotKind = K;

    async fn reserve_slot(&self, context: &dyn SlotReservationContext) -> SlotSupplierPermit {
        let permit = self.slots.reserve_slot(context).await;
        // A local activity takes its slot without a poll.
        if K::kind() != SlotKindType::LocalActivity {
            self.tracker.poll_sent();
        }
        permit
    }

    fn try_reserve_slot(&self, context: &dyn SlotReservationContext) -> Option<SlotSupplierPermit> {
        self.slots.try_reserve_slot(context)
    }

    fn mark_slot_used(&self, context: &dyn SlotMarkUsedContext<SlotKind = K>) {
        self.slots.mark_slot_used(context);
        self.tracker.task_started(K::kind());
    }

    fn release_slot(&self, context: &dyn SlotReleaseContext<SlotKind = K>) {
        self.slots.release_slot(context);
        // A slot without info was reserved for a poll that returned no task.
        if context.info().is_some() {
            self.tracker.task_finished(K::kind());
        }
    }

    fn available_slots(&self) -> Option<usize> {
        self.slots.available_slots()
    }

    fn slot_supplier_kind(&self) -> String {
        self.slots.slot_supplier_kind()
    }
}

/// Creates a tuner with fixed numbers of slots that report their use to `tracker`.
pub(crate) fn tracked_tuner(slots: &Slots, tracker: &TaskTracker) -> TunerHolder {
    TunerBuilder::default()
        .workflow_slot_supplier(TrackedSlots::new(slots.workflow, tracker))
        .activity_slot_supplier(TrackedSlots::new(slots.activity, tracker))
        .local_activity_slot_supplier(TrackedSlots::new(slots.local_activity, tracker))
        .nexus_slot_supplier(TrackedSlots::new(slots.nexus, tracker))
        .build()
}
