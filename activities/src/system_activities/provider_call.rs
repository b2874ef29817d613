//! What every call of a compute provider needs, and how its outcome is logged.

use serde_json::{Map, Value};
use wci_contract::{
    ComputeSpec, FailureClass, VersionId,
    bounds::check_group_name,
    launch::Outcome,
    limits::{MAX_GROUP_NAME, MAX_MESSAGE, MAX_SHORT_TEXT, cut},
    payload::config_map,
};
use wci_providers::{Progress, Provider, Scope};

use super::SystemActivities;

/// A provider that the operator allows, and its settings for one group.
pub(super) struct ProviderCall {
    pub(super) provider: Provider,
    pub(super) scope: Scope,
    pub(super) config: Map<String, Value>,
}

/// Why a provider is not called.
pub(super) struct CallRefused {
    class: FailureClass,
    message: String,
}

impl CallRefused {
    /// The request does not fit the provider, or its config cannot be read.
    pub(super) fn rejected(message: String) -> Self {
        Self { class: FailureClass::Rejected, message }
    }

    /// The outcome of a launch of `count` workers that was not made.
    pub(super) fn outcome(&self, count: u32) -> Outcome {
        Outcome::failed(count, self.class, cut(&self.message, MAX_MESSAGE))
    }
}

impl SystemActivities {
    /// Finds the provider of `compute` and reads its settings.
    pub(super) fn provider_call(
        &self,
        version: &VersionId,
        group: &str,
        compute: &ComputeSpec,
    ) -> Result<ProviderCall, CallRefused> {
        check_group_name(group).map_err(|refusal| CallRefused::rejected(refusal.message))?;
        let provider = self.registry.find(&compute.provider_type).map_err(|error| CallRefused {
            class: FailureClass::Forbidden,
            message: error.to_string(),
        })?;
        let config = config_map(compute.config.as_ref())
            .map_err(|error| CallRefused::rejected(error.to_string()))?;
        Ok(ProviderCall { provider, scope: self.scope(version, group), config })
    }

    /// The group of `version` that a provider is called for.
    pub(super) fn scope(&self, version: &VersionId, group: &str) -> Scope {
        Scope {
            namespace: self.namespace.clone(),
            version: version.clone(),
            group: group.to_owned(),
        }
    }
}

/// For launches whose progress nobody needs.
pub(super) struct NoProgress;

impl Progress for NoProgress {
    fn started(&self, _total: u32) {}
}

/// A call of a provider, as it is logged.
pub(super) struct CallLog<'a> {
    pub(super) version: &'a VersionId,
    pub(super) group: &'a str,
    /// Of a launch.
    pub(super) launch_id: Option<&'a str>,
    /// Of a worker set.
    pub(super) size: Option<u32>,
    pub(super) on_success: &'static str,
    pub(super) on_failure: &'static str,
}

impl CallLog<'_> {
    /// Logs `outcome`: a failure as a warning.
    pub(super) fn record(&self, outcome: &Outcome) {
        let Self { version, group, launch_id, size, on_success, on_failure } = self;
        let group = cut(group, MAX_GROUP_NAME);
        let launch_id = launch_id.map(|id| cut(id, MAX_SHORT_TEXT));
        let version = version.to_string();
        match outcome.class {
            None => tracing::info!(
                %version, group, launch_id, size, started = outcome.started, "{on_success}"
            ),
            Some(class) => tracing::warn!(
                %version,
                group,
                launch_id,
                size,
                started = outcome.started,
                throttled = outcome.throttled,
                refused = outcome.refused,
                %class,
                message = outcome.message,
                "{on_failure}"
            ),
        }
    }
}
