//! The operator's maximum of instances for a namespace.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use wci_tests::{SOON, World, wait_for};

async fn running(world: &World) -> usize {
    let listed = world.wci(&["list", "-o", "json"]).await.ok().json();
    listed["instances"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn one_instance_too_many_is_refused_and_leaves_nothing_behind() {
    let world = World::builder().with_lambda().worker_args(&["--max-instances", "2"]).start().await;
    for name in ["one", "two"] {
        let version = world.version(name);
        version.wci("claim", &[]).await.ok();
        version.create_by_cli(name).await.ok();
    }
    wait_for("both to be listed", SOON, async || (running(&world).await == 2).then_some(())).await;
    let third = world.version("three");
    let said = third.apply_with(&third.greeters(), &[]).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    for words in ["has 2 instances", "the operator allows 2", "--max-instances"] {
        assert!(said.stderr.contains(words), "{words:?} is missing: {said:?}");
    }
    assert_eq!(running(&world).await, 2);
    third.wci("claim", &[]).await.ok();
    let said = third.create_by_cli("three").await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stderr.contains("the operator allows 2"), "{said:?}");
    // What is there is not touched, and may change.
    world.version("one").apply_with(&world.version("one").greeters(), &[]).await.ok();
    world.version("two").by_cli("delete-version", &[]).await.ok();
    wait_for("room for another", SOON, async || {
        (third.create_by_cli("three").await.code == Some(0)).then_some(())
    })
    .await;
    let shown: Value = third.described_by_cli().await;
    assert!(shown["computeConfig"].is_object(), "{shown:#}");
}
