//! Secrets: specs contain their names, the operator configures their sources, and they are read
//! when a worker is started.

use std::{
    collections::BTreeMap,
    env, fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use wci_contract::{FailureClass, limits};

use crate::{ProviderError, error::name_list};

/// The maximum size of a secret, bytes.
const MAX_SECRET_BYTES: u64 = 64 * 1024;
/// Shorter secrets occur in any text by chance, so they are not hidden. Bytes.
const MIN_HIDDEN_BYTES: usize = 4;
const HIDDEN: &str = "[secret]";

/// The source of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A variable of the system worker's own environment.
    Env(String),
    /// A file, by its absolute path. Line breaks at its end are not part of the secret.
    File(PathBuf),
}

/// The secrets that one namespace may use, by their names in specs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Secrets(BTreeMap<String, SecretSource>);

/// The value of a secret. Its `Debug` form does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl FromIterator<(String, SecretSource)> for Secrets {
    fn from_iter<T: IntoIterator<Item = (String, SecretSource)>>(all: T) -> Self {
        Self(all.into_iter().collect())
    }
}

impl Secrets {
    /// Reads the secret with this name. Errors contain only its name and a remedy.
    pub(crate) fn resolve(&self, name: &str) -> Result<Secret, ProviderError> {
        let Some(source) = self.0.get(name) else {
            let name = limits::cut(name, limits::MAX_GROUP_NAME);
            return Err(ProviderError::forbidden(format!(
                "secret {name:?} is not allowed here (allowed: {}): have the operator add it to the \
                 secrets of this namespace in the file of --config",
                name_list(self.0.keys())
            )));
        };
        source.read().map(Secret).map_err(|reason| {
            ProviderError::access(
                FailureClass::Internal,
                format!("secret {name:?} cannot be read by the system worker: {reason}"),
            )
        })
    }
}

impl SecretSource {
    fn read(&self) -> Result<String, String> {
        match self {
            Self::Env(variable) => match env::var(variable) {
                Ok(text) if !text.is_empty() => check_usable(text),
                Ok(_) | Err(env::VarError::NotPresent) => {
                    Err("its environment variable is not set or empty".to_owned())
                }
                Err(env::VarError::NotUnicode(_)) => Err("it is not valid UTF-8".to_owned()),
            },
            Self::File(path) => {
                read_file(path).map_err(|error| error.to_string()).and_then(check_usable)
            }
        }
    }
}

fn check_usable(text: String) -> Result<String, String> {
    if text.contains('\0') { Err("it contains a NUL byte".to_owned()) } else { Ok(text) }
}

fn read_file(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_SECRET_BYTES + 1).read_to_string(&mut text)?;
    let text = text.trim_end_matches(['\r', '\n']);
    if u64::try_from(text.len()).is_ok_and(|len| len > MAX_SECRET_BYTES) {
        return Err(io::Error::other(format!("it is longer than {MAX_SECRET_BYTES} bytes")));
    }
    if text.is_empty() {
        return Err(io::Error::other("its file is empty"));
    }
    Ok(text.to_owned())
}

impl Secret {
    /// The value itself.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// The line with every occurrence of the secret, or of one of its lines, replaced.
    pub(crate) fn hide(&self, line: &str) -> String {
        let lines = self.0.lines().filter(|line| line.len() >= MIN_HIDDEN_BYTES);
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
    fn a_secret_is_read_and_never_printed() {
        let secret = in_file(b"hunter22\n").unwrap();
        assert_eq!(secret.reveal(), "hunter22");
        assert_eq!(format!("{secret:?}"), "[secret]");
        assert_eq!(secret.hide("password=hunter22!"), "password=[secret]!");
    }

    #[test]
    fn specs_reference_secrets_by_name_never_by_source() {
        let known = secrets(SecretSource::Env("PATH".to_owned()));
        assert!(known.resolve("db").is_ok());
        for name in ["PATH", "env:PATH", "/etc/passwd", "file:/etc/passwd", "", "DB"] {
            let error = known.resolve(name).unwrap_err();
            assert_eq!(error.class(), FailureClass::Forbidden);
            assert!(error.to_string().contains("(allowed: db)"), "{error}");
        }
    }

    #[test]
    fn an_unreadable_secret_is_an_internal_failure_that_reveals_nothing() {
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
