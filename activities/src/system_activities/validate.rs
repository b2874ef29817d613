//! Validates a spec: whether this system worker can carry it out.

use futures::future::join_all;
use temporalio_sdk::activities::{ActivityContext, ActivityError, ActivityInfo};
use wci_contract::{
    FailureClass, GroupSpec, Refusal, VersionId,
    activities::{ValidateInput, ValidateOutput},
    checks::check_groups,
    limits::{MAX_MESSAGE, MAX_WARNINGS, cut},
};
use wci_providers::ProviderError;
use wci_scaling::{Algorithm, check_config};

use super::{SystemActivities, decide::algorithm};
use crate::Callers;

/// A failure that may pass is reported to the client only at this attempt.
const LAST_ATTEMPT: u32 = 3;

/// What is wrong with a group, and whether a retry may help.
struct Finding {
    message: String,
    may_pass: bool,
}

impl From<String> for Finding {
    fn from(message: String) -> Self {
        Self { message, may_pass: false }
    }
}

impl SystemActivities {
    pub(super) async fn validate_spec(
        &self,
        ctx: &ActivityContext,
        input: ValidateInput,
    ) -> Result<ValidateOutput, ActivityError> {
        if let Err(refusal) = check_groups(&input.spec) {
            return Ok(refused(refusal.message));
        }
        let queue = &ctx.info().task_queue;
        if input.first
            && let Some(refusal) =
                self.reader.refuse_above(self.max_instances, queue, &input.version).await
        {
            return Ok(refused(refusal.message));
        }
        let groups = &input.spec.scaling_group_specs;
        for (name, group) in groups {
            if let Err(message) = self.check_types(name, group) {
                return Ok(refused(message));
            }
        }
        if let Err(message) = self.ceilings.admit_validation() {
            if ctx.info().attempt < LAST_ATTEMPT {
                return Err(std::io::Error::other(message).into());
            }
            return Ok(ValidateOutput { may_pass: true, ..refused(message) });
        }
        let checks = groups.iter().map(|(name, group)| self.check(&input.version, name, group));
        let interval_ms = u64::try_from(self.validation_interval.as_millis()).ok();
        let mut warnings = Vec::new();
        for result in join_all(checks).await {
            match result {
                Ok(found) => warnings.extend(found),
                Err(finding) if finding.may_pass && ctx.info().attempt < LAST_ATTEMPT => {
                    return Err(std::io::Error::other(finding.message).into());
                }
                Err(finding) => {
                    let may_pass = finding.may_pass;
                    return Ok(ValidateOutput {
                        may_pass,
                        interval_ms,
                        ..refused(finding.message)
                    });
                }
            }
        }
        warnings.truncate(MAX_WARNINGS);
        Ok(ValidateOutput { warnings, interval_ms, ..ValidateOutput::default() })
    }

    /// Checks that an instance requests this, or the check of a version that has none.
    pub(super) async fn check_caller(
        &self,
        info: &ActivityInfo,
        version: &VersionId,
    ) -> Result<(), ActivityError> {
        if Callers::is_dry_run(info) {
            return Ok(());
        }
        let checked = self.callers.check_instance(info, version).await;
        checked.map_err(|refused| self.refused(refused).into_error())
    }

    /// Checks the types of provider and algorithm, before any provider is called.
    fn check_types(&self, name: &str, group: &GroupSpec) -> Result<(), String> {
        if let Err(error) = self.registry.find(&group.compute.provider_type) {
            return Err(format!("entry {name}: {error}"));
        }
        let algorithm = group.algorithm();
        if !algorithm.is_empty() && Algorithm::parse(algorithm).is_none() {
            return Err(format!("entry {name}: invalid scaling algorithm type '{algorithm:.100}'"));
        }
        Ok(())
    }

    /// Checks the settings of a group, and calls its provider. Returns warnings.
    async fn check(
        &self,
        version: &VersionId,
        name: &str,
        group: &GroupSpec,
    ) -> Result<Vec<String>, Finding> {
        let provider = self
            .registry
            .find(&group.compute.provider_type)
            .map_err(|e| Finding::from(format!("entry {name}: {e}")))?;
        check_scaling(name, group)?;
        if !group.compute.nexus_endpoint.is_empty() {
            return Err(Finding::from(format!(
                "{name}: the provider {} takes no Nexus endpoint, remove it",
                provider.provider_type()
            )));
        }
        let config = group.provider_config().map_err(|e| Finding::from(format!("{name}: {e}")))?;
        let scope = self.scope(version, name);
        let warnings = provider.validate(&scope, &config).await.map_err(|e| finding(name, &e))?;
        Ok(warnings.into_iter().map(|warning| format!("{name}: {warning}")).collect())
    }
}

fn refused(message: String) -> ValidateOutput {
    let refusal = Refusal::invalid(cut(&message, MAX_MESSAGE));
    ValidateOutput { refusal: Some(refusal), ..ValidateOutput::default() }
}

fn check_scaling(name: &str, group: &GroupSpec) -> Result<(), Finding> {
    let given = group.algorithm();
    let provider_type = &group.compute.provider_type;
    let algorithm = algorithm(provider_type, given).ok_or_else(|| {
        format!(
            "{name}: Scaling Algorithm '{given:.100}' is not compatible with compute provider \
             '{provider_type}'"
        )
    })?;
    let config = group.scaling_config().map_err(|e| format!("{name}: {e}"))?;
    check_config(algorithm, &config).map_err(|e| Finding::from(format!("{name}: {e}")))
}

fn finding(name: &str, error: &ProviderError) -> Finding {
    let may_pass = matches!(
        error.class(),
        FailureClass::Throttled | FailureClass::Unavailable | FailureClass::Internal
    );
    Finding { message: format!("{name}: {error}"), may_pass }
}
