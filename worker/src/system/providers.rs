//! The compute providers that specs may use, from flags or the configuration file.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    ffi::OsString,
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context, anyhow, bail};
use wci_providers::{
    AWS_LAMBDA, AllowedVariables, AwsSettings, CommandSettings, Host, HostSettings, LambdaSettings,
    ProcessSettings, ProviderError, Registry, SUBPROCESS, SUBPROCESS_POOL, Settings,
    SubprocessSettings, SupervisorProgram, TlsRoots, prepare_run_dir,
};

use super::{
    Limits,
    config::{Config, NamespaceConfig},
    default_run_dir,
};
use crate::supervisor;
use wci_cli::connection::Target;

const POOL_LAPSE: &str = "3h";
/// An instance refreshes its lease every ten minutes; this tolerates two lost refreshes.
const SHORTEST_LAPSE: Duration = Duration::from_secs(30 * 60);

/// Which compute providers specs may use, and with which restrictions.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Compute providers")]
pub(super) struct ProviderArgs {
    /// Configuration file: which providers, AWS accounts, roles, commands and secrets each
    /// namespace may use. Without it, the flags below apply to every namespace
    #[arg(long, env = "WCI_CONFIG", value_name = "FILE",
          conflicts_with_all = ["enabled", "commands", "allow_env", "aws_allow_no_role"])]
    config: Option<PathBuf>,
    /// Provider that specs may use: aws-lambda, subprocess or subprocess-pool; repeat for more
    /// [default: aws-lambda]
    #[arg(long = "enable-provider", value_name = "PROVIDER",
          value_parser = [AWS_LAMBDA, SUBPROCESS, SUBPROCESS_POOL])]
    enabled: Vec<String>,
    /// Program that subprocess and subprocess-pool may run, and its name in specs; repeat for more
    #[arg(long = "allow-command", value_name = "NAME=PATH", value_parser = parse_command)]
    commands: Vec<(String, PathBuf)>,
    /// Variable that specs may set for these programs, or a prefix of your own, such as ORDERS_*;
    /// repeat for more
    #[arg(long, value_name = "NAME")]
    allow_env: Vec<String>,
    /// Folder for records of launched processes; must survive a restart of the system worker
    /// [default: wci in the user's runtime folder]
    #[arg(long, env = "WCI_RUN_DIR", value_name = "DIR")]
    run_dir: Option<PathBuf>,
    /// Limit of live processes; a namespace that shares it with others may have an equal share, or
    /// what max_processes in --config says
    #[arg(long, default_value_t = ProcessSettings::DEFAULT_MAX_PROCESSES, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..))]
    max_processes: u32,
    /// How long the processes of a subprocess-pool outlive an instance that was terminated: the
    /// time since its last lease refresh, which comes every ten minutes
    #[arg(long, default_value = POOL_LAPSE, value_name = "TIME", value_parser = pool_lapse)]
    pool_lapse: Duration,
    /// Allow aws-lambda specs without role and external ID; they use the system worker's own
    /// credentials
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

/// Parses `--pool-lapse`. Errors are messages.
fn pool_lapse(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .ok()
        .filter(|time| *time >= SHORTEST_LAPSE)
        .ok_or_else(|| "give a time of at least 30m, for example 3h".to_owned())
}

impl ProviderArgs {
    /// The configuration of each namespace in `named`; without names, of each namespace in the
    /// configuration file; without a file, of `fallback`.
    pub(super) fn configs(
        &self,
        named: Vec<String>,
        fallback: &str,
        limits: Limits,
    ) -> anyhow::Result<BTreeMap<String, NamespaceConfig>> {
        let Some(path) = &self.config else {
            let named = if named.is_empty() { vec![fallback.to_owned()] } else { named };
            let ceilings = BTreeMap::new();
            let config = NamespaceConfig { providers: self.settings()?, limits, ceilings };
            let all = named.into_iter().map(|name| (name, config.clone())).collect();
            return Ok(self.with_shares(all));
        };
        let Config { mut namespaces } = Config::read(path, limits)?;
        if named.is_empty() {
            return Ok(self.with_shares(namespaces));
        }
        let known = namespaces.keys().cloned().collect::<Vec<_>>().join(", ");
        let of_name = named.into_iter().map(|name| match namespaces.remove(&name) {
            Some(config) => Ok((name, config)),
            None => bail!(
                "{} has no namespace {name:?} (it has {known}): add it under namespaces, or leave \
                 out --namespace",
                path.display()
            ),
        });
        of_name.collect::<anyhow::Result<_>>().map(|all| self.with_shares(all))
    }

    /// Divides the processes of the machine among the namespaces that may run some, where the
    /// operator does not: none can take them all.
    fn with_shares(
        &self,
        mut configs: BTreeMap<String, NamespaceConfig>,
    ) -> BTreeMap<String, NamespaceConfig> {
        let have_processes = |config: &&NamespaceConfig| {
            config.providers.enabled.iter().any(|name| runs_processes(name))
        };
        let sharing = u32::try_from(configs.values().filter(have_processes).count()).unwrap_or(1);
        let share = (self.max_processes / sharing.max(1)).max(1);
        for config in configs.values_mut() {
            let NamespaceConfig { providers, limits, .. } = config;
            providers.max_processes = Some(limits.max_processes.unwrap_or(share));
            providers.max_log_bytes_per_minute = limits.max_log_bytes_per_minute;
        }
        configs
    }

    /// The settings that all namespaces share.
    pub(super) fn host(
        &self,
        configs: &BTreeMap<String, NamespaceConfig>,
    ) -> anyhow::Result<HostSettings> {
        let mut enabled = configs.values().flat_map(|it| &it.providers.enabled);
        let processes =
            enabled.any(|name| runs_processes(name)).then(|| self.processes()).transpose()?;
        let uses_aws = configs.values().any(|it| it.providers.enabled.contains(AWS_LAMBDA));
        let roots = uses_aws.then(TlsRoots::load).transpose()?;
        Ok(HostSettings { processes, aws: AwsSettings { roots, ..AwsSettings::default() } })
    }

    fn processes(&self) -> anyhow::Result<ProcessSettings> {
        let run_dir = self.run_dir.clone().unwrap_or_else(default_run_dir);
        prepare_run_dir(&run_dir).with_context(|| {
            format!("cannot keep records of processes in {}", run_dir.display())
        })?;
        let program = env::current_exe().context("cannot find the path of this program")?;
        Ok(ProcessSettings {
            run_dir,
            max_processes: self.max_processes,
            supervisor: SupervisorProgram {
                program,
                args: vec![OsString::from(supervisor::SUBCOMMAND)],
            },
            lease: ProcessSettings::DEFAULT_LEASE,
            lapse: self.pool_lapse,
        })
    }

    /// The provider settings of every namespace, from the flags.
    fn settings(&self) -> anyhow::Result<Settings> {
        let enabled = self.enabled();
        if !self.commands.is_empty() && !enabled.iter().any(|name| runs_processes(name)) {
            bail!(
                "--allow-command needs a provider that runs processes: add --enable-provider \
                 subprocess or subprocess-pool"
            );
        }
        if self.aws_allow_no_role && !enabled.contains(AWS_LAMBDA) {
            bail!("--aws-allow-no-role needs aws-lambda: add --enable-provider aws-lambda");
        }
        if !self.allow_env.is_empty() && self.commands.is_empty() {
            bail!("--allow-env needs a program: add --allow-command NAME=PATH");
        }
        let allow_env = AllowedVariables::of(self.allow_env.iter().map(String::as_str))
            .map_err(|message| anyhow!("--allow-env: {message}"))?;
        let command = |path: &PathBuf| {
            let allow_env = allow_env.clone();
            CommandSettings { allow_env, ..CommandSettings::open(path.clone()) }
        };
        let commands = self.commands.iter();
        let processes = SubprocessSettings {
            commands: commands.map(|(name, path)| (name.clone(), command(path))).collect(),
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
    settings.subprocess.pass_env = connection_env(target, namespace);
    settings.pool.pass_env.clone_from(&settings.subprocess.pass_env);
    Registry::new(host, settings)
}

/// Environment variables by which a launched process reaches the same server. Never secrets: a
/// worker that needs some reads them from its own configuration.
fn connection_env(target: &Target, namespace: &str) -> BTreeMap<String, String> {
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
