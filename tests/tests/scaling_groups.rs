//! Scaling groups of one version: each has its own workers, provider and failures.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use wci_tests::{Behaviour, Group, SOON, SpecFile, World, wait_for};

#[tokio::test]
async fn workflows_and_activities_in_separate_groups_are_served_by_separate_workers() {
    let world = World::new().await;
    let version = world.version("halves");
    let role = |role| Group::greeters(&version.queue).env("GREETER_ROLE", role);
    let spec = SpecFile::of(&version.id)
        .group("workflows", role("workflows").types(&["workflow"]))
        .group("activities", role("activities").types(&["activity"]));
    version.at_zero_with(&spec).await;
    version.load(3, 50).await.done(SOON).await;
    let history = version.history().await;
    assert_eq!(history.failed_tasks(), 0);
    for (group, role) in [("workflows", "workflows"), ("activities", "activities")] {
        let launches = history.launches_of(group);
        assert!(!launches.is_empty(), "nothing was launched for {group}");
        for launch in launches {
            let config = launch.requested.compute.config.unwrap().to_map().unwrap();
            assert_eq!(config["env"]["GREETER_ROLE"], role);
        }
    }
}

/// The activities' provider does not respond; a launch takes until the AWS client times out.
#[tokio::test]
async fn a_provider_that_hangs_for_one_group_does_not_delay_another() {
    let world = World::builder().with_lambda().start().await;
    let version = world.version("beside");
    let workflows = Group::greeters(&version.queue).env("GREETER_ROLE", "workflows");
    let spec = SpecFile::of(&version.id)
        .group("workflows", workflows.types(&["workflow"]))
        .group("activities", Group::lambda("activities").types(&["activity"]));
    let activities = version.greeter().env("GREETER_ROLE", "activities");
    world.lambda().runs("activities", activities);
    version.at_zero_with(&spec).await;
    world.lambda().set("activities", Behaviour::Hangs);
    let stuck = version.load(1, 10).await;
    wait_for("a launch that hangs", SOON, async || {
        let launches = version.dump().await?.wci?.launches;
        launches.iter().any(|launch| launch.group == "activities").then_some(())
    })
    .await;
    let began = Instant::now();
    let second = version.load(1, 10).await;
    wait_for("the other group to serve the task", SOON, async || {
        second.has_activity_waiting().await.then_some(())
    })
    .await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(stuck.completed().await, 0);
    world.lambda().set("activities", Behaviour::Accepts);
    stuck.done(SOON).await;
    second.done(SOON).await;
    assert_eq!(version.history().await.failed_tasks(), 0);
}
