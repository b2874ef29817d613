//! Counts what happens to instances, as seen by the worker that runs them.

use wci_contract::{VersionId, activities::ValidateOutput, names as contract};

use super::{NamespaceMetrics, label_values::OTHER};

impl NamespaceMetrics {
    /// Counts an instance that started.
    pub fn created(&self, version: &VersionId) {
        let (deployment, build) = self.inner.versions.of(&self.namespace, version);
        self.inner.builtin.created.of([&self.namespace, deployment, build]).inc();
    }

    /// Counts a signal of this name that an instance received.
    pub fn signalled(&self, version: &VersionId, signal: &str) {
        let kind = if signal == contract::TASK_ADD_SIGNAL { "task_add" } else { OTHER };
        let (deployment, build) = self.inner.versions.of(&self.namespace, version);
        self.inner.builtin.signals.of([&self.namespace, deployment, build, kind]).inc();
    }

    /// Counts an update of this name that an instance received.
    pub fn updated(&self, version: &VersionId, update: &str) {
        let kind = match update {
            contract::UPDATE => "update_instance",
            contract::DELETE => "delete_instance",
            contract::VALIDATE => "validate_spec",
            _ => OTHER,
        };
        let (deployment, build) = self.inner.versions.of(&self.namespace, version);
        self.inner.builtin.updates.of([&self.namespace, deployment, build, kind]).inc();
    }

    /// Counts a failed workflow task of an instance.
    pub fn workflow_error(&self, version: &VersionId) {
        let (deployment, build) = self.inner.versions.of(&self.namespace, version);
        self.inner.builtin.workflow_errors.of([&self.namespace, deployment, build]).inc();
    }

    /// Sets the number of instances in memory.
    pub fn cached(&self, instances: usize) {
        let instances = i64::try_from(instances).unwrap_or(i64::MAX);
        self.inner.own.cached.of([&self.namespace]).set(instances);
    }

    /// Counts a checked compute config; there is no `output` if the check itself failed.
    pub(crate) fn validated(&self, version: &VersionId, output: Option<&ValidateOutput>) {
        let result = match output {
            Some(ValidateOutput { refusal: None, .. }) => "accepted",
            Some(_) => "refused",
            None => "failed",
        };
        self.activity(version, "validate_spec");
        self.inner.own.validations.of([&self.namespace, result]).inc();
    }
}
