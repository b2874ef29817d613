//! The operator's limit of instances for a namespace.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use wci_tests::{SOON, World, wait_for};

async fn running(world: &World) -> usize {
    let listed = world.wci(&["list", "-o", "json"]).await.ok().json();
    listed["instances"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn an_instance_over_the_limit_is_rejected_and_leaves_nothing_behind() {
    let world = World::builder().with_lambda().worker_args(&["--max-instances", "2"]).start().await;
    for name in ["one", "two"] {
        let version = world.version(name);
        version.wci("claim", &[]).await.ok();
        version.create_by_cli(name).await.ok();
    }
    wait_for("both to be listed", SOON, async || (running(&world).await == 2).then_some(())).await;
    let third = world.version("three");
    let output = third.apply_with(&third.greeters(), &[]).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    for expected in ["has 2 instances", "the operator allows 2", "--max-instances"] {
        assert!(output.stderr.contains(expected), "{expected:?} is missing: {output:?}");
    }
    assert_eq!(running(&world).await, 2);
    third.wci("claim", &[]).await.ok();
    let output = third.create_by_cli("three").await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("the operator allows 2"), "{output:?}");
    // Existing instances are not affected, and may change.
    world.version("one").apply_with(&world.version("one").greeters(), &[]).await.ok();
    world.version("two").by_cli("delete-version", &[]).await.ok();
    wait_for("a free instance", SOON, async || {
        (third.create_by_cli("three").await.code == Some(0)).then_some(())
    })
    .await;
    let shown: Value = third.described_by_cli().await;
    assert!(shown["computeConfig"].is_object(), "{shown:#}");
}
