//! Parses the configuration file.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_saphyr::Spanned;
use wci_providers::{AWS_LAMBDA, SUBPROCESS, SUBPROCESS_POOL, Settings};

use super::{
    Config, NamespaceConfig, Problem,
    lambda::Lambda,
    limit_keys::{CeilingKeys, LimitKeys},
    secrets,
    subprocess::Subprocess,
};
use crate::system::Limits;
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
    #[serde(default)]
    max_workers: Option<Spanned<String>>,
    #[serde(default)]
    max_workers_per_minute: Option<Spanned<String>>,
    #[serde(default)]
    max_processes: Option<Spanned<String>>,
    #[serde(default)]
    max_log_bytes_per_minute: Option<Spanned<String>>,
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
    max_workers: Option<Spanned<String>>,
    #[serde(default)]
    max_workers_per_minute: Option<Spanned<String>>,
    #[serde(default)]
    max_processes: Option<Spanned<String>>,
    #[serde(default)]
    max_log_bytes_per_minute: Option<Spanned<String>>,
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
    let mut content: File = yaml_file::parse(&KIND, file, text)?;
    let wrong = |line: u64, message: String| FileError::new(file, Some(line), message);
    let limits = content
        .limit_keys()
        .read(limits)
        .map_err(|(line, message)| FileError::new(file, line, message))?;
    let namespaces = content.namespaces;
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

impl File {
    fn limit_keys(&mut self) -> LimitKeys {
        LimitKeys {
            max_instances: self.max_instances.take(),
            validation_interval: self.validation_interval.take(),
            ceilings: CeilingKeys {
                max_workers: self.max_workers.take(),
                max_workers_per_minute: self.max_workers_per_minute.take(),
            },
            max_processes: self.max_processes.take(),
            max_log_bytes_per_minute: self.max_log_bytes_per_minute.take(),
        }
    }
}

impl Namespace {
    fn limit_keys(&mut self) -> LimitKeys {
        LimitKeys {
            max_instances: self.max_instances.take(),
            validation_interval: self.validation_interval.take(),
            ceilings: CeilingKeys {
                max_workers: self.max_workers.take(),
                max_workers_per_minute: self.max_workers_per_minute.take(),
            },
            max_processes: self.max_processes.take(),
            max_log_bytes_per_minute: self.max_log_bytes_per_minute.take(),
        }
    }

    fn into_config(mut self, limits: Limits) -> Result<NamespaceConfig, Problem> {
        let limits = self.limit_keys().read(limits)?;
        let Self { providers, secrets, .. } = self;
        let mut settings = Settings { enabled: BTreeSet::new(), ..Settings::default() };
        let mut ceilings = BTreeMap::new();
        settings.secrets = secrets::read(secrets)?;
        if let Some(lambda) = providers.lambda {
            let read = section(AWS_LAMBDA, lambda, Lambda::into_settings)?;
            settings.lambda = read.0;
            ceilings.insert(AWS_LAMBDA.to_owned(), read.1);
        }
        if let Some(subprocess) = providers.subprocess {
            let read = section(SUBPROCESS, subprocess, Subprocess::into_settings)?;
            settings.subprocess = read.0;
            ceilings.insert(SUBPROCESS.to_owned(), read.1);
        }
        if let Some(pool) = providers.pool {
            let read = section(SUBPROCESS_POOL, pool, Subprocess::into_settings)?;
            settings.pool = read.0;
            ceilings.insert(SUBPROCESS_POOL.to_owned(), read.1);
        }
        settings.enabled = ceilings.keys().cloned().collect();
        Ok(NamespaceConfig { providers: settings, limits, ceilings })
    }
}

/// Reads the section of a provider. Errors name it.
fn section<T, S>(
    name: &'static str,
    section: Spanned<T>,
    read: impl Fn(T) -> Result<S, Problem>,
) -> Result<S, Problem> {
    let line = section.referenced.line();
    read(section.value).map_err(|(at, message)| (at.or(Some(line)), format!("{name}: {message}")))
}
