//! The worker in examples/python, with the Python SDK.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Output,
};

use crate::tools::tool;

const SCRIPT: &str = "../examples/python/worker.py";
const TESTS: &str = "../examples/python/tests/test_rule.py";

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

/// Runs the tests of the package beside the worker.
pub async fn python_worker_tests() -> Output {
    let sdk = tool("python-sdk").await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(TESTS).canonicalize().unwrap();
    let mut python = tokio::process::Command::new("python3");
    python.arg(script).env("PYTHONPATH", sdk).env("PYTHONDONTWRITEBYTECODE", "1");
    python.output().await.unwrap()
}
