//! A spec as the content of a spec file, so that the output of `wci describe` can be applied again.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_saphyr::FlowSeq;
use wci_contract::{GroupSpec, Spec, TaskType, VersionId};

use super::section::Section;

/// The content of a spec file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Document {
    deployment: String,
    build_id: String,
    groups: BTreeMap<String, Group>,
}

/// One group of a spec file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Group {
    #[serde(skip_serializing_if = "Option::is_none")]
    task_types: Option<FlowSeq<Vec<TaskType>>>,
    provider: Section,
    #[serde(skip_serializing_if = "Option::is_none")]
    scaler: Option<Section>,
}

impl Document {
    /// The spec file of `spec`.
    pub(crate) fn of(id: &VersionId, spec: &Spec) -> Self {
        let groups = spec.scaling_group_specs.iter();
        Self {
            deployment: id.deployment().to_owned(),
            build_id: id.build_id().to_owned(),
            groups: groups.map(|(name, group)| (name.clone(), Group::of(group))).collect(),
        }
    }

    /// The content in YAML.
    pub(crate) fn to_yaml(&self) -> anyhow::Result<String> {
        Ok(serde_saphyr::to_string(self)?)
    }
}

impl Group {
    /// The group in a spec file.
    pub(crate) fn of(group: &GroupSpec) -> Self {
        let mut types: Vec<TaskType> =
            group.task_types.iter().flatten().filter_map(|n| TaskType::from_wire(*n)).collect();
        types.sort_unstable();
        Self {
            task_types: (!types.is_empty()).then_some(FlowSeq(types)),
            provider: Section::of_provider(&group.compute),
            scaler: group.scaling.as_ref().and_then(Section::of_scaler),
        }
    }

    /// The settings of the group, by path such as `provider.arn`.
    pub(crate) fn settings(&self) -> BTreeMap<String, serde_json::Value> {
        let mut settings = BTreeMap::new();
        if let Some(FlowSeq(types)) = &self.task_types {
            let names: Vec<&str> = types.iter().map(|kind| kind.as_str()).collect();
            settings.insert("task_types".to_owned(), names.into());
        }
        let sections = [("provider", Some(&self.provider)), ("scaler", self.scaler.as_ref())];
        for (name, section) in sections {
            for (key, value) in section.into_iter().flat_map(Section::keys) {
                settings.insert(format!("{name}.{key}"), value.clone());
            }
        }
        settings
    }
}
