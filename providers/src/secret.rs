//! Secrets: a spec has their names, the operator says where they are, and they are read when a
//! worker is started.

use std::{
    collections::BTreeMap,
    env, fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use wci_contract::{FailureClass, limits};

use crate::ProviderError;

/// Bytes of one secret.
const MAX_SECRET: u64 = 64 * 1024;
/// Shorter ones stand in any text by chance.
const SHORTEST_HIDDEN: usize = 4;
const HIDDEN: &str = "[secret]";

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// In a variable of the system worker's own environment.
    Env(String),
    /// In a file, by absolute path, but for line breaks at its end.
    File(PathBuf),
}

/// The secrets that one namespace may use, by the names that specs use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets(BTreeMap<String, SecretSource>);

/// A secret as it is. Nothing prints it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl FromIterator<(String, SecretSource)> for Secrets {
    fn from_iter<T: IntoIterator<Item = (String, SecretSource)>>(all: T) -> Self {
        Self(all.into_iter().collect())
    }
}

impl Secrets {
    /// The secret of this name. No error tells more than its name and what the operator could do.
    pub(crate) fn resolve(&self, name: &str) -> Result<Secret, ProviderError> {
        let Some(source) = self.0.get(name) else {
            let name = limits::cut(name, limits::MAX_GROUP_NAME);
            return Err(ProviderError::forbidden(format!(
                "secret {name:?} is not allowed here (allowed: {}): the operator adds it to the \
                 secrets of this namespace in the file of --config",
                crate::error::names(self.0.keys())
            )));
        };
        source.read().map(Secret).map_err(|problem| {
            ProviderError::access(
                FailureClass::Internal,
                format!("secret {name:?} cannot be read by the system worker: {problem}"),
            )
        })
    }
}

impl SecretSource {
    fn read(&self) -> Result<String, String> {
        match self {
            Self::Env(variable) => match env::var(variable) {
                Ok(text) if !text.is_empty() => usable(text),
                Ok(_) | Err(env::VarError::NotPresent) => Err("its variable is not set".to_owned()),
                Err(env::VarError::NotUnicode(_)) => Err("it is no UTF-8 text".to_owned()),
            },
            Self::File(path) => read_file(path).map_err(|error| error.to_string()).and_then(usable),
        }
    }
}

fn usable(text: String) -> Result<String, String> {
    if text.contains('\0') { Err("it contains a NUL byte".to_owned()) } else { Ok(text) }
}

fn read_file(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_SECRET + 1).read_to_string(&mut text)?;
    let text = text.trim_end_matches(['\r', '\n']);
    if u64::try_from(text.len()).is_ok_and(|len| len > MAX_SECRET) {
        return Err(io::Error::other(format!("it is longer than {MAX_SECRET} bytes")));
    }
    if text.is_empty() {
        return Err(io::Error::other("its file is empty"));
    }
    Ok(text.to_owned())
}

impl Secret {
    /// The secret itself, for the one who needs it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// A line without this secret, or a line of it.
    pub(crate) fn hide(&self, line: &str) -> String {
        let lines = self.0.lines().filter(|line| line.len() >= SHORTEST_HIDDEN);
        lines.fold(line.to_owned(), |line, secret| line.replace(secret, HIDDEN))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(source: SecretSource) -> Secrets {
        Secrets::from_iter([("db".to_owned(), source)])
    }

    fn in_file(content: &[u8]) -> Result<Secret, ProviderError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        secrets(SecretSource::File(file.path().to_owned())).resolve("db")
    }

    #[test]
    fn a_secret_is_read_and_nothing_prints_it() {
        let secret = in_file(b"hunter22\n").unwrap();
        assert_eq!(secret.reveal(), "hunter22");
        assert_eq!(format!("{secret:?}"), "[secret]");
        assert_eq!(secret.hide("password=hunter22!"), "password=[secret]!");
    }

    #[test]
    fn only_names_are_taken_never_places() {
        let known = secrets(SecretSource::Env("PATH".to_owned()));
        assert!(known.resolve("db").is_ok());
        for name in ["PATH", "env:PATH", "/etc/passwd", "file:/etc/passwd", "", "DB"] {
            let error = known.resolve(name).unwrap_err();
            assert_eq!(error.class(), FailureClass::Forbidden);
            assert!(error.to_string().contains("(allowed: db)"), "{error}");
        }
    }

    #[test]
    fn one_that_cannot_be_read_is_the_operators_fault_and_shows_nothing() {
        for error in [
            in_file(b"").unwrap_err(),
            in_file(b"a\0b").unwrap_err(),
            in_file(&[0xff, 0xfe]).unwrap_err(),
            in_file(&[b'x'; 70_000]).unwrap_err(),
            secrets(SecretSource::File("/nonexistent/x".into())).resolve("db").unwrap_err(),
            secrets(SecretSource::Env("WCI_NO_SUCH".to_owned())).resolve("db").unwrap_err(),
        ] {
            assert_eq!(error.class(), FailureClass::Internal);
            let message = error.to_string();
            assert!(message.contains("secret \"db\" cannot be read"), "{message}");
            assert!(!message.contains("xxx"), "{message}");
        }
    }
}
