//! A change of what this crate offers moves its version, as semantic versioning has it: what is
//! taken away or altered breaks programs, what is added does not.
//!
//! `released.txt` beside this file lists what the latest release offers. It is written by
//! `make semver-release`, once for each release and never for a version that has one.

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

/// What comes of replacing `old` in a file of the crate as it was released.
fn after(file: &str, old: &str, new: &str) -> (Change, String) {
    static BEFORE: LazyLock<Listing> = LazyLock::new(present);
    let mut sources = Sources::of_crate(folder());
    sources.replace(file, old, new);
    let change = Change::between(&BEFORE, &Listing::of(&sources));
    let version = Version::read("0.1.0").unwrap();
    (change.clone(), lowest(version, &change).to_string())
}

#[test]
fn the_version_moves_with_what_the_crate_offers() {
    let (released, present) = (released(), present());
    let change = Change::between(&released, &present);
    let lowest = lowest(released.version, &change);
    assert!(
        version() >= lowest,
        "{change}this calls for version {lowest} of temporal-serverless-worker, which is {}: raise \
         it, and say in the changelog what changes for programs that use it",
        version()
    );
}

#[test]
fn what_is_taken_away_or_altered_calls_for_a_new_minor_version_before_1_0() {
    for (file, old, new) in [
        // A method that goes, is hidden, is renamed, takes or returns something else.
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
        // A field that goes or comes where literals name them all, or that changes its type.
        ("tuning.rs", "pub local_activity: usize,", ""),
        (
            "tuning.rs",
            "pub local_activity: usize,",
            "pub local_activity: usize,\n    pub queries: usize,",
        ),
        ("tuning.rs", "pub idle_timeout: Option<Duration>", "pub idle_timeout: Duration"),
        // A variant that goes, or has another field.
        ("error.rs", "    NothingRegistered,\n", ""),
        ("error.rs", "Tuning(String)", "Tuning(String, u64)"),
        // A trait that goes, an enumeration that closes or opens, a variable that is renamed.
        (
            "tuning.rs",
            "#[derive(Clone, Copy, Debug, Eq, PartialEq)]\npub struct Slots",
            "#[derive(Clone)]\npub struct Slots",
        ),
        ("report.rs", "impl fmt::Display for LeaveReason", "impl fmt::LowerHex for LeaveReason"),
        ("error.rs", "#[non_exhaustive]\npub enum Error ", "pub enum Error "),
        ("variables.rs", "\"TEMPORAL_TASK_QUEUE\"", "\"TASK_QUEUE\""),
        // What is no longer exported, only with a feature, or the feature itself.
        ("lib.rs", "pub use hooks::HookOutcome;", ""),
        ("lib.rs", "pub mod variables;", "#[cfg(feature = \"otel\")]\npub mod variables;"),
        ("Cargo.toml", "lambda = [", "aws-lambda = ["),
        // Types of other crates that stand in this one's.
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
fn what_is_added_calls_for_a_new_patch_version_before_1_0() {
    for (file, old, new) in [
        (
            "builder.rs",
            "    /// The build ID within",
            "    pub fn more(self) -> Self {\n        self\n    }\n    /// The build ID within",
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
fn what_nobody_sees_calls_for_no_version() {
    for (file, old, new) in [
        ("builder.rs", "/// The build ID within", "/// The ID of the build within"),
        ("builder.rs", "identity: impl Into<String>", "who: impl Into<String>"),
        ("worker.rs", "pub(crate) settings: Settings,", "pub(crate) chosen: Settings,"),
        ("drain.rs", "pub(crate) struct DrainPlan", "pub(crate) struct Plan"),
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
#[ignore = "writes down what a release offers"]
fn a_release_is_written_down() {
    let (before, mut now) = (released(), present());
    assert!(
        version() > before.version,
        "{RELEASED} has the release {} already: raise the version of the crate before {RELEASE}",
        before.version
    );
    now.version = version();
    fs::write(folder().join(RELEASED), now.to_string()).unwrap();
}
