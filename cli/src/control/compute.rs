//! Converts a spec to the compute config of the public API.

use std::collections::HashMap;

use serde_json::{Map, Value};
use temporalio_common::protos::temporal::api::{
    common::v1::Payload,
    compute::v1::{
        ComputeConfig, ComputeConfigScalingGroup, ComputeConfigScalingGroupUpdate, ComputeProvider,
        ComputeScaler,
    },
};
use wci_contract::{
    GroupSpec, Spec, TaskType,
    messages::{UpdateRequest, Upsert},
};

use super::ControlError;

/// The paths of an update mask that covers a whole group.
const WHOLE_GROUP: [&str; 3] = ["task_queue_types", "provider", "scaler"];

/// Groups of `before` that are not in `after`.
pub(crate) fn leftover(before: &Spec, after: &Spec) -> Vec<String> {
    let names = before.scaling_group_specs.keys();
    names.filter(|name| !after.scaling_group_specs.contains_key(*name)).cloned().collect()
}

/// The update by `identity` that replaces `before` with `after`.
pub(crate) fn replacement(before: &Spec, after: &Spec, identity: &str) -> UpdateRequest {
    let mask = WHOLE_GROUP.map(str::to_owned).to_vec();
    let upsert = |(name, spec): (&String, &GroupSpec)| {
        (name.clone(), Upsert { spec: spec.clone(), update_mask: Some(mask.clone()) })
    };
    UpdateRequest {
        identity: identity.to_owned(),
        conflict_token: None,
        upsert_scaling_groups: after.scaling_group_specs.iter().map(upsert).collect(),
        remove_scaling_groups: leftover(before, after),
    }
}

/// The compute config of a new version.
pub(super) fn config(spec: &Spec) -> Result<ComputeConfig, ControlError> {
    let groups = spec.scaling_group_specs.iter();
    let scaling_groups = groups
        .map(|(name, spec)| Ok((name.clone(), group(spec)?)))
        .collect::<Result<_, ControlError>>()?;
    Ok(ComputeConfig { scaling_groups })
}

/// Updates that replace each group of `spec`.
pub(super) fn updates(
    spec: &Spec,
) -> Result<HashMap<String, ComputeConfigScalingGroupUpdate>, ControlError> {
    let groups = spec.scaling_group_specs.iter();
    groups
        .map(|(name, spec)| {
            let mut update = ComputeConfigScalingGroupUpdate {
                scaling_group: Some(group(spec)?),
                update_mask: None,
            };
            let mask = update.update_mask.get_or_insert_default();
            mask.paths = WHOLE_GROUP.map(str::to_owned).to_vec();
            Ok((name.clone(), update))
        })
        .collect()
}

fn group(spec: &GroupSpec) -> Result<ComputeConfigScalingGroup, ControlError> {
    let types = spec.task_types.iter().flatten().filter_map(|n| TaskType::from_wire(*n));
    let provider = ComputeProvider {
        r#type: spec.compute.provider_type.clone(),
        details: details(spec.provider_config().map_err(|e| ControlError::other(&e))?)?,
        nexus_endpoint: spec.compute.nexus_endpoint.clone(),
    };
    let scaler = match &spec.scaling {
        None => None,
        Some(scaling) => Some(ComputeScaler {
            r#type: scaling.scaling_algorithm.clone(),
            details: details(spec.scaling_config().map_err(|e| ControlError::other(&e))?)?,
        }),
    };
    Ok(ComputeConfigScalingGroup {
        task_queue_types: types.map(TaskType::to_wire).collect(),
        provider: Some(provider),
        scaler,
    })
}

fn details(config: Map<String, Value>) -> Result<Option<Payload>, ControlError> {
    if config.is_empty() {
        return Ok(None);
    }
    let mut raw = super::wire::encode(&config)?;
    Ok(raw.payloads.pop())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec_file::parse;

    #[test]
    fn the_update_replaces_every_group_and_removes_the_rest() {
        let spec = |groups: &str| {
            parse("test", &format!("deployment: d\nbuild_id: b\ngroups: {groups}")).unwrap().spec
        };
        let before =
            spec("{a: {provider: {type: x}}, b: {task_types: [nexus], provider: {type: x}}}");
        let after = spec(
            "{b: {task_types: [activity], provider: {type: y, k: 1}}, c: {provider: {type: z}}}",
        );
        let request = replacement(&before, &after, "me");
        assert_eq!(request.remove_scaling_groups, ["a"]);
        assert_eq!(wci_contract::mask::apply(&before, &request), Ok(after));
    }

    #[test]
    fn every_setting_reaches_the_public_api() {
        let text = "deployment: d\nbuild_id: b\ngroups: {g: {task_types: [nexus, workflow],
            provider: {type: p, nexus_endpoint: e, key: 1}, scaler: {type: no-sync, pace: 2}},
            rest: {provider: {type: q}}}";
        let config = config(&parse("test", text).unwrap().spec).unwrap();
        let g = &config.scaling_groups["g"];
        assert_eq!(g.task_queue_types, [3, 1]);
        let provider = g.provider.as_ref().unwrap();
        assert_eq!((provider.r#type.as_str(), provider.nexus_endpoint.as_str()), ("p", "e"));
        let details = provider.details.as_ref().unwrap();
        assert_eq!(details.data, br#"{"key":1}"#);
        assert_eq!(details.metadata["encoding"], b"json/plain");
        let scaler = g.scaler.as_ref().unwrap();
        assert_eq!(scaler.details.as_ref().unwrap().data, br#"{"pace":2}"#);
        let rest = &config.scaling_groups["rest"];
        assert_eq!(rest.scaler, None);
        assert_eq!(rest.provider.as_ref().unwrap().details, None);
        assert!(rest.task_queue_types.is_empty());
    }
}
