//! A version is registered until the server knows its task queues, however the first start ends.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use wci_tests::{Group, SOON, SpecFile, World, flaky_greeter, wait_for};

/// Several attempts, with the waits between them.
const ATTEMPTS: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_worker_whose_first_starts_fail_is_started_again_until_its_task_queues_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let flaky = flaky_greeter(folder.path());
    let allowed = format!("flaky={}", flaky.program.display());
    let world = World::builder().worker_args(&["--allow-command", &allowed]).start().await;
    let version = world.version("flaky");
    let group = Group::command("flaky", "flaky");
    version.apply(&SpecFile::of(&version.id).group("default", group)).await.ok();

    let health = wait_for("the failure to be shown", SOON, async || {
        let text = world.wci(&["describe", &version.id.to_string()]).await.ok().stdout;
        text.lines().find(|line| line.contains("not registered: default")).map(str::to_owned)
    })
    .await;
    assert!(health.contains("the worker exited with code 3: no route to the database"), "{health}");
    assert_eq!(version.queues().await, 0);

    flaky.mend();
    wait_for("the task queues", ATTEMPTS, async || (version.queues().await >= 1).then_some(()))
        .await;
    wait_for("the health", SOON, async || {
        let text = world.wci(&["describe", &version.id.to_string()]).await.ok().stdout;
        (!text.contains("not registered")).then_some(())
    })
    .await;
    version.load(1, 10).await.done(SOON).await;
    assert_eq!(version.history().await.failed_tasks(), 0);
}
