//! Parses the configuration file.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_saphyr::Spanned;
use wci_providers::{AWS_LAMBDA, SUBPROCESS, SUBPROCESS_POOL, Settings};

use super::{Config, NamespaceConfig, Problem, lambda::Lambda, secrets, subprocess::Subprocess};
use crate::system::{Limits, limits};
use wci_cli::yaml_file::{self, FileError, Kind};

pub(super) const KIND: Kind = Kind {
    name: "configuration file",
    holds: "the namespaces of one system worker",
    begin: "namespaces, and below it the name of one",
    list: "[\"123456789012\"]",
    choice: "word",
    missing,
};

fn missing(field: &str) -> &'static str {
    match field {
        "namespaces" => "the namespaces to serve, for example namespaces: {default: {…}}",
        "accounts" => "the AWS accounts that specs may use, for example [\"123456789012\"], or any",
        "roles" => "the ARNs of the roles that specs may assume, or any",
        "commands" => "programs by name, for example commands: {greeter: /usr/bin/greeter}",
        "path" => "the program, for example path: /usr/local/bin/greeter",
        "role" => "the ARN of the role",
        _ => "it is required",
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    max_instances: Option<Spanned<String>>,
    #[serde(default)]
    validation_interval: Option<Spanned<String>>,
    namespaces: Spanned<BTreeMap<String, Spanned<Namespace>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Namespace {
    #[serde(default)]
    max_instances: Option<Spanned<String>>,
    #[serde(default)]
    validation_interval: Option<Spanned<String>>,
    #[serde(default)]
    providers: Providers,
    #[serde(default)]
    secrets: BTreeMap<String, Spanned<secrets::Source>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Providers {
    #[serde(default, rename = "aws-lambda")]
    lambda: Option<Spanned<Lambda>>,
    #[serde(default)]
    subprocess: Option<Spanned<Subprocess>>,
    #[serde(default, rename = "subprocess-pool")]
    pool: Option<Spanned<Subprocess>>,
}

/// Parses `text`, the content of `file`.
pub(super) fn parse(file: &str, text: &str, limits: Limits) -> Result<Config, FileError> {
    let File { max_instances, validation_interval, namespaces } =
        yaml_file::parse(&KIND, file, text)?;
    let wrong = |line: u64, message: String| FileError::new(file, Some(line), message);
    let limits = read_limits(max_instances, validation_interval, limits)
        .map_err(|(line, message)| FileError::new(file, line, message))?;
    if namespaces.value.is_empty() {
        let message = "namespaces is empty: give at least one".to_owned();
        return Err(wrong(namespaces.referenced.line(), message));
    }
    let mut read = BTreeMap::new();
    for (name, namespace) in namespaces.value {
        let line = namespace.referenced.line();
        let config = namespace.value.into_config(limits).map_err(|(at, message)| {
            wrong(at.unwrap_or(line), format!("namespace {name:?}: {message}"))
        })?;
        read.insert(name, config);
    }
    Ok(Config { namespaces: read })
}

fn read_limits(
    max_instances: Option<Spanned<String>>,
    validation_interval: Option<Spanned<String>>,
    mut limits: Limits,
) -> Result<Limits, Problem> {
    if let Some(text) = max_instances {
        limits.max_instances =
            limits::max_instances(&text.value).map_err(at(&text, "max_instances"))?;
    }
    if let Some(text) = validation_interval {
        limits.validation_interval =
            limits::validation_interval(&text.value).map_err(at(&text, "validation_interval"))?;
    }
    Ok(limits)
}

fn at<T>(value: &Spanned<T>, key: &'static str) -> impl Fn(String) -> Problem {
    let line = value.referenced.line();
    move |message| (Some(line), format!("{key}: {message}"))
}

impl Namespace {
    fn into_config(self, limits: Limits) -> Result<NamespaceConfig, Problem> {
        let Self { max_instances, validation_interval, providers, secrets } = self;
        let limits = read_limits(max_instances, validation_interval, limits)?;
        let mut settings = Settings { enabled: BTreeSet::new(), ..Settings::default() };
        settings.secrets = secrets::read(secrets)?;
        if let Some(lambda) = providers.lambda {
            let line = lambda.referenced.line();
            settings.lambda =
                lambda.value.into_settings().map_err(in_provider(AWS_LAMBDA, line))?;
            settings.enabled.insert(AWS_LAMBDA.to_owned());
        }
        if let Some(subprocess) = providers.subprocess {
            let line = subprocess.referenced.line();
            settings.subprocess =
                subprocess.value.into_settings().map_err(in_provider(SUBPROCESS, line))?;
            settings.enabled.insert(SUBPROCESS.to_owned());
        }
        if let Some(pool) = providers.pool {
            let line = pool.referenced.line();
            settings.pool =
                pool.value.into_settings().map_err(in_provider(SUBPROCESS_POOL, line))?;
            settings.enabled.insert(SUBPROCESS_POOL.to_owned());
        }
        Ok(NamespaceConfig { providers: settings, limits })
    }
}

fn in_provider(name: &'static str, line: u64) -> impl Fn(Problem) -> Problem {
    move |(at, message)| (at.or(Some(line)), format!("{name}: {message}"))
}
