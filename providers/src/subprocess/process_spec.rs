//! The process that a config names, resolved on this machine.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use nix::unistd::{AccessFlags, access};
use wci_contract::FailureClass;

use super::{config::ProcessConfig, environment, os_error};
use crate::{
    CommandSettings, ProviderError, Secrets, SubprocessSettings, config_keys::Text,
    error::name_list, secret::Secret,
};

/// What exactly runs. Everything in it exists and is allowed.
#[derive(Debug, Clone)]
pub(super) struct ProcessSpec {
    /// The operator's name for the program.
    pub(super) command: String,
    /// The program's path.
    pub(super) program: PathBuf,
    /// Its arguments.
    pub(super) args: Vec<OsString>,
    /// Its environment variables, without those that differ from process to process.
    pub(super) env: BTreeMap<String, OsString>,
    /// Its environment variables that must not be shown.
    pub(super) secrets: Arc<BTreeMap<String, Secret>>,
    /// Its working directory; `None` is the system worker's.
    pub(super) working_directory: Option<PathBuf>,
}

impl ProcessSpec {
    /// Checks `config` against the operator's settings and the machine.
    pub(super) fn new(
        config: ProcessConfig,
        settings: &SubprocessSettings,
        known_secrets: &Secrets,
    ) -> Result<Self, ProviderError> {
        let command = find_command(&config.command, settings)?;
        check_allowed(&config, command)?;
        let names = config.env.iter().map(|(name, _)| name);
        environment::check(names, &settings.pass_env, &command.allow_env)?;
        let (mut plain, mut secrets) = (Vec::new(), BTreeMap::new());
        for (name, text) in config.env {
            match text {
                Text::Plain(text) => plain.push((name, text)),
                Text::Secret(secret) => {
                    secrets.insert(name, known_secrets.resolve(&secret)?);
                }
            }
        }
        check_program(&config.command, &command.path)?;
        let working_directory = config.working_directory.or(command.working_directory.clone());
        if let Some(dir) = &working_directory {
            check_directory(dir)?;
        }
        Ok(Self {
            program: command.path.clone(),
            args: command.args.iter().cloned().chain(config.args).map(OsString::from).collect(),
            env: environment::shared(&settings.pass_env, plain),
            secrets: Arc::new(secrets),
            command: config.command,
            working_directory,
        })
    }
}

fn find_command<'a>(
    name: &str,
    settings: &'a SubprocessSettings,
) -> Result<&'a CommandSettings, ProviderError> {
    settings.commands.get(name).ok_or_else(|| {
        let example = if name.contains('/') { "NAME" } else { name };
        ProviderError::forbidden(format!(
            "command {name:?} is not allowed here (allowed: {}): start the system worker with \
             --allow-command {example}=/path/to/program, or add it to the commands of this \
             namespace in the file of --config",
            name_list(settings.commands.keys())
        ))
    })
}

/// Checks that the operator lets specs set what `config` sets.
fn check_allowed(config: &ProcessConfig, command: &CommandSettings) -> Result<(), ProviderError> {
    let refuse = |key: &str| {
        Err(ProviderError::forbidden(format!(
            "a spec may not set \"{key}\" for command {:?} here: remove it from the spec, or have \
             the operator set allow_{key} in the file of --config",
            config.command
        )))
    };
    if !config.args.is_empty() && !command.allow_args {
        return refuse("args");
    }
    if config.working_directory.is_some() && !command.allow_working_directory {
        return refuse("working_directory");
    }
    Ok(())
}

fn check_program(command: &str, program: &Path) -> Result<(), ProviderError> {
    let shown = program.display();
    let metadata = fs::metadata(program).map_err(|error| {
        let class = os_error::failure_class(&error);
        ProviderError::access(class, format!("command {command:?}: {shown}: {error}"))
    })?;
    if !metadata.is_file() || access(program, AccessFlags::X_OK).is_err() {
        return Err(ProviderError::access(
            FailureClass::AccessDenied,
            format!(
                "command {command:?}: {shown} is not an executable file: make it one, for example \
                 with chmod +x"
            ),
        ));
    }
    Ok(())
}

fn check_directory(dir: &Path) -> Result<(), ProviderError> {
    let shown = dir.display();
    let refuse = |class, why: String| {
        Err(ProviderError::access(class, format!("working_directory {shown}: {why}")))
    };
    match fs::metadata(dir) {
        Err(error) => refuse(os_error::failure_class(&error), error.to_string()),
        Ok(metadata) if !metadata.is_dir() => {
            refuse(FailureClass::NotFound, "it is not a directory".to_owned())
        }
        Ok(_) if access(dir, AccessFlags::X_OK).is_err() => refuse(
            FailureClass::AccessDenied,
            "the system worker has no permission to enter it".to_owned(),
        ),
        Ok(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::config::SubprocessConfig, *};
    use serde_json::{Value, json};

    fn error(config: Value) -> ProviderError {
        let commands = [("sh", "/bin/sh"), ("gone", "/proc/nowhere/x"), ("passwd", "/etc/passwd")];
        let settings = SubprocessSettings {
            commands: commands
                .into_iter()
                .map(|(n, p)| (n.to_owned(), CommandSettings::open(p.into())))
                .collect(),
            ..SubprocessSettings::default()
        };
        let config = SubprocessConfig::parse(config.as_object().unwrap()).unwrap().process;
        ProcessSpec::new(config, &settings, &Secrets::default()).unwrap_err()
    }

    #[test]
    fn a_command_that_is_not_allowed_is_refused_with_the_remedy() {
        let error = error(json!({"command": "greeter"}));
        let message = error.to_string();
        assert_eq!(error.class(), FailureClass::Forbidden);
        assert!(message.starts_with("command \"greeter\" is not allowed here"), "{message}");
        assert!(message.contains("--allow-command greeter=/path/to/program"), "{message}");
        assert!(message.contains("gone, passwd, sh"), "{message}");
    }

    #[test]
    fn a_path_is_not_a_command_name() {
        assert_eq!(error(json!({"command": "/bin/sh"})).class(), FailureClass::Forbidden);
    }

    #[test]
    fn missing_and_non_executable_programs_are_distinguished() {
        assert_eq!(error(json!({"command": "gone"})).class(), FailureClass::NotFound);
        assert_eq!(error(json!({"command": "passwd"})).class(), FailureClass::AccessDenied);
        let dir = error(json!({"command": "sh", "working_directory": "/proc/nowhere"}));
        assert_eq!(dir.class(), FailureClass::NotFound);
    }

    #[test]
    fn a_closed_command_takes_only_variables_that_tune_a_worker_from_a_spec() {
        let closed = CommandSettings {
            args: vec!["-c".to_owned(), "true".to_owned()],
            ..CommandSettings::closed("/bin/sh".into())
        };
        let settings = SubprocessSettings {
            commands: [("sh".to_owned(), closed)].into(),
            ..SubprocessSettings::default()
        };
        let resolve = |config: Value| {
            let config = SubprocessConfig::parse(config.as_object().unwrap()).unwrap().process;
            ProcessSpec::new(config, &settings, &Secrets::default())
        };
        let plain = json!({"command": "sh", "env": {"TEMPORAL_TASK_QUEUE": "orders"}});
        assert_eq!(resolve(plain).unwrap().args, ["-c", "true"]);
        for (key, value) in [
            ("args", json!(["-c", "id"])),
            ("working_directory", json!("/")),
            ("env", json!({"MODE": "x"})),
        ] {
            let error = resolve(json!({"command": "sh", key: value})).unwrap_err();
            assert_eq!(error.class(), FailureClass::Forbidden);
            assert!(error.to_string().contains(&format!("\"{key}\"")), "{error}");
        }
    }
}
