//! The worker in examples/python, with the Python SDK.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use crate::tools::tool;

const SCRIPT: &str = "../examples/python/worker.py";

/// Writes a program to `dir` that runs the worker with its SDK.
pub async fn python_worker(dir: &Path) -> PathBuf {
    let sdk = tool("python-sdk").await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCRIPT).canonicalize().unwrap();
    let program = dir.join("python-worker");
    let text =
        format!("#!/bin/sh\nPYTHONPATH='{}' exec python3 '{}'\n", sdk.display(), script.display());
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program
}
