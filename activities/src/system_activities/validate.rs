//! Is a spec one that this system worker can carry out?

use futures::future::join_all;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use wci_contract::{
    FailureClass, GroupSpec, Refusal, VersionId,
    activities::{ValidateInput, ValidateOutput},
    checks::check_groups,
    limits::{MAX_MESSAGE, MAX_WARNINGS, cut},
};
use wci_providers::{ProviderError, Scope};
use wci_scaling::{Algorithm, check_config};

use crate::{SystemActivities, system_activities::decide::algorithm};

/// Trouble that may pass is not told to the client before this attempt.
const LAST_ATTEMPT: u32 = 3;

/// What is wrong with a group, and whether asking again may help.
struct Finding {
    message: String,
    may_pass: bool,
}

impl From<String> for Finding {
    fn from(message: String) -> Self {
        Self { message, may_pass: false }
    }
}

pub(crate) async fn validate(
    launching: &SystemActivities,
    ctx: &ActivityContext,
    input: ValidateInput,
) -> Result<ValidateOutput, ActivityError> {
    if let Err(refusal) = check_groups(&input.spec) {
        return Ok(refused(refusal.message));
    }
    if input.first
        && let queue = &ctx.info().task_queue
        && let most = launching.max_instances
        && let Some(refusal) = launching.reader.refuse_above(most, queue, &input.version).await
    {
        return Ok(refused(refusal.message));
    }
    let groups = &input.spec.scaling_group_specs;
    for (name, group) in groups {
        if let Err(message) = check_names(launching, name, group) {
            return Ok(refused(message));
        }
    }
    let checks = groups.iter().map(|(name, group)| check(launching, &input.version, name, group));
    let mut warnings = Vec::new();
    for result in join_all(checks).await {
        match result {
            Ok(found) => warnings.extend(found),
            Err(finding) if finding.may_pass && ctx.info().attempt < LAST_ATTEMPT => {
                return Err(std::io::Error::other(finding.message).into());
            }
            Err(finding) => {
                let interval_ms = interval_ms(launching);
                let may_pass = finding.may_pass;
                return Ok(ValidateOutput { may_pass, interval_ms, ..refused(finding.message) });
            }
        }
    }
    warnings.truncate(MAX_WARNINGS);
    Ok(ValidateOutput {
        warnings,
        interval_ms: interval_ms(launching),
        ..ValidateOutput::default()
    })
}

fn interval_ms(launching: &SystemActivities) -> Option<u64> {
    u64::try_from(launching.validation_interval.as_millis()).ok()
}

fn refused(message: String) -> ValidateOutput {
    let refusal = Refusal::invalid(cut(&message, MAX_MESSAGE));
    ValidateOutput { refusal: Some(refusal), ..ValidateOutput::default() }
}

/// Types that do not exist are reported before any provider is asked.
fn check_names(launching: &SystemActivities, name: &str, group: &GroupSpec) -> Result<(), String> {
    if let Err(error) = launching.registry.find(&group.compute.provider_type) {
        return Err(format!("entry {name}: {error}"));
    }
    let algorithm = group.algorithm();
    if !algorithm.is_empty() && Algorithm::parse(algorithm).is_none() {
        return Err(format!("entry {name}: invalid scaling algorithm type '{algorithm:.100}'"));
    }
    Ok(())
}

async fn check(
    launching: &SystemActivities,
    version: &VersionId,
    name: &str,
    group: &GroupSpec,
) -> Result<Vec<String>, Finding> {
    let provider = launching
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
    let scope = Scope {
        namespace: launching.namespace.clone(),
        version: version.clone(),
        group: name.to_owned(),
    };
    let warnings = provider.validate(&scope, &config).await.map_err(|e| finding(name, &e))?;
    Ok(warnings.into_iter().map(|warning| format!("{name}: {warning}")).collect())
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
