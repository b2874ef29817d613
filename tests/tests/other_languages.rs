//! Workers of other SDKs: nothing depends on the worker library of this project.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wci_tests::{Group, SOON, SpecFile, World, python_worker};

#[tokio::test]
async fn a_python_worker_is_started_completes_the_tasks_and_exits() {
    let dir = tempfile::tempdir().unwrap();
    let command = format!("python={}", python_worker(dir.path()).await.display());
    let world = World::builder().worker_args(&["--allow-command", &command]).start().await;
    let version = world.version("python");
    let group = Group::command("python", &version.queue);
    version.at_zero_with(&SpecFile::of(&version.id).group("default", group)).await;
    let load = version.load(5, 100).await;
    load.done(SOON).await;
    version.scaled_to_zero().await;
    assert_eq!(load.history(0).await.versions(), ["python.v1"]);
    let history = version.history().await;
    assert_eq!(history.failed_tasks(), 0);
    assert!((1..=5).contains(&history.workers_started()), "{:#?}", history.launches());
}
