//! The program under test.

use std::path::PathBuf;

/// The program `wci` of the profile that the test was built with.
///
/// # Panics
/// Cargo builds no programs of other packages for a test: it must have been built before.
pub fn wci_bin() -> PathBuf {
    let test = std::env::current_exe().expect("the path of the test");
    // Tests are in target/<profile>/deps.
    let profile = test.ancestors().nth(2).expect("the folder of the profile");
    let bin = profile.join("wci");
    assert!(bin.is_file(), "{} is missing: cargo build -p wci", bin.display());
    bin
}
