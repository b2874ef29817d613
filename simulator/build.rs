//! Tells the crate which commit it is built from, where there is one to tell.

#![allow(clippy::disallowed_methods, reason = "cargo tells build scripts by variables")]

use std::{env, path::Path, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=WCI_COMMIT");
    if let Some(commit) = commit() {
        println!("cargo::rustc-env=WCI_SIMULATOR_COMMIT={commit}");
    }
}

/// The commit that the caller names, else, for a release build, the one that git knows of. A
/// debug build mostly has changes that no commit holds, and would be built anew after each.
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
