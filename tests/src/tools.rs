//! Tools from PyPI, pinned, that scripts of this project fetch into a folder of their own.

use std::path::{Path, PathBuf};

/// What `tools/<name>` prints; it fetches the tool if it is not there.
pub(crate) async fn tool(name: &str) -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools").join(name);
    let output = tokio::process::Command::new(script).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "no {name}: {said}");
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}
