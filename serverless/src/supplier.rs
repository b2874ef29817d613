//! Slots that keep the ledger: the worker's core takes one before each poll, marks it used when
//! a task arrives and releases it when the task's result is with the server.

use crate::{ledger::Ledger, tuning::Slots};
use std::sync::Arc;
use temporalio_sdk_core::{
    FixedSizeSlotSupplier, SlotKind, SlotKindType, SlotMarkUsedContext, SlotReleaseContext,
    SlotReservationContext, SlotSupplier, SlotSupplierPermit, TunerBuilder, TunerHolder,
};

/// A fixed number of slots of one kind whose use is written to the ledger.
struct CountedSlots<K> {
    slots: FixedSizeSlotSupplier<K>,
    ledger: Ledger,
}

impl<K: SlotKind> CountedSlots<K> {
    fn new(size: usize, ledger: &Ledger) -> Arc<Self> {
        Arc::new(Self { slots: FixedSizeSlotSupplier::new(size), ledger: ledger.clone() })
    }
}

#[async_trait::async_trait]
impl<K: SlotKind + Send + Sync> SlotSupplier for CountedSlots<K> {
    type SlotKind = K;

    async fn reserve_slot(&self, context: &dyn SlotReservationContext) -> SlotSupplierPermit {
        let permit = self.slots.reserve_slot(context).await;
        // A local activity takes its slot without a poll.
        if K::kind() != SlotKindType::LocalActivity {
            self.ledger.polling();
        }
        permit
    }

    fn try_reserve_slot(&self, context: &dyn SlotReservationContext) -> Option<SlotSupplierPermit> {
        self.slots.try_reserve_slot(context)
    }

    fn mark_slot_used(&self, context: &dyn SlotMarkUsedContext<SlotKind = K>) {
        self.slots.mark_slot_used(context);
        self.ledger.begun(K::kind());
    }

    fn release_slot(&self, context: &dyn SlotReleaseContext<SlotKind = K>) {
        self.slots.release_slot(context);
        // A slot without info was only reserved for a poll that brought no task.
        if context.info().is_some() {
            self.ledger.ended(K::kind());
        }
    }

    fn available_slots(&self) -> Option<usize> {
        self.slots.available_slots()
    }

    fn slot_supplier_kind(&self) -> String {
        self.slots.slot_supplier_kind()
    }
}

/// A tuner of fixed numbers of slots that keep `ledger`.
pub(crate) fn counted_tuner(slots: &Slots, ledger: &Ledger) -> TunerHolder {
    TunerBuilder::default()
        .workflow_slot_supplier(CountedSlots::new(slots.workflow, ledger))
        .activity_slot_supplier(CountedSlots::new(slots.activity, ledger))
        .local_activity_slot_supplier(CountedSlots::new(slots.local_activity, ledger))
        .nexus_slot_supplier(CountedSlots::new(slots.nexus, ledger))
        .build()
}
