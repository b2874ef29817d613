//! `subprocess` in the configuration file.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_saphyr::Spanned;
use wci_providers::{CommandSettings, SubprocessSettings};

use super::{Problem, choice::Choice};

/// How specs may run processes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Subprocess {
    commands: BTreeMap<String, Spanned<Command>>,
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
    pub(super) fn into_settings(self) -> Result<SubprocessSettings, Problem> {
        let mut commands = BTreeMap::new();
        for (name, command) in self.commands {
            let line = command.referenced.line();
            let settings = command.value.into_settings().map_err(|(at, message)| {
                (at.or(Some(line)), format!("command {name:?}: {message}"))
            })?;
            commands.insert(name, settings);
        }
        Ok(SubprocessSettings { commands, ..SubprocessSettings::default() })
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
                    Some(names) => names.read(|_| Ok(()))?,
                    None => Some(BTreeSet::new()),
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
