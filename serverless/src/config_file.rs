//! The location of the client profile file.

use crate::{environment::Environment, error::Error, variables};
use std::path::{Path, PathBuf};

const FILE_NAME: &str = "temporal.toml";

/// Locates the file: `TEMPORAL_CONFIG_FILE`, else `$LAMBDA_TASK_ROOT/temporal.toml`, else
/// `./temporal.toml`, else none.
///
/// A file that is named by the variable must exist; the others are optional.
pub(crate) fn locate(
    environment: &Environment,
    exists: impl Fn(&Path) -> bool,
) -> Result<Option<PathBuf>, Error> {
    if let Some(named) = environment.text(variables::CONFIG_FILE) {
        let path = PathBuf::from(named);
        return if exists(&path) {
            Ok(Some(path))
        } else {
            Err(Error::Variable {
                name: variables::CONFIG_FILE,
                value: named.to_owned(),
                expected: "the path of a file that exists".to_owned(),
            })
        };
    }
    let in_task_root =
        environment.text(variables::LAMBDA_TASK_ROOT).map(|root| Path::new(root).join(FILE_NAME));
    let in_working_directory = PathBuf::from(FILE_NAME);
    Ok(in_task_root.into_iter().chain([in_working_directory]).find(|path| exists(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(variables: &[(&str, &str)], files: &[&str]) -> Option<PathBuf> {
        let exists = |path: &Path| files.iter().any(|file| Path::new(file) == path);
        locate(&Environment::of(variables), exists).unwrap()
    }

    #[test]
    fn the_named_file_comes_first() {
        let variables =
            [("TEMPORAL_CONFIG_FILE", "/etc/t.toml"), ("LAMBDA_TASK_ROOT", "/var/task")];
        let files = ["/etc/t.toml", "/var/task/temporal.toml", "temporal.toml"];
        assert_eq!(located(&variables, &files), Some("/etc/t.toml".into()));
    }

    #[test]
    fn then_the_one_in_the_task_root_then_the_one_in_the_working_directory() {
        let variables = [("LAMBDA_TASK_ROOT", "/var/task")];
        let both = ["/var/task/temporal.toml", "temporal.toml"];
        assert_eq!(located(&variables, &both), Some("/var/task/temporal.toml".into()));
        assert_eq!(located(&variables, &both[1..]), Some("temporal.toml".into()));
        assert_eq!(located(&variables, &[]), None);
    }

    #[test]
    fn a_named_file_that_does_not_exist_is_an_error() {
        let environment = Environment::of(&[("TEMPORAL_CONFIG_FILE", "/nowhere.toml")]);
        let error = locate(&environment, |_| false).unwrap_err().to_string();
        assert!(error.contains("TEMPORAL_CONFIG_FILE is `/nowhere.toml`"), "{error}");
    }
}
