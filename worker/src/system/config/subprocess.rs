//! `subprocess` in the configuration file.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_saphyr::Spanned;
use wci_activities::Ceiling;
use wci_providers::{AllowedVariables, CommandSettings, SubprocessSettings};

use super::{Problem, choice::Choice, limit_keys::CeilingKeys};

/// How specs may run processes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Subprocess {
    commands: BTreeMap<String, Spanned<Command>>,
    #[serde(default)]
    max_workers_per_minute: Option<Spanned<String>>,
}

/// A path, or a path and what specs may pass to the program.
enum Command {
    Path(PathBuf),
    Whole(Whole),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    path: PathBuf,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    working_directory: Option<PathBuf>,
    #[serde(default)]
    allow_args: bool,
    #[serde(default)]
    allow_env: Option<Choice>,
    #[serde(default)]
    allow_working_directory: bool,
}

impl Subprocess {
    pub(super) fn into_settings(self) -> Result<(SubprocessSettings, Ceiling), Problem> {
        let Self { commands: written, max_workers_per_minute } = self;
        let ceilings = CeilingKeys { max_workers: None, max_workers_per_minute };
        let mut commands = BTreeMap::new();
        for (name, command) in written {
            let line = command.referenced.line();
            let settings = command.value.into_settings().map_err(|(at, message)| {
                (at.or(Some(line)), format!("command {name:?}: {message}"))
            })?;
            commands.insert(name, settings);
        }
        let settings = SubprocessSettings { commands, ..SubprocessSettings::default() };
        Ok((settings, ceilings.read(Ceiling::NONE)?))
    }
}

impl Command {
    fn into_settings(self) -> Result<CommandSettings, Problem> {
        let settings = match self {
            Self::Path(path) => CommandSettings::closed(path),
            Self::Whole(whole) => CommandSettings {
                path: whole.path,
                args: whole.args,
                working_directory: whole.working_directory,
                allow_args: whole.allow_args,
                allow_env: match whole.allow_env {
                    Some(names) => variables(names)?,
                    None => AllowedVariables::default(),
                },
                allow_working_directory: whole.allow_working_directory,
            },
        };
        for path in [Some(&settings.path), settings.working_directory.as_ref()] {
            if let Some(path) = path.filter(|path| !path.is_absolute()) {
                let shown = path.display();
                return Err((None, format!("{shown:?} must be an absolute path")));
            }
        }
        Ok(settings)
    }
}

/// Names of variables, and prefixes of one's own.
fn variables(written: Choice) -> Result<AllowedVariables, Problem> {
    let Choice::These(items) = written else {
        let message = "allow_env: any is not possible any more, because variables such as HOME, \
                       PYTHONWARNINGS or HTTPS_PROXY decide what a program runs and where it \
                       connects: list the names that specs may set, or a prefix of your own, for \
                       example [LOG_LEVEL, \"ORDERS_*\"]";
        return Err((None, message.to_owned()));
    };
    let mut all = AllowedVariables::default();
    for item in items {
        let line = Some(item.referenced.line());
        all.add(&item.value).map_err(|message| (line, format!("allow_env: {message}")))?;
    }
    Ok(all)
}

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CommandVisitor)
    }
}

struct CommandVisitor;

impl<'de> Visitor<'de> for CommandVisitor {
    type Value = Command;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path, or a map with the key path")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Command, E> {
        Ok(Command::Path(text.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Command, A::Error> {
        Deserialize::deserialize(MapAccessDeserializer::new(map)).map(Command::Whole)
    }
}
