//! Applying an update to a spec: upserts under a field mask, in key order, then removals.

use crate::{
    GroupSpec, Refusal, Spec,
    limits::{MAX_SHORT_TEXT, cut},
    messages::{UpdateRequest, Upsert},
    spec::ScalingSpec,
};

/// The spec that `request` makes of `spec`.
///
/// # Errors
/// A path that the mask does not support.
pub fn apply(spec: &Spec, request: &UpdateRequest) -> Result<Spec, Refusal> {
    let mut next = spec.clone();
    for (name, upsert) in &request.upsert_scaling_groups {
        match next.scaling_group_specs.get_mut(name) {
            Some(group) => merge(group, upsert)?,
            None => {
                next.scaling_group_specs.insert(name.clone(), upsert.spec.clone());
            }
        }
    }
    for name in &request.remove_scaling_groups {
        next.scaling_group_specs.remove(name);
    }
    Ok(next)
}

fn merge(group: &mut GroupSpec, upsert: &Upsert) -> Result<(), Refusal> {
    for path in upsert.update_mask.iter().flatten() {
        merge_path(group, &upsert.spec, path)?;
    }
    Ok(())
}

fn merge_path(group: &mut GroupSpec, new: &GroupSpec, path: &str) -> Result<(), Refusal> {
    let (to, from) = (&mut group.compute, &new.compute);
    match path {
        "task_queue_types" => group.task_types.clone_from(&new.task_types),
        "provider" => to.clone_from(from),
        "provider.type" => to.provider_type.clone_from(&from.provider_type),
        "provider.details" => to.config.clone_from(&from.config),
        "provider.nexus_endpoint" => to.nexus_endpoint.clone_from(&from.nexus_endpoint),
        "scaler" => group.scaling.clone_from(&new.scaling),
        "scaler.type" => {
            let algorithm = new.algorithm().to_owned();
            edit_scaling(group, |scaling| scaling.scaling_algorithm = algorithm);
        }
        "scaler.details" => {
            let config = new.scaling.as_ref().and_then(|scaling| scaling.config.clone());
            edit_scaling(group, |scaling| scaling.config = config);
        }
        _ => {
            let path = cut(path, MAX_SHORT_TEXT);
            return Err(Refusal::invalid(format!("unsupported field mask path: {path:?}")));
        }
    }
    Ok(())
}

/// Edits the scaler. One that is empty afterwards is removed.
fn edit_scaling(group: &mut GroupSpec, edit: impl FnOnce(&mut ScalingSpec)) {
    let mut scaling = group.scaling.take().unwrap_or_default();
    edit(&mut scaling);
    if scaling != ScalingSpec::default() {
        group.scaling = Some(scaling);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn after(request: Value) -> Result<Value, String> {
        let spec: Spec = serde_json::from_value(json!({"scaling_group_specs": {"g": {
            "task_types": [1],
            "compute": {"provider_type": "a", "config": {"data": "MQ=="}},
            "scaling": {"scaling_algorithm": "no-sync"}}}}))
        .unwrap();
        let request = serde_json::from_value(request).unwrap();
        apply(&spec, &request)
            .map(|spec| serde_json::to_value(spec).unwrap()["scaling_group_specs"].clone())
            .map_err(|refusal| refusal.message)
    }

    fn masked(mask: &[&str]) -> Value {
        after(json!({"upsert_scaling_groups": {"g": {"update_mask": mask, "spec": {
            "task_types": [2],
            "compute": {"provider_type": "b", "config": {"data": "Mg=="}, "nexus_endpoint": "e"},
            "scaling": {"scaling_algorithm": "other", "config": {"data": "Mw=="}}}}}}))
        .unwrap()["g"]
            .clone()
    }

    #[test]
    fn each_path_changes_its_field_and_no_other() {
        assert_eq!(masked(&["task_queue_types"])["task_types"], json!([2]));
        assert_eq!(masked(&["provider.type"])["compute"]["provider_type"], "b");
        assert_eq!(masked(&["provider.details"])["compute"]["config"]["data"], "Mg==");
        assert_eq!(masked(&["provider.nexus_endpoint"])["compute"]["nexus_endpoint"], "e");
        assert_eq!(masked(&["provider"])["compute"]["nexus_endpoint"], "e");
        assert_eq!(masked(&["scaler.type"])["scaling"]["scaling_algorithm"], "other");
        assert_eq!(masked(&["scaler.details"])["scaling"]["scaling_algorithm"], "no-sync");
        assert_eq!(masked(&["scaler"])["scaling"]["config"]["data"], "Mw==");
        assert_eq!(masked(&["scaler"])["compute"]["provider_type"], "a");
    }

    #[test]
    fn an_empty_mask_changes_nothing_in_an_existing_group() {
        assert_eq!(masked(&[])["compute"]["provider_type"], "a");
    }

    #[test]
    fn a_new_group_is_taken_whole_whatever_the_mask() {
        let groups = after(json!({"upsert_scaling_groups": {"n": {"update_mask": ["bogus"],
            "spec": {"compute": {"provider_type": "b"}}}}}))
        .unwrap();
        assert_eq!(groups["n"]["compute"]["provider_type"], "b");
    }

    #[test]
    fn an_unknown_path_is_refused_by_its_name() {
        let request = json!({"upsert_scaling_groups": {"g": {"update_mask": ["bogus.path"]}}});
        assert_eq!(after(request).unwrap_err(), "unsupported field mask path: \"bogus.path\"");
    }

    #[test]
    fn removals_come_after_upserts() {
        let request = json!({"upsert_scaling_groups": {"n": {"spec": {}}},
            "remove_scaling_groups": ["n", "nowhere"]});
        assert_eq!(after(request).unwrap().as_object().unwrap().len(), 1);
    }
}
