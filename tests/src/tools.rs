//! Pinned tools from PyPI, which scripts of this project fetch.

use std::path::{Path, PathBuf};

/// The path that `tools/<name>` prints; the script fetches the tool if it is missing.
pub(crate) async fn tool(name: &str) -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools").join(name);
    let output = tokio::process::Command::new(script).output().await.unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "no {name}: {stderr}");
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}
