//! Ticks: events for groups that need a decision although nothing else happened.

use wci_contract::{GroupSpec, decision::Event as ScalingEvent};
use wci_scaling::needs_initial_tick;

use crate::InstanceState;

impl InstanceState {
    /// Requests a tick for every group that needs one when a run begins or the spec changes: worker
    /// sets, and groups whose algorithm acts without tasks.
    pub(crate) fn request_initial_ticks(&mut self) {
        let groups = self.spec().map(|spec| spec.scaling_group_specs.keys().cloned());
        for group in groups.into_iter().flatten().collect::<Vec<_>>() {
            if self.is_worker_set(&group) {
                self.request_tick(&group);
            } else {
                self.request_due_tick(&group);
            }
        }
    }

    /// Requests a tick for a group whose wake-up is due, if its algorithm acts without tasks or its
    /// provider has not acknowledged the size of its worker set.
    pub(crate) fn request_due_tick(&mut self, group: &str) {
        let spec = self.spec().and_then(|spec| spec.scaling_group_specs.get(group));
        if spec.is_some_and(needs_ticks) || self.is_unacknowledged(group) {
            self.request_tick(group);
        }
    }

    fn request_tick(&mut self, group: &str) {
        self.events.entry(group.to_owned()).or_default().push(ScalingEvent::Tick {});
    }
}

fn needs_ticks(group: &GroupSpec) -> bool {
    let config = group.scaling_config();
    config.is_ok_and(|config| needs_initial_tick(group.algorithm(), &config))
}
