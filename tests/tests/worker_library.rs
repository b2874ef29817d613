//! The worker library as a process, with activities that use everything and obey nothing. The
//! server, its tasks and the worker are real.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::json;
use wci_tests::{Greeter, Process, SOON, Version, World, built, wait_for};

/// A server without a system worker, and a version of the unruly worker that is current on it.
struct Stage {
    world: World,
    version: Version,
    worker: Greeter,
}

impl Stage {
    async fn new(name: &str) -> Self {
        let world = World::builder().workers(0).start().await;
        let version = world.version(name);
        let worker = version.greeter().program(&built("unruly-worker"));
        let stage = Self { world, version, worker };
        let mut first = stage.start("first", &stage.worker.clone().long_lived());
        let set = ["worker", "deployment", "set-current-version", "--deployment-name", name];
        let set = [&set[..], &["--build-id", "v1", "--yes"]].concat();
        wait_for("the version to be known", SOON, async || {
            (stage.world.temporal(&set).await.code == Some(0)).then_some(())
        })
        .await;
        first.terminate();
        assert!(first.exited(SOON).await.success(), "{}", first.log());
        stage
    }

    fn start(&self, name: &str, worker: &Greeter) -> Process {
        worker.start(&self.world.dir().join(format!("{name}.log")))
    }
}

#[tokio::test]
async fn an_activity_can_use_its_client_for_everything() {
    let stage = Stage::new("client").await;
    let worker = stage.start("worker", &stage.worker.clone().long_lived());
    let correspond = stage.version.start("correspond", &json!(null)).await;
    assert_eq!(correspond.result(SOON).await, json!(["a letter", "completed"]));
    assert!(worker.log().contains("corresponded"), "{}", worker.log());
}
