//! Where the text of a spec file comes from.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use super::{SpecFile, SpecFileError, parse};

/// Bytes of a spec file; a larger one is refused unread.
pub(crate) const MAX_BYTES: usize = 256 * 1024;
/// The path that stands for standard input.
const STDIN: &str = "-";

/// Reads and checks the spec file at `path`; `-` is standard input.
pub(crate) fn read(path: &Path) -> Result<SpecFile, SpecFileError> {
    if path.as_os_str() == STDIN {
        let name = "standard input";
        let text = bounded(io::stdin().lock()).map_err(|problem| problem.of(name))?;
        return parse(name, &text);
    }
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| SpecFileError::unreadable(&name, &error))?;
    let text = bounded(file).map_err(|problem| problem.of(&name))?;
    parse(&name, &text)
}

enum Unread {
    Io(io::Error),
    TooLarge,
    NotText,
}

impl Unread {
    fn of(self, name: &str) -> SpecFileError {
        match self {
            Self::Io(error) => SpecFileError::unreadable(name, &error),
            Self::TooLarge => SpecFileError::new(
                name,
                None,
                format!("larger than {MAX_BYTES} bytes: a spec file holds one version only"),
            ),
            Self::NotText => {
                SpecFileError::new(name, None, "not UTF-8 text: save it as UTF-8".to_owned())
            }
        }
    }
}

fn bounded(source: impl Read) -> Result<String, Unread> {
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    source.take(limit).read_to_end(&mut bytes).map_err(Unread::Io)?;
    if bytes.len() > MAX_BYTES {
        return Err(Unread::TooLarge);
    }
    String::from_utf8(bytes).map_err(|_| Unread::NotText)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_missing_is_named() {
        let error = read(Path::new("/no/such/wci.yaml")).unwrap_err().to_string();
        assert_eq!(error, "/no/such/wci.yaml: there is no such file");
    }

    #[test]
    fn a_file_that_is_too_large_is_refused_before_it_is_parsed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "#".repeat(MAX_BYTES + 1)).unwrap();
        let error = read(file.path()).unwrap_err().to_string();
        assert!(error.ends_with("larger than 262144 bytes: a spec file holds one version only"));
    }

    #[test]
    fn a_file_that_is_no_text_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [0xff, 0xfe]).unwrap();
        assert!(read(file.path()).unwrap_err().to_string().contains("save it as UTF-8"));
    }

    #[test]
    fn a_folder_is_not_a_spec_file() {
        assert!(read(Path::new("/tmp")).unwrap_err().to_string().starts_with("/tmp: "));
    }
}
