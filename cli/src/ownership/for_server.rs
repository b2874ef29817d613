//! The spec with which the server's controller runs a version that `wci` ran until now.

use serde_json::{Map, Value};
use wci_contract::{GroupSpec, Spec, payload::ConfigPayload, spec::ScalingSpec};
use wci_scaling::Algorithm;

/// Providers that only `wci` has.
const OWN_PROVIDERS: [&str; 2] = ["subprocess", "subprocess-pool"];
/// How `demand` and `no-sync` call the time after which a worker counts as gone.
const LIFETIME: [&str; 2] = ["worker_lifetime_ms", "max_worker_lifetime_ms"];
/// The setting of `rate-based` that only `wci` has.
const STEP_DOWN: &str = "max_scale_down_step";

/// A spec for the server's controller, and what it lacks.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ForServer {
    /// The spec.
    pub(crate) spec: Spec,
    /// What changes in each group, in sentences without a full stop.
    pub(crate) changes: Vec<String>,
}

/// The nearest spec that the server's controller can run.
///
/// # Errors
/// A message that says which group it cannot run, and why.
pub(crate) fn for_server(spec: &Spec) -> Result<ForServer, String> {
    let mut result = ForServer { spec: spec.clone(), changes: Vec::new() };
    for (name, group) in &mut result.spec.scaling_group_specs {
        let provider = &group.compute.provider_type;
        if OWN_PROVIDERS.contains(&provider.as_str()) {
            return Err(format!(
                "group {name} has the provider {provider}, which the server's controller does not \
                 have: give the group another one with `wci apply` first, for example aws-lambda"
            ));
        }
        let config = group.scaling_config().map_err(|error| format!("group {name}: {error}"))?;
        result.changes.extend(translate(name, group, config));
    }
    Ok(result)
}

/// Replaces what the server's controller does not have in the scaler of `group`, and says what.
fn translate(name: &str, group: &mut GroupSpec, config: Map<String, Value>) -> Option<String> {
    if group.algorithm() == Algorithm::Demand.name() {
        let (kept, lost): (Map<_, _>, Map<_, _>) =
            config.into_iter().partition(|(key, _)| key == LIFETIME[0]);
        let kept = kept.into_iter().map(|(_, value)| (LIFETIME[1].to_owned(), value)).collect();
        group.scaling = Some(scaling(Algorithm::NoSync, &kept));
        return Some(format!(
            "{name}: demand becomes no-sync, which starts one worker at a time and has no maximum; \
             {}",
            not_carried_over(&lost)
        ));
    }
    let (lost, kept): (Map<_, _>, Map<_, _>) =
        config.into_iter().partition(|(key, _)| key == STEP_DOWN);
    if lost.is_empty() {
        return None;
    }
    group.scaling = Some(scaling(Algorithm::RateBased, &kept));
    Some(format!("{name}: {}", not_carried_over(&lost)))
}

fn scaling(algorithm: Algorithm, config: &Map<String, Value>) -> ScalingSpec {
    ScalingSpec {
        scaling_algorithm: algorithm.name().to_owned(),
        config: (!config.is_empty()).then(|| ConfigPayload::from_map(config)),
        ..ScalingSpec::default()
    }
}

fn not_carried_over(lost: &Map<String, Value>) -> String {
    if lost.is_empty() {
        return "no setting is lost".to_owned();
    }
    let lost: Vec<String> = lost.iter().map(|(key, value)| format!("{key} {value}")).collect();
    format!("not carried over: {}", lost.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec_file::parse;

    fn spec(groups: &str) -> Spec {
        parse("test", &format!("deployment: d\nbuild_id: b\ngroups: {groups}")).unwrap().spec
    }

    #[test]
    fn demand_becomes_no_sync_and_what_that_lacks_is_said() {
        let ForServer { spec, changes } = for_server(&spec(
            "{g: {provider: {type: aws-lambda, arn: a}, scaler: {type: demand, \
             max_concurrent_workers: 50, worker_lifetime_ms: 60000}}}",
        ))
        .unwrap();
        let group = &spec.scaling_group_specs["g"];
        assert_eq!(group.algorithm(), "no-sync");
        let config = Value::Object(group.scaling_config().unwrap());
        assert_eq!(config, serde_json::json!({"max_worker_lifetime_ms": 60_000}));
        assert_eq!(
            changes,
            ["g: demand becomes no-sync, which starts one worker at a time and has no maximum; \
                 not carried over: max_concurrent_workers 50"]
        );
    }

    #[test]
    fn what_the_server_has_stays_as_it_is() {
        let given = spec(
            "{g: {provider: {type: aws-lambda, arn: a}, scaler: {type: no-sync, \
             scale_up_cooloff_ms: 5}}}",
        );
        assert_eq!(for_server(&given), Ok(ForServer { spec: given, changes: Vec::new() }));
    }

    #[test]
    fn a_provider_that_only_wci_has_is_refused_with_what_to_do() {
        let refused = for_server(&spec("{g: {provider: {type: subprocess, command: c}}}"));
        let message = refused.unwrap_err();
        assert!(message.contains("group g has the provider subprocess"), "{message}");
        assert!(message.contains("`wci apply` first"), "{message}");
    }
}
