//! Secrets in the configuration file: where to read each one, never its value.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;
use serde_saphyr::Spanned;
use wci_providers::{SecretSource, Secrets};

use super::Problem;

/// Where to read a secret: from an environment variable or a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    #[serde(default)]
    env: Option<String>,
    #[serde(default)]
    file: Option<PathBuf>,
}

/// Checks the sources; a secret is read when it is needed.
pub(super) fn read(sources: BTreeMap<String, Spanned<Source>>) -> Result<Secrets, Problem> {
    let each = sources.into_iter().map(|(name, source)| {
        let line = source.referenced.line();
        let source = source
            .value
            .into_source()
            .map_err(|message| (Some(line), format!("secret {name:?}: {message}")))?;
        Ok((name, source))
    });
    each.collect::<Result<Vec<_>, Problem>>().map(Secrets::from_iter)
}

impl Source {
    fn into_source(self) -> Result<SecretSource, String> {
        match self {
            Self { env: Some(name), file: None } if !name.is_empty() => Ok(SecretSource::Env(name)),
            Self { env: None, file: Some(path) } if path.is_absolute() => {
                Ok(SecretSource::File(path))
            }
            Self { env: None, file: Some(path) } => {
                Err(format!("{:?} must be an absolute path", path.display().to_string()))
            }
            _ => Err("give its source: {env: VARIABLE} or {file: /absolute/path}".to_owned()),
        }
    }
}
