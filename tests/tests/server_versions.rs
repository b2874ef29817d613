//! What holds on every release of Temporal Server that works, and that the others are refused.
//! `make test-servers` runs these tests with the servers of several releases.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use wci_tests::{Programs, Server, ServerOptions, SpecFile, World, run};

/// An old server does not cancel the polls of a worker that shuts down: a task that it gives to such a
/// poll is retried after its time-out of half a minute.
const DONE_WITHIN: Duration = Duration::from_secs(180);

#[tokio::test]
async fn a_version_scales_from_zero_and_back_on_any_server() {
    let world = World::new().await;
    let version = world.version("anywhere");
    version.at_zero().await;
    version.load(3, 10).await.done(DONE_WITHIN).await;
    version.scaled_to_zero().await;
    let history = version.history().await;
    assert_eq!(history.failed_tasks(), 0);
    assert!(history.workers_started() >= 1);
    version.wci("describe", &[]).await.ok();
    version.wci("explain", &[]).await.ok();
}

/// Needs a server of an old release: `tools/test-servers 1.5.1`.
#[tokio::test]
#[ignore = "needs an old server"]
async fn a_server_that_is_too_old_is_refused() {
    let programs = Programs::find();
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&programs, &ServerOptions::default(), dir.path()).await;
    let id = wci_contract::VersionId::new("old", "v1").unwrap();
    let group = wci_tests::Group::greeters("old");
    let file = dir.path().join("spec.yaml");
    std::fs::write(&file, SpecFile::of(&id).group("default", group).text()).unwrap();
    let file = file.display().to_string();
    let address = ["--address", &server.address];
    for command in [&["worker"][..], &["claim", "old:v1"], &["apply", "-f", &file]] {
        let output = run(&programs.wci, command.iter().chain(&address)).await;
        assert_eq!(output.code, Some(1), "{output:?}");
        for expected in ["this Temporal server is version 1.29", "1.30 or later"] {
            assert!(output.stderr.contains(expected), "{command:?}: {output:?}");
        }
    }
}
