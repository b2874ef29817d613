//! From configuration file and environment to a profile.

use std::{
    fs,
    path::{Path, PathBuf},
};

use temporalio_common::envconfig::{
    ClientConfigProfile, ConfigError, DEFAULT_CONFIG_FILE, DEFAULT_PROFILE,
};
use toml::{Table, Value};

use crate::{Environment, SettingsError, profile};

/// Where the profile is.
#[derive(Debug, Clone, Default)]
pub struct ProfileSource {
    /// The file; by default the one that `TEMPORAL_CONFIG_FILE` names, which need not exist.
    pub file: Option<PathBuf>,
    /// The profile's name; by default the one that `TEMPORAL_PROFILE` names, else `default`.
    pub profile: Option<String>,
    /// Whether `temporalio/temporal.toml` in the user's configuration folder is read when no other
    /// file is named.
    pub user_file: bool,
}

/// Loads the profile. Environment variables override it. Other profiles of the file may be
/// invalid.
///
/// # Errors
/// A file that cannot be read, a profile that does not exist or is invalid, or variables that
/// contradict it.
pub fn load(
    source: &ProfileSource,
    environment: &Environment,
) -> Result<ClientConfigProfile, SettingsError> {
    let file = source
        .file
        .clone()
        .or_else(|| environment.get("TEMPORAL_CONFIG_FILE").map(PathBuf::from))
        .or_else(|| user_file().filter(|_| source.user_file));
    let named = source.profile.as_deref().or_else(|| environment.get("TEMPORAL_PROFILE"));
    let mut profile = match &file {
        Some(file) => from_file(file, named)?,
        None => absent(named, None)?,
    };
    profile.load_from_env(Some(environment.variables())).map_err(|error| match error {
        ConfigError::InvalidConfig(reason) => {
            SettingsError::Contradiction(format!("{reason}: remove one of them"))
        }
        other => SettingsError::Contradiction(other.to_string()),
    })?;
    Ok(profile)
}

/// The same place as in the CLI and the SDKs.
fn user_file() -> Option<PathBuf> {
    Some(dirs::config_dir()?.join("temporalio").join(DEFAULT_CONFIG_FILE))
}

fn from_file(file: &Path, named: Option<&str>) -> Result<ClientConfigProfile, SettingsError> {
    let unreadable = |reason: String| SettingsError::File { file: file.to_owned(), reason };
    let text = match fs::read(file) {
        Ok(bytes) => {
            String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8 text".to_owned()))?
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return absent(named, Some(file));
        }
        Err(error) => return Err(unreadable(error.to_string())),
    };
    let document: Table = toml::from_str(&text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = 1 + text.as_bytes().iter().take(start).filter(|byte| **byte == b'\n').count();
        let reason = error.message().lines().collect::<Vec<_>>().join("; ");
        SettingsError::Syntax { file: file.to_owned(), line, reason }
    })?;
    let name = named.unwrap_or(DEFAULT_PROFILE);
    let invalid =
        |reason| SettingsError::Profile { profile: name.to_owned(), file: file.to_owned(), reason };
    match document.get("profile").and_then(|profiles| profiles.get(name)) {
        Some(Value::Table(table)) => profile::read(table).map_err(invalid),
        Some(_) => Err(invalid(format!("it must be a table, written [profile.{name}]"))),
        None => absent(named, Some(file)),
    }
}

/// A profile that nobody asked for by name is empty.
fn absent(named: Option<&str>, file: Option<&Path>) -> Result<ClientConfigProfile, SettingsError> {
    let Some(name) = named else { return Ok(ClientConfigProfile::default()) };
    let place = file.map_or_else(
        || "a file: no temporal.toml was found".to_owned(),
        |file| file.display().to_string(),
    );
    Err(SettingsError::NoProfile { profile: name.to_owned(), place })
}

#[cfg(test)]
mod tests;
