//! How large the sets of workers are that this process keeps.

use wci_providers::SetSize;

use super::{builtin_families::BuiltinFamilies, names::VersionNames, wci_families::WciFamilies};

/// Fills the gauges with the present sizes; those of one version's groups are added up.
pub(super) fn show(
    sets: &[SetSize],
    names: &VersionNames,
    own: &WciFamilies,
    builtin: &BuiltinFamilies,
) {
    own.set_wanted.reset();
    own.set_running.reset();
    builtin.target_workers.reset();
    for SetSize { scope, provider_type, wanted, running } in sets {
        let namespace = scope.namespace.as_str();
        let (deployment, build) = names.of(namespace, &scope.version);
        let (wanted, running) = (i64::from(*wanted), i64::from(*running));
        own.set_wanted.of([namespace, deployment, build]).add(wanted);
        own.set_running.of([namespace, deployment, build]).add(running);
        builtin.target_workers.of([namespace, deployment, build, provider_type]).add(wanted);
    }
}
