//! From YAML to a checked spec.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;
use wci_contract::{GroupSpec, InstanceId, Spec, TaskType, checks::check_groups};

use super::{SpecFile, SpecFileError, section::Section};

/// Deeper than any spec, shallower than any stack.
const MAX_DEPTH: usize = 16;
/// Scalars, lists and maps of one spec file, aliases expanded.
const MAX_NODES: usize = 20_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    deployment: Spanned<String>,
    build_id: Spanned<String>,
    groups: Spanned<BTreeMap<String, Spanned<Group>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    #[serde(default)]
    task_types: Option<Vec<TaskType>>,
    provider: Spanned<Section>,
    #[serde(default)]
    scaler: Option<Spanned<Section>>,
}

/// Reads `text`, the content of `file`.
pub(crate) fn parse(file: &str, text: &str) -> Result<SpecFile, SpecFileError> {
    let File { deployment, build_id, groups } =
        serde_saphyr::from_str_with_options(text, options())
            .map_err(|error| SpecFileError::yaml(file, &error))?;
    let wrong = |line: u64, message: String| SpecFileError::new(file, Some(line), message);
    let id = InstanceId::new(&deployment.value, &build_id.value)
        .map_err(|error| wrong(deployment.referenced.line(), error.to_string()))?;
    if groups.value.is_empty() {
        let message = "groups is empty: give at least one, under any name".to_owned();
        return Err(wrong(groups.referenced.line(), message));
    }
    let mut spec = Spec::default();
    for (name, group) in groups.value {
        let line = group.referenced.line();
        let group = group.value.into_spec().map_err(|(at, message)| {
            wrong(at.unwrap_or(line), format!("group {name:?}: {message}"))
        })?;
        spec.scaling_group_specs.insert(name, group);
    }
    check_groups(&spec).map_err(|refusal| wrong(groups.referenced.line(), refusal.message))?;
    Ok(SpecFile { id, spec })
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 4 * MAX_NODES,
        },
        // What a key of a provider means is the provider's business: 007 and `no` stay text.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
    }
}

impl Group {
    /// The group as the contract has it, or what is wrong with it and in which line.
    fn into_spec(self) -> Result<GroupSpec, (Option<u64>, String)> {
        let Self { task_types, provider, scaler } = self;
        let line = provider.referenced.line();
        let compute = provider.value.into_provider().map_err(|message| (Some(line), message))?;
        let scaling = match scaler {
            None => None,
            Some(scaler) => {
                let line = scaler.referenced.line();
                Some(scaler.value.into_scaler().map_err(|message| (Some(line), message))?)
            }
        };
        let task_types = task_types
            .filter(|types| !types.is_empty())
            .map(|types| types.into_iter().map(|kind| i64::from(kind.to_wire())).collect());
        Ok(GroupSpec { task_types, compute, scaling, ..GroupSpec::default() })
    }
}
