//! Which client profile file is read.

use crate::{environment::Environment, error::Error, variables};
use std::path::{Path, PathBuf};

const FILE_NAME: &str = "temporal.toml";

/// Picks the file: `TEMPORAL_CONFIG_FILE`, else `$LAMBDA_TASK_ROOT/temporal.toml`, else
/// `./temporal.toml`, else none.
///
/// The first is a choice, so it must exist; the others are places to look.
pub(crate) fn choose(
    environment: &Environment,
    exists: impl Fn(&Path) -> bool,
) -> Result<Option<PathBuf>, Error> {
    if let Some(chosen) = environment.text(variables::CONFIG_FILE) {
        let path = PathBuf::from(chosen);
        return if exists(&path) {
            Ok(Some(path))
        } else {
            Err(Error::Variable {
                name: variables::CONFIG_FILE,
                value: chosen.to_owned(),
                expected: "the path of a file that exists".to_owned(),
            })
        };
    }
    let beside_the_code =
        environment.text(variables::LAMBDA_TASK_ROOT).map(|root| Path::new(root).join(FILE_NAME));
    let here = PathBuf::from(FILE_NAME);
    Ok(beside_the_code.into_iter().chain([here]).find(|path| exists(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::from_lookup(|name| {
            let (_, value) = variables.iter().find(|(known, _)| *known == name)?;
            Some((*value).to_owned())
        })
    }

    fn chosen(variables: &[(&str, &str)], files: &[&str]) -> Option<PathBuf> {
        let exists = |path: &Path| files.iter().any(|file| Path::new(file) == path);
        choose(&environment(variables), exists).unwrap()
    }

    #[test]
    fn the_chosen_file_comes_first() {
        let variables =
            [("TEMPORAL_CONFIG_FILE", "/etc/t.toml"), ("LAMBDA_TASK_ROOT", "/var/task")];
        let files = ["/etc/t.toml", "/var/task/temporal.toml", "temporal.toml"];
        assert_eq!(chosen(&variables, &files), Some("/etc/t.toml".into()));
    }

    #[test]
    fn then_the_one_beside_the_function_then_the_one_here() {
        let variables = [("LAMBDA_TASK_ROOT", "/var/task")];
        let both = ["/var/task/temporal.toml", "temporal.toml"];
        assert_eq!(chosen(&variables, &both), Some("/var/task/temporal.toml".into()));
        assert_eq!(chosen(&variables, &both[1..]), Some("temporal.toml".into()));
        assert_eq!(chosen(&variables, &[]), None);
    }

    #[test]
    fn a_chosen_file_that_is_not_there_is_an_error() {
        let variables = environment(&[("TEMPORAL_CONFIG_FILE", "/nowhere.toml")]);
        let error = choose(&variables, |_| false).unwrap_err().to_string();
        assert!(error.contains("TEMPORAL_CONFIG_FILE is `/nowhere.toml`"), "{error}");
    }
}
