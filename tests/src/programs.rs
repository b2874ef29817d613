//! The programs that the tests start.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The version of the Temporal CLI that `tools/temporal-cli` fetches.
const FETCHED: &str = "../.tools/temporal-1.9.1/bin/temporal";

/// The absolute paths of the programs.
#[derive(Debug, Clone)]
pub struct Programs {
    /// The program under test.
    pub wci: PathBuf,
    /// The example worker.
    pub greeter: PathBuf,
    /// The Temporal CLI with its dev server.
    pub temporal: PathBuf,
}

impl Programs {
    /// Finds them.
    ///
    /// # Panics
    /// If one is missing; the message says how to get it.
    pub fn find() -> Self {
        Self { wci: built("wci"), greeter: built("greeter"), temporal: temporal() }
    }
}

/// A program of this workspace, of the profile that the test was built with.
///
/// # Panics
/// If it is not built: Cargo builds no programs of other packages for a test.
pub fn built(name: &str) -> PathBuf {
    let this = env::current_exe().expect("the path of the test");
    let profile = this.parent().expect("target/<profile>/deps/<test>");
    let profile = profile.parent().filter(|_| profile.ends_with("deps")).unwrap_or(profile);
    let program = profile.join(name);
    assert!(
        program.is_file(),
        "no program at {}: run `cargo build -p wci -p greeter -p orders -p patterns` first, or `make test`",
        program.display()
    );
    program
}

fn temporal() -> PathBuf {
    if let Some(named) = env::var_os("WCI_TEMPORAL_CLI").filter(|named| !named.is_empty()) {
        let named = PathBuf::from(named);
        assert!(named.is_file(), "WCI_TEMPORAL_CLI: there is no file {}", named.display());
        return named;
    }
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join(FETCHED);
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|folder| folder.join("temporal"))
        .chain([fetched])
        .find(|file| file.is_file())
        .and_then(|file| file.canonicalize().ok())
        .expect(
            "no Temporal CLI: run `tools/temporal-cli`, which gets one, or set WCI_TEMPORAL_CLI",
        )
}
