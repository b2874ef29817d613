//! Groups that keep workers warm, or a set of them, are asked about though no task waits: when a
//! run begins, when their spec changes, and when a decision asked to be asked again.

use wci_contract::{GroupSpec, decision::Event};

use crate::book::Book;

/// The algorithm that keeps workers warm, and the settings that ask for it. No run that the first
/// rules served has them: that algorithm came later.
const ALGORITHM: &str = "demand";
const SETTINGS: [&str; 2] = ["min_workers", "min_workers_schedule"];

impl Book {
    /// Has every group that keeps workers asked about.
    pub(crate) fn warm_up(&mut self) {
        let groups = self.spec().map(|spec| spec.scaling_group_specs.keys().cloned());
        for group in groups.into_iter().flatten().collect::<Vec<_>>() {
            if self.is_set(&group) {
                self.tick(&group);
            } else {
                self.keep_warm(&group);
            }
        }
    }

    /// Has `group` asked about if it keeps workers warm, or a set whose provider does not know its
    /// size.
    pub(crate) fn keep_warm(&mut self, group: &str) {
        let spec = self.spec().and_then(|spec| spec.scaling_group_specs.get(group));
        if spec.is_some_and(keeps_warm) || self.is_untold(group) {
            self.tick(group);
        }
    }

    fn tick(&mut self, group: &str) {
        self.events.entry(group.to_owned()).or_default().push(Event::Tick {});
    }
}

fn keeps_warm(group: &GroupSpec) -> bool {
    group.algorithm() == ALGORITHM
        && group
            .scaling_config()
            .is_ok_and(|config| SETTINGS.iter().any(|name| config.contains_key(*name)))
}
