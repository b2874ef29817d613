//! A spec's process on this machine: what exactly would run.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use nix::unistd::{AccessFlags, access};
use wci_contract::FailureClass;

use super::{environment, spec::ProcessSpec, trouble};
use crate::{
    CommandSettings, ProviderError, Secrets, SubprocessSettings, config_keys::Text, error::names,
    secret::Secret,
};

/// What exactly would run; everything in it exists and is allowed.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// The operator's name for the program.
    pub(super) command: String,
    /// The program.
    pub(super) program: PathBuf,
    /// Its arguments.
    pub(super) args: Vec<OsString>,
    /// Its variables, but for those that differ from process to process.
    pub(super) env: BTreeMap<String, OsString>,
    /// More of them, which nobody else may see.
    pub(super) secrets: Arc<BTreeMap<String, Secret>>,
    /// Where it runs; `None`: where the system worker runs.
    pub(super) working_directory: Option<PathBuf>,
}

impl Plan {
    /// Checks `spec` against the operator's settings and the machine.
    pub(super) fn new(
        spec: ProcessSpec,
        settings: &SubprocessSettings,
        known: &Secrets,
    ) -> Result<Self, ProviderError> {
        let allowed = allowed(&spec.command, settings)?;
        check_allowed(&spec, allowed)?;
        let names = spec.env.iter().map(|(name, _)| name);
        environment::check(names, &settings.pass_env, allowed.allow_env.as_ref())?;
        let (mut plain, mut secrets) = (Vec::new(), BTreeMap::new());
        for (name, text) in spec.env {
            match text {
                Text::Plain(text) => plain.push((name, text)),
                Text::Secret(secret) => drop(secrets.insert(name, known.resolve(&secret)?)),
            }
        }
        check_program(&spec.command, &allowed.path)?;
        let working_directory = spec.working_directory.or(allowed.working_directory.clone());
        if let Some(dir) = &working_directory {
            check_directory(dir)?;
        }
        Ok(Self {
            program: allowed.path.clone(),
            args: allowed.args.iter().cloned().chain(spec.args).map(OsString::from).collect(),
            env: environment::shared(&settings.pass_env, plain),
            secrets: Arc::new(secrets),
            command: spec.command,
            working_directory,
        })
    }
}

fn allowed<'a>(
    command: &str,
    settings: &'a SubprocessSettings,
) -> Result<&'a CommandSettings, ProviderError> {
    settings.commands.get(command).ok_or_else(|| {
        let example = if command.contains('/') { "NAME" } else { command };
        ProviderError::forbidden(format!(
            "command {command:?} is not allowed here (allowed: {}): start the system worker with \
             --allow-command {example}=/path/to/program, or add it to the commands of this \
             namespace in the file of --config",
            names(settings.commands.keys())
        ))
    })
}

/// Whether a spec may say all that it says.
fn check_allowed(spec: &ProcessSpec, allowed: &CommandSettings) -> Result<(), ProviderError> {
    let refuse = |key: &str| {
        Err(ProviderError::forbidden(format!(
            "\"{key}\" of command {:?} is not a spec's to set here: remove it, or the operator \
             allows it (allow_{key})",
            spec.command
        )))
    };
    if !spec.args.is_empty() && !allowed.allow_args {
        return refuse("args");
    }
    if spec.working_directory.is_some() && !allowed.allow_working_directory {
        return refuse("working_directory");
    }
    Ok(())
}

fn check_program(command: &str, program: &Path) -> Result<(), ProviderError> {
    let shown = program.display();
    let metadata = fs::metadata(program).map_err(|error| {
        let class = trouble::class(&error);
        ProviderError::access(class, format!("command {command:?}: {shown}: {error}"))
    })?;
    if !metadata.is_file() || access(program, AccessFlags::X_OK).is_err() {
        return Err(ProviderError::access(
            FailureClass::AccessDenied,
            format!("command {command:?}: {shown} is no executable file: chmod +x may help"),
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
        Err(error) => refuse(trouble::class(&error), error.to_string()),
        Ok(metadata) if !metadata.is_dir() => {
            refuse(FailureClass::NotFound, "it is no directory".to_owned())
        }
        Ok(_) if access(dir, AccessFlags::X_OK).is_err() => {
            refuse(FailureClass::AccessDenied, "the system worker may not enter it".to_owned())
        }
        Ok(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::spec::SubprocessSpec, *};
    use serde_json::{Value, json};

    fn refusal(config: Value) -> ProviderError {
        let commands = [("sh", "/bin/sh"), ("gone", "/proc/nowhere/x"), ("passwd", "/etc/passwd")];
        let settings = SubprocessSettings {
            commands: commands
                .into_iter()
                .map(|(n, p)| (n.to_owned(), CommandSettings::open(p.into())))
                .collect(),
            ..SubprocessSettings::default()
        };
        let spec = SubprocessSpec::parse(config.as_object().unwrap()).unwrap().process;
        Plan::new(spec, &settings, &Secrets::default()).unwrap_err()
    }

    #[test]
    fn a_command_that_is_not_allowed_is_refused_with_the_remedy() {
        let error = refusal(json!({"command": "greeter"}));
        let message = error.to_string();
        assert_eq!(error.class(), FailureClass::Forbidden);
        assert!(message.starts_with("command \"greeter\" is not allowed here"), "{message}");
        assert!(message.contains("--allow-command greeter=/path/to/program"), "{message}");
        assert!(message.contains("gone, passwd, sh"), "{message}");
    }

    #[test]
    fn a_path_is_no_name() {
        assert_eq!(refusal(json!({"command": "/bin/sh"})).class(), FailureClass::Forbidden);
    }

    #[test]
    fn what_is_not_there_or_cannot_run_is_told_apart() {
        assert_eq!(refusal(json!({"command": "gone"})).class(), FailureClass::NotFound);
        assert_eq!(refusal(json!({"command": "passwd"})).class(), FailureClass::AccessDenied);
        let dir = refusal(json!({"command": "sh", "working_directory": "/proc/nowhere"}));
        assert_eq!(dir.class(), FailureClass::NotFound);
    }

    #[test]
    fn a_closed_command_takes_nothing_from_a_spec_but_what_tunes_a_worker() {
        let closed = CommandSettings {
            args: vec!["-c".to_owned(), "true".to_owned()],
            ..CommandSettings::closed("/bin/sh".into())
        };
        let settings = SubprocessSettings {
            commands: [("sh".to_owned(), closed)].into(),
            ..SubprocessSettings::default()
        };
        let plan = |config: Value| {
            let spec = SubprocessSpec::parse(config.as_object().unwrap()).unwrap().process;
            Plan::new(spec, &settings, &Secrets::default())
        };
        let plain = json!({"command": "sh", "env": {"TEMPORAL_TASK_QUEUE": "orders"}});
        assert_eq!(plan(plain).unwrap().args, ["-c", "true"]);
        for (key, value) in [
            ("args", json!(["-c", "id"])),
            ("working_directory", json!("/")),
            ("env", json!({"MODE": "x"})),
        ] {
            let error = plan(json!({"command": "sh", key: value})).unwrap_err();
            assert_eq!(error.class(), FailureClass::Forbidden);
            assert!(error.to_string().contains(&format!("\"{key}\"")), "{error}");
        }
    }
}
