//! Parses and checks a spec file.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;
use serde_json::Map;
use serde_saphyr::Spanned;
use wci_contract::{
    ComputeSpec, ConfigPayload, GroupSpec, ScalingSpec, Spec, TaskType, VersionId,
    checks::check_groups,
};
use wci_providers::starts_one_by_one;
use wci_scaling::Algorithm;

use super::{SpecFile, section::Section};
use crate::yaml_file::{self, FileError, Kind};

const KIND: Kind = Kind {
    name: "spec file",
    holds: "one version only",
    begin: "deployment, build_id and groups",
    list: "[workflow, activity]",
    choice: "task type",
    missing,
};

fn missing(field: &str) -> &'static str {
    match field {
        "deployment" => "the name of the Worker Deployment, for example deployment: orders",
        "build_id" => "the build of the version, for example build_id: v1",
        "groups" => "at least one group of workers, under any name",
        "provider" => "the compute provider, for example provider: {type: aws-lambda, …}",
        _ => "it is required",
    }
}

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

/// Reads and checks the spec file at `path`; `-` is standard input.
pub(crate) fn read(path: &Path) -> Result<SpecFile, FileError> {
    let (file, text) = yaml_file::read(&KIND, path)?;
    parse(&file, &text)
}

/// Parses and checks `text`, the content of `file`.
pub(crate) fn parse(file: &str, text: &str) -> Result<SpecFile, FileError> {
    let File { deployment, build_id, groups } = yaml_file::parse(&KIND, file, text)?;
    let wrong = |line: u64, message: String| FileError::new(file, Some(line), message);
    let id = VersionId::new(&deployment.value, &build_id.value)
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

impl Group {
    /// The group as in the contract, or a mistake with its line.
    fn into_spec(self) -> Result<GroupSpec, (Option<u64>, String)> {
        let Self { task_types, provider, scaler } = self;
        let line = provider.referenced.line();
        let compute = provider.value.into_provider().map_err(|message| (Some(line), message))?;
        let scaling = match scaler {
            None => default_scaler(&compute),
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

/// The scaler of a group that names none: `demand` if the provider starts workers one by one; for a
/// worker set `rate-based`, which removes the whole surplus at once; else the provider's default.
fn default_scaler(compute: &ComputeSpec) -> Option<ScalingSpec> {
    let (algorithm, config) = if starts_one_by_one(&compute.provider_type) {
        (Algorithm::Demand, None)
    } else if compute.is_worker_set() {
        let settings = Map::from_iter([("max_scale_down_step".to_owned(), i32::MAX.into())]);
        (Algorithm::RateBased, Some(ConfigPayload::from_map(&settings)))
    } else {
        return None;
    };
    let scaling_algorithm = algorithm.name().to_owned();
    Some(ScalingSpec { scaling_algorithm, config, ..ScalingSpec::default() })
}
