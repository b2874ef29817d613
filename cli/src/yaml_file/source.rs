//! Reads the text of a file or of standard input.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use super::{FileError, Kind};

/// Size limit of a file, in bytes.
const MAX_BYTES: usize = 256 * 1024;
/// The path that stands for standard input.
const STDIN: &str = "-";

/// Reads the file at `path`, or standard input for `-`; returns its name and content.
pub fn read(kind: &Kind, path: &Path) -> Result<(String, String), FileError> {
    if path.as_os_str() == STDIN {
        let name = "standard input".to_owned();
        let text = bounded(io::stdin().lock()).map_err(|problem| problem.of(kind, &name))?;
        return Ok((name, text));
    }
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| FileError::unreadable(&name, &error))?;
    let text = bounded(file).map_err(|problem| problem.of(kind, &name))?;
    Ok((name, text))
}

enum Unread {
    Io(io::Error),
    TooLarge,
    NotText,
}

impl Unread {
    fn of(self, kind: &Kind, name: &str) -> FileError {
        match self {
            Self::Io(error) => FileError::unreadable(name, &error),
            Self::TooLarge => FileError::new(
                name,
                None,
                format!("larger than {MAX_BYTES} bytes: a {} holds {}", kind.name, kind.holds),
            ),
            Self::NotText => {
                FileError::new(name, None, "not UTF-8 text: save it as UTF-8".to_owned())
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
