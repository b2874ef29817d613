//! Sets `WCI_SIMULATOR_COMMIT` to the commit of the build, if that is known.

#![allow(
    clippy::disallowed_methods,
    reason = "Cargo passes settings to build scripts in variables"
)]

use std::{env, path::Path, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=WCI_COMMIT");
    if let Some(commit) = commit() {
        println!("cargo::rustc-env=WCI_SIMULATOR_COMMIT={commit}");
    }
}

/// The commit in `WCI_COMMIT`, or, for a release build, that of the working tree. A debug build
/// mostly has uncommitted changes, and would be built again after each commit.
fn commit() -> Option<String> {
    if let Ok(named) = env::var("WCI_COMMIT") {
        return is_commit(&named).then_some(named);
    }
    if env::var("PROFILE").as_deref() != Ok("release") {
        return None;
    }
    let head = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    if Path::new(&head).exists() {
        println!("cargo::rerun-if-changed={head}");
    }
    git(&["rev-parse", "--short=12", "HEAD"]).filter(|commit| is_commit(commit))
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

fn is_commit(text: &str) -> bool {
    (7..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
