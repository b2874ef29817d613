//! Groups of one version: each has its own workers, its own provider and its own troubles.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use wci_tests::{Behaviour, Group, SOON, SpecFile, World, wait_for};

#[tokio::test]
async fn workflows_and_activities_in_groups_of_their_own_are_each_served_by_their_own() {
    let world = World::new().await;
    let version = world.version("halves");
    let role = |role| Group::greeters(&version.queue).env("GREETER_ROLE", role);
    let spec = SpecFile::of(&version.id)
        .group("brains", role("workflows").types(&["workflow"]))
        .group("hands", role("activities").types(&["activity"]));
    version.at_zero_with(&spec).await;
    version.load(3, 50).await.done(SOON).await;
    let history = version.history().await;
    assert_eq!(history.failed_tasks(), 0);
    for (group, role) in [("brains", "workflows"), ("hands", "activities")] {
        let launches = history.launches_of(group);
        assert!(!launches.is_empty(), "nothing was launched for {group}");
        for launch in launches {
            let config = launch.requested.compute.config.unwrap().to_map().unwrap();
            assert_eq!(config["env"]["GREETER_ROLE"], role);
        }
    }
}

/// The activities' provider does not answer; a launch there takes until the AWS client gives up.
#[tokio::test]
async fn a_provider_that_hangs_for_one_group_does_not_hold_up_another() {
    let world = World::builder().with_lambda().start().await;
    let version = world.version("beside");
    let brains = Group::greeters(&version.queue).env("GREETER_ROLE", "workflows");
    let spec = SpecFile::of(&version.id)
        .group("brains", brains.types(&["workflow"]))
        .group("hands", Group::lambda("hands").types(&["activity"]));
    let hands = version.greeter().env("GREETER_ROLE", "activities");
    world.lambda().runs("hands", hands);
    version.at_zero_with(&spec).await;
    world.lambda().set("hands", Behaviour::Hangs);
    let stuck = version.load(1, 10).await;
    wait_for("a launch that hangs", SOON, async || {
        let launches = version.dump().await?.wci?.launches;
        launches.iter().any(|launch| launch.group == "hands").then_some(())
    })
    .await;
    let began = Instant::now();
    let second = version.load(1, 10).await;
    wait_for("the other group to serve", SOON, async || {
        second.has_activity_waiting().await.then_some(())
    })
    .await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(stuck.completed().await, 0);
    world.lambda().set("hands", Behaviour::Accepts);
    stuck.done(SOON).await;
    second.done(SOON).await;
    assert_eq!(version.history().await.failed_tasks(), 0);
}
