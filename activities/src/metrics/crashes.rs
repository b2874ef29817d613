//! Workers that failed one after another, as this process saw them exit.

use wci_contract::Crashes;
use wci_providers::Scope;

use super::{label_values::VersionLabels, wci_families::WciFamilies};

/// Fills the gauge with the present counts: of a version, that of the group with the most.
pub(super) fn fill(crashes: &[(Scope, Crashes)], versions: &VersionLabels, own: &WciFamilies) {
    own.failed_in_a_row.reset();
    for (scope, crashes) in crashes {
        let namespace = scope.namespace.as_str();
        let (deployment, build) = versions.of(namespace, &scope.version);
        let gauge = own.failed_in_a_row.of([namespace, deployment, build]);
        gauge.set(gauge.get().max(crashes.in_a_row.into()));
    }
}
