//! The checks of a spec that need no provider.

use std::collections::BTreeSet;

use crate::{Refusal, Spec, TaskType, bounds::check_spec};

/// Checks groups, names and task types of `spec`, in the order of the groups' names.
pub fn check_groups(spec: &Spec) -> Result<(), Refusal> {
    check_spec(spec)?;
    let mut seen = BTreeSet::new();
    let mut catch_all = false;
    for (name, group) in &spec.scaling_group_specs {
        check_name(name)?;
        if group.catches_all() && std::mem::replace(&mut catch_all, true) {
            return Err(Refusal::invalid(format!(
                "entry {name}: only one scaling group can have no task types defined"
            )));
        }
        for number in group.task_types.iter().flatten() {
            check_type(name, *number, &mut seen)?;
        }
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(Refusal::invalid("scaling groups without an ID are not supported"));
    }
    Ok(())
}

fn check_type(name: &str, number: i64, seen: &mut BTreeSet<TaskType>) -> Result<(), Refusal> {
    if number == 0 {
        return Err(Refusal::invalid(format!(
            "entry {name}: task type undefined not allowed in compute spec"
        )));
    }
    let Some(kind) = TaskType::from_wire(number) else {
        return Err(Refusal::invalid(format!(
            "entry {name}: unknown task type {number}: use 1 (workflow), 2 (activity) or 3 (nexus)"
        )));
    };
    if !seen.insert(kind) {
        return Err(Refusal::invalid(format!(
            "entry {name}: task type {kind} appears in more than one entry"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn refusal(groups: Value) -> String {
        let spec = serde_json::from_value(json!({"scaling_group_specs": groups})).unwrap();
        check_groups(&spec).unwrap_err().message
    }

    #[test]
    fn each_mistake_has_the_message_that_clients_match_on() {
        assert_eq!(
            refusal(json!({"a": {}, "b": {}})),
            "entry b: only one scaling group can have no task types defined"
        );
        assert_eq!(
            refusal(json!({"a": {"task_types": [1, 1]}})),
            "entry a: task type Workflow appears in more than one entry"
        );
        assert_eq!(
            refusal(json!({"a": {"task_types": [0]}})),
            "entry a: task type undefined not allowed in compute spec"
        );
        assert_eq!(refusal(json!({"": {}})), "scaling groups without an ID are not supported");
        assert!(refusal(json!({"a": {"task_types": [99]}})).contains("unknown task type 99"));
    }

    #[test]
    fn groups_without_a_common_type_pass() {
        let spec = serde_json::from_value(json!({"scaling_group_specs":
            {"wf": {"task_types": [1]}, "rest": {"task_types": []}}}))
        .unwrap();
        assert_eq!(check_groups(&spec), Ok(()));
    }
}
