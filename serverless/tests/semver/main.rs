//! Checks that the crate's version follows semantic versioning: removing or altering a public item
//! breaks programs, adding one does not.
//!
//! `released.txt` beside this file lists the public API of the latest release. `make
//! semver-release` writes it, once for each release.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod listing;
mod signature;
mod sources;
mod verdict;

use std::{fs, path::Path, sync::LazyLock};

use listing::Listing;
use sources::Sources;
use verdict::{Change, Version, lowest};

const RELEASED: &str = "tests/semver/released.txt";
const RELEASE: &str = "make semver-release";

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn released() -> Listing {
    Listing::read(&fs::read_to_string(folder().join(RELEASED)).unwrap())
}

fn present() -> Listing {
    Listing::of(&Sources::of_crate(folder()))
}

fn version() -> Version {
    Version::read(env!("CARGO_PKG_VERSION")).unwrap()
}

/// Returns the change that replacing `old` in a file of the crate makes, and the version after it.
fn after(file: &str, old: &str, new: &str) -> (Change, String) {
    static BEFORE: LazyLock<Listing> = LazyLock::new(present);
    let mut sources = Sources::of_crate(folder());
    sources.replace(file, old, new);
    let change = Change::between(&BEFORE, &Listing::of(&sources));
    let version = Version::read("0.1.0").unwrap();
    (change.clone(), lowest(version, &change).to_string())
}

#[test]
fn the_version_moves_with_the_public_api() {
    let (released, present) = (released(), present());
    let change = Change::between(&released, &present);
    let lowest = lowest(released.version, &change);
    assert!(
        version() >= lowest,
        "{change}these changes require version {lowest} of temporal-serverless-worker, which is {}: \
         raise it, and describe in the changelog what changes for programs that use the crate",
        version()
    );
}

#[test]
fn removing_or_altering_an_item_requires_a_new_minor_version_before_1_0() {
    for (file, old, new) in [
        // A method that is removed, hidden or renamed, or that takes or returns something else.
        ("builder.rs", "pub fn identity(", "pub(crate) fn identity("),
        ("builder.rs", "pub fn identity(", "pub fn who("),
        (
            "builder.rs",
            "pub fn slots(mut self, slots: Slots)",
            "pub fn slots(mut self, slots: usize)",
        ),
        (
            "worker.rs",
            "pub async fn run(&self) -> Result<Report, Error>",
            "pub async fn run(&self) -> Report",
        ),
        (
            "builder.rs",
            "pub fn register_activities<A: ActivityImplementer>",
            "pub fn register_activities<A: Clone>",
        ),
        // A field that is removed, or added where literals name them all, or that changes its type.
        ("capacity.rs", "pub local_activity: usize,", ""),
        (
            "capacity.rs",
            "pub local_activity: usize,",
            "pub local_activity: usize,\n    pub queries: usize,",
        ),
        ("timing.rs", "pub idle_timeout: Option<Duration>", "pub idle_timeout: Duration"),
        // A variant that is removed, or has another field.
        ("error.rs", "    NothingRegistered,\n", ""),
        ("error.rs", "Tuning(String)", "Tuning(String, u64)"),
        // A trait that is removed, an enum that becomes exhaustive or ceases to be, a variable that
        // is renamed.
        (
            "capacity.rs",
            "#[derive(Clone, Copy, Debug, Eq, PartialEq)]\npub struct Slots",
            "#[derive(Clone)]\npub struct Slots",
        ),
        ("report.rs", "impl fmt::Display for LeaveReason", "impl fmt::LowerHex for LeaveReason"),
        ("error.rs", "#[non_exhaustive]\npub enum Error ", "pub enum Error "),
        ("variables.rs", "\"TEMPORAL_TASK_QUEUE\"", "\"TASK_QUEUE\""),
        // An item that is no longer exported, or only with a feature, and a feature that is renamed.
        ("lib.rs", "pub use task_counts::TaskCounts;", ""),
        ("lib.rs", "pub mod variables;", "#[cfg(feature = \"otel\")]\npub mod variables;"),
        ("Cargo.toml", "lambda = [", "aws-lambda = ["),
        // The version of a crate whose types appear in the public API.
        (
            "workspace",
            "temporalio-sdk = { version = \"=1.1.1\"",
            "temporalio-sdk = { version = \"=2.0.0\"",
        ),
    ] {
        let (change, lowest) = after(file, old, new);
        assert_eq!(lowest, "0.2.0", "{old} -> {new}: {change}");
    }
}

#[test]
fn adding_an_item_requires_a_new_patch_version_before_1_0() {
    for (file, old, new) in [
        (
            "builder.rs",
            "    /// Sets the build ID within",
            "    pub fn more(self) -> Self {\n        self\n    }\n    /// Sets the build ID within",
        ),
        ("error.rs", "    NothingRegistered,\n", "    NothingRegistered,\n    Other,\n"),
        (
            "variables.rs",
            "pub const IDENTITY",
            "pub const MORE: &str = \"MORE\";\npub const IDENTITY",
        ),
        ("Cargo.toml", "[features]\n", "[features]\nmore = []\n"),
        ("report.rs", "pub struct Report {", "pub struct Report {\n    pub more: u64,"),
    ] {
        let (change, lowest) = after(file, old, new);
        assert_eq!(lowest, "0.1.1", "{old} -> {new}: {change}");
    }
}

#[test]
fn what_programs_cannot_see_requires_no_new_version() {
    for (file, old, new) in [
        ("builder.rs", "/// Sets the build ID within", "/// Sets the ID of the build within"),
        ("builder.rs", "identity: impl Into<String>", "who: impl Into<String>"),
        ("worker.rs", "    definition: WorkerDefinition,\n", "    blueprint: WorkerDefinition,\n"),
        ("drain_plan.rs", "pub(crate) struct DrainPlan", "pub(crate) struct Plan"),
    ] {
        let (change, lowest) = after(file, old, new);
        assert_eq!(
            (change.is_none(), lowest.as_str()),
            (true, "0.1.0"),
            "{old} -> {new}: {change}"
        );
    }
}

/// Not a test: `make semver-release` runs it.
#[test]
#[ignore = "writes the public API of a release to released.txt"]
fn a_release_is_written_down() {
    let (before, mut now) = (released(), present());
    assert!(
        version() > before.version,
        "{RELEASED} already lists the release {}: raise the version of the crate before {RELEASE}",
        before.version
    );
    now.version = version();
    fs::write(folder().join(RELEASED), now.to_string()).unwrap();
}
