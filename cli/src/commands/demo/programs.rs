//! Finds the programs that the demo needs, before it starts anything.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

/// The paths of the programs.
pub(super) struct Programs {
    /// This program.
    pub(super) wci: PathBuf,
    /// The serverless worker.
    pub(super) worker: PathBuf,
    /// The Temporal CLI.
    pub(super) temporal: PathBuf,
}

impl Programs {
    /// Finds them. Errors say how to get a missing one.
    pub(super) fn find(worker: Option<PathBuf>, temporal: Option<PathBuf>) -> anyhow::Result<Self> {
        let wci = env::current_exe().context("cannot find the path of this program")?;
        let worker = match worker {
            Some(given) => given,
            None => wci.with_file_name("greeter"),
        };
        if !worker.is_file() {
            bail!(
                "no serverless worker at {}: build the example (cargo build -p greeter) or use \
                 --worker-bin",
                worker.display()
            );
        }
        let temporal = match temporal {
            Some(given) if given.is_file() => given,
            Some(given) => bail!("--temporal {}: no such file", given.display()),
            None => on_path("temporal").context(
                "no Temporal CLI on the PATH: install it, run `make demo`, which downloads it, or use \
                 --temporal",
            )?,
        };
        Ok(Self { wci, worker: std::path::absolute(worker)?, temporal })
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|dir: PathBuf| dir.join(name)).find(|file: &PathBuf| is_file(file))
}

fn is_file(path: &Path) -> bool {
    path.is_file()
}
