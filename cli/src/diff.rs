//! Compares two specs, by group and setting.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use wci_contract::{GroupSpec, Spec};

use crate::spec_file;

/// The kind of change of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    /// The group is new.
    Added,
    /// Some settings differ.
    Changed,
    /// The group is removed.
    Removed,
    /// Nothing differs.
    Unchanged,
}

impl Change {
    /// The change in lower case.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
            Self::Unchanged => "unchanged",
        }
    }
}

/// The change of one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct GroupChange {
    /// Name of the group.
    pub(crate) group: String,
    /// The kind of change.
    pub(crate) change: Change,
    /// The settings that differ.
    pub(crate) settings: Vec<SettingChange>,
}

/// A setting that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct SettingChange {
    /// For example `provider.arn`.
    pub(crate) path: String,
    /// The old value; null if absent.
    pub(crate) from: Value,
    /// The new value; null if absent.
    pub(crate) to: Value,
}

/// The change of each group if `to` replaces `from`.
pub(crate) fn diff(from: &Spec, to: &Spec) -> Vec<GroupChange> {
    let (from, to) = (&from.scaling_group_specs, &to.scaling_group_specs);
    let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    names.into_iter().map(|name| compare(name, from.get(name), to.get(name))).collect()
}

/// Whether nothing changes.
pub(crate) fn is_empty(changes: &[GroupChange]) -> bool {
    changes.iter().all(|change| change.change == Change::Unchanged)
}

fn compare(name: &str, from: Option<&GroupSpec>, to: Option<&GroupSpec>) -> GroupChange {
    let (before, after) = (settings(from), settings(to));
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let value = |of: &BTreeMap<String, Value>, path| of.get(path).cloned().unwrap_or_default();
    let settings: Vec<SettingChange> = paths
        .into_iter()
        .map(|path| SettingChange {
            path: path.clone(),
            from: value(&before, path),
            to: value(&after, path),
        })
        .filter(|setting| setting.from != setting.to)
        .collect();
    let change = match (from, to) {
        (None, _) => Change::Added,
        (_, None) => Change::Removed,
        _ if settings.is_empty() => Change::Unchanged,
        _ => Change::Changed,
    };
    GroupChange { group: name.to_owned(), change, settings }
}

fn settings(group: Option<&GroupSpec>) -> BTreeMap<String, Value> {
    group.map(|group| spec_file::Group::of(group).settings()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::spec_file::parse;

    fn spec(groups: &str) -> Spec {
        parse("test", &format!("deployment: d\nbuild_id: b\ngroups: {groups}")).unwrap().spec
    }

    #[test]
    fn each_group_is_added_changed_removed_or_left_alone() {
        let before = spec(
            "{a: {provider: {type: x, n: 1, gone: z}}, b: {task_types: [nexus], provider: {type: x}},
              c: {task_types: [activity], provider: {type: x}}}",
        );
        let after = spec(
            "{a: {provider: {type: x, n: 2}}, c: {task_types: [activity], provider: {type: x}},
              d: {task_types: [nexus], provider: {type: y}}}",
        );
        let changes = diff(&before, &after);
        let kinds: Vec<_> = changes.iter().map(|c| (c.group.as_str(), c.change)).collect();
        assert_eq!(
            kinds,
            [
                ("a", Change::Changed),
                ("b", Change::Removed),
                ("c", Change::Unchanged),
                ("d", Change::Added)
            ]
        );
        assert_eq!(
            serde_json::to_value(&changes[0].settings).unwrap(),
            json!([
            {"path": "provider.gone", "from": "z", "to": null},
            {"path": "provider.n", "from": 1, "to": 2}])
        );
    }

    #[test]
    fn how_a_config_was_written_is_no_difference() {
        let mut written = spec("{g: {provider: {type: x, a: 1, b: 2}}}");
        let group = written.scaling_group_specs.get_mut("g").unwrap();
        let config = group.compute.config.as_mut().unwrap();
        config.data = "eyAiYiI6IDIsICJhIjogMSB9".to_owned();
        group.task_types = Some(Vec::new());
        group.scaling = Some(Default::default());
        assert!(is_empty(&diff(&written, &spec("{g: {provider: {type: x, a: 1, b: 2}}}"))));
    }

    #[test]
    fn a_config_that_cannot_be_read_differs_from_one_that_can() {
        let mut sealed = spec("{g: {provider: {type: x, a: 1}}}");
        let group = sealed.scaling_group_specs.get_mut("g").unwrap();
        group.compute.config.as_mut().unwrap().data = "%%%".to_owned();
        assert!(!is_empty(&diff(&sealed, &spec("{g: {provider: {type: x, a: 1}}}"))));
    }
}
