//! What the operator lets specs use.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ffi::OsString,
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context, bail};
use wci_providers::{
    AWS_LAMBDA, CommandSettings, Host, HostSettings, LambdaSettings, ProcessSettings,
    ProviderError, Registry, SUBPROCESS, SUBPROCESS_POOL, Settings, SubprocessSettings,
    SupervisorProgram,
};

use super::{
    Limits,
    config::{Allowance, Config},
    default_run_dir,
};
use crate::supervisor;
use wci_cli::connection::Target;

const POOL_LAPSE: &str = "3h";
/// Three words of an instance that got lost are none too many.
const SHORTEST_LAPSE: Duration = Duration::from_secs(30 * 60);

/// Which compute providers specs may use, and for what.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Compute providers")]
pub(super) struct ProviderArgs {
    /// File that says for each namespace what it may use: providers, AWS accounts and roles,
    /// commands, secrets. Without one, the flags below hold for every namespace
    #[arg(long, env = "WCI_CONFIG", value_name = "FILE",
          conflicts_with_all = ["enabled", "commands", "aws_allow_no_role"])]
    config: Option<PathBuf>,
    /// Provider that specs may use: aws-lambda, subprocess or subprocess-pool; repeat for more.
    /// Replaces the default, which is aws-lambda alone
    #[arg(long = "enable-provider", value_name = "PROVIDER",
          value_parser = [AWS_LAMBDA, SUBPROCESS, SUBPROCESS_POOL])]
    enabled: Vec<String>,
    /// Program that the providers subprocess and subprocess-pool may run, by the name that specs
    /// use; repeat for more
    #[arg(long = "allow-command", value_name = "NAME=PATH", value_parser = parse_command)]
    commands: Vec<(String, PathBuf)>,
    /// Folder for records of launched processes: must survive a restart of the worker
    /// [default: wci in the user's runtime folder]
    #[arg(long, env = "WCI_RUN_DIR", value_name = "DIR")]
    run_dir: Option<PathBuf>,
    /// Processes that may live at once
    #[arg(long, default_value_t = ProcessSettings::DEFAULT_MAX_PROCESSES, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..))]
    max_processes: u32,
    /// How long the processes of a subprocess-pool stay after the last word of their instance,
    /// which speaks every ten minutes until it ends: for an instance that somebody terminated
    #[arg(long, default_value = POOL_LAPSE, value_name = "TIME", value_parser = pool_lapse)]
    pool_lapse: Duration,
    /// Let specs of aws-lambda go without role and external ID: they then act with the system
    /// worker's own credentials
    #[arg(long)]
    aws_allow_no_role: bool,
}

/// Whether a provider of this type runs processes on this machine.
fn runs_processes(provider_type: &str) -> bool {
    [SUBPROCESS, SUBPROCESS_POOL].contains(&provider_type)
}

fn parse_command(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text
        .split_once('=')
        .filter(|(name, path)| !name.is_empty() && !path.is_empty())
        .ok_or("write NAME=PATH, for example greeter=/usr/local/bin/greeter")?;
    let path = std::path::absolute(path).map_err(|e| e.to_string())?;
    Ok((name.to_owned(), path))
}

/// Reads `--pool-lapse`. Errors are messages.
fn pool_lapse(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .ok()
        .filter(|time| *time >= SHORTEST_LAPSE)
        .ok_or_else(|| "give a time of at least 30m, for example 3h".to_owned())
}

impl ProviderArgs {
    /// What each of `named` may use, or each namespace of the configuration file if none is
    /// named, or `fallback` if there is no such file either.
    pub(super) fn allowances(
        &self,
        named: Vec<String>,
        fallback: &str,
        limits: Limits,
    ) -> anyhow::Result<BTreeMap<String, Allowance>> {
        let Some(path) = &self.config else {
            let named = if named.is_empty() { vec![fallback.to_owned()] } else { named };
            let allowance = Allowance { providers: self.settings()?, limits };
            return Ok(named.into_iter().map(|name| (name, allowance.clone())).collect());
        };
        let Config { mut namespaces } = Config::read(path, limits)?;
        if named.is_empty() {
            return Ok(namespaces);
        }
        let known = namespaces.keys().cloned().collect::<Vec<_>>().join(", ");
        let of_name = named.into_iter().map(|name| match namespaces.remove(&name) {
            Some(allowance) => Ok((name, allowance)),
            None => bail!(
                "{} does not say what namespace {name:?} may use (it has {known}): add it under \
                 namespaces, or leave out --namespace",
                path.display()
            ),
        });
        of_name.collect()
    }

    /// What all namespaces share.
    pub(super) fn host(
        &self,
        allowances: &BTreeMap<String, Allowance>,
    ) -> anyhow::Result<HostSettings> {
        let mut enabled = allowances.values().flat_map(|it| &it.providers.enabled);
        let processes =
            enabled.any(|name| runs_processes(name)).then(|| self.processes()).transpose()?;
        Ok(HostSettings { processes, ..HostSettings::default() })
    }

    fn processes(&self) -> anyhow::Result<ProcessSettings> {
        let program = env::current_exe().context("cannot find this program's own file")?;
        Ok(ProcessSettings {
            run_dir: self.run_dir.clone().unwrap_or_else(default_run_dir),
            max_processes: self.max_processes,
            supervisor: SupervisorProgram {
                program,
                args: vec![OsString::from(supervisor::SUBCOMMAND)],
            },
            lease: ProcessSettings::DEFAULT_LEASE,
            lapse: self.pool_lapse,
        })
    }

    /// What the flags allow every namespace.
    fn settings(&self) -> anyhow::Result<Settings> {
        let enabled = self.enabled();
        if !self.commands.is_empty() && !enabled.iter().any(|name| runs_processes(name)) {
            bail!(
                "--allow-command is for providers that run processes: add --enable-provider \
                 subprocess or subprocess-pool"
            );
        }
        if self.aws_allow_no_role && !enabled.contains(AWS_LAMBDA) {
            bail!("--aws-allow-no-role is for aws-lambda: add --enable-provider aws-lambda");
        }
        let commands = self.commands.iter().cloned();
        let processes = SubprocessSettings {
            commands: commands.map(|(name, path)| (name, CommandSettings::open(path))).collect(),
            ..SubprocessSettings::default()
        };
        Ok(Settings {
            enabled,
            lambda: LambdaSettings {
                allow_no_role: self.aws_allow_no_role,
                ..LambdaSettings::default()
            },
            pool: processes.clone(),
            subprocess: processes,
            ..Settings::default()
        })
    }

    fn enabled(&self) -> BTreeSet<String> {
        if self.enabled.is_empty() {
            return BTreeSet::from([AWS_LAMBDA.to_owned()]);
        }
        self.enabled.iter().cloned().collect()
    }
}

/// The providers of one namespace.
pub(super) fn registry(
    host: &Host,
    target: &Target,
    namespace: &str,
    mut settings: Settings,
) -> Result<Registry, ProviderError> {
    settings.subprocess.pass_env = way_to_server(target, namespace);
    settings.pool.pass_env.clone_from(&settings.subprocess.pass_env);
    Registry::new(host, settings)
}

/// What a process needs to know to reach the same server. Secrets stay here: a worker that needs
/// some gets them from its own configuration.
fn way_to_server(target: &Target, namespace: &str) -> BTreeMap<String, String> {
    let mut vars = BTreeMap::from([("TEMPORAL_NAMESPACE".to_owned(), namespace.to_owned())]);
    let url = &target.options.target;
    if let Some(host) = url.host_str() {
        let port = url.port_or_known_default().unwrap_or(7233);
        vars.insert("TEMPORAL_ADDRESS".to_owned(), format!("{host}:{port}"));
    }
    vars
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_outlives_a_few_words_of_its_instance_that_get_lost() {
        assert_eq!(pool_lapse(POOL_LAPSE), Ok(ProcessSettings::DEFAULT_LAPSE));
        assert_eq!(pool_lapse("30m"), Ok(SHORTEST_LAPSE));
        for text in ["29m", "3", "", "-3h"] {
            assert!(pool_lapse(text).unwrap_err().contains("at least 30m"), "{text}");
        }
    }
}
