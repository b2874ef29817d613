//! The sizes of the worker sets that this process keeps.

use wci_providers::SetSize;

use super::{
    builtin_families::BuiltinFamilies, label_values::VersionLabels, wci_families::WciFamilies,
};

/// Fills the gauges with the present sizes, summed over the groups of a version.
pub(super) fn fill(
    sets: &[SetSize],
    versions: &VersionLabels,
    own: &WciFamilies,
    builtin: &BuiltinFamilies,
) {
    own.set_wanted.reset();
    own.set_running.reset();
    builtin.gauges.target_workers.reset();
    for SetSize { scope, provider_type, wanted, running } in sets {
        let namespace = scope.namespace.as_str();
        let (deployment, build) = versions.of(namespace, &scope.version);
        let (wanted, running) = (i64::from(*wanted), i64::from(*running));
        own.set_wanted.of([namespace, deployment, build]).add(wanted);
        own.set_running.of([namespace, deployment, build]).add(running);
        builtin.gauges.target_workers.of([namespace, deployment, build, provider_type]).add(wanted);
    }
}
