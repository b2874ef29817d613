//! Provider failures and rejected specs.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wci_contract::{FailureClass, decision::OwnState};
use wci_tests::{Behaviour, Group, SOON, SpecFile, Version, World, wait_for};

async fn a_version_on_lambda(world: &World, name: &str) -> Version {
    let version = world.version(name);
    world.lambda().runs(name, version.greeter());
    let spec = SpecFile::of(&version.id).group("default", Group::lambda(name));
    version.at_zero_with(&spec).await;
    version
}

#[tokio::test]
async fn launches_back_off_from_a_throttling_provider_and_are_retried() {
    let world = World::builder().with_lambda().start().await;
    let version = a_version_on_lambda(&world, "throttled").await;
    world.lambda().set("throttled", Behaviour::Throttles);
    let before = world.lambda().calls("throttled");
    let load = version.load(4, 10).await;
    let described = wait_for("the back-off in the description", SOON, async || {
        let output = version.wci("describe", &[]).await.ok().stdout;
        output.contains("2 failures in a row").then_some(output)
    });
    let described = described.await;
    for expected in ["throttled", "retries in", "Rate Exceeded", "backing_off"] {
        assert!(described.contains(expected), "{expected:?} is missing:\n{described}");
    }
    let json = version.wci("describe", &["-o", "json"]).await.ok().json();
    assert_eq!(json["groups"][0]["last_failure"]["class"], "throttled", "{json:#}");
    world.lambda().set("throttled", Behaviour::Accepts);
    load.done(SOON).await;
    let calls = world.lambda().calls("throttled") - before;
    assert!(calls <= 8, "{calls} invocations, 4 of them in vain");
    let failures = version.history().await.launches().into_iter().filter_map(|l| l.outcome);
    let failures = failures.filter(|o| o.class == Some(FailureClass::Throttled)).count();
    assert!(failures >= 2, "{failures}");
    let healthy = wait_for("the end of the failures", SOON, async || {
        let state = version.dump().await?;
        state.wci?.last_failures.is_empty().then_some(state.scaling_state)
    });
    assert!(!OwnState::is_in(&healthy.await["default"]));
}

#[tokio::test]
async fn a_launch_that_fails_once_is_retried_without_a_new_task() {
    let world = World::builder().with_lambda().start().await;
    let version = a_version_on_lambda(&world, "hiccup").await;
    world.lambda().set("hiccup", Behaviour::Fails);
    let before = world.lambda().calls("hiccup");
    let load = version.load(1, 10).await;
    wait_for("the failure", SOON, async || (world.lambda().calls("hiccup") > before).then_some(()))
        .await;
    world.lambda().set("hiccup", Behaviour::Accepts);
    load.done(SOON).await;
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn a_rejected_update_leaves_the_previous_spec_in_force() {
    let world = World::new().await;
    let version = world.version("firm");
    version.at_zero().await;
    let before = version.dump().await.unwrap();
    for (group, expected) in [
        (Group::greeters("firm").provider("command", "rm"), "command \"rm\" is not allowed here"),
        (Group::greeters("firm").provider("bogus", 1), "bogus"),
        (Group::greeters("firm").env("LD_PRELOAD", "x"), "LD_PRELOAD"),
        (Group::greeters("firm").scaler("bogus", 1), "unknown config key \"bogus\" for no-sync"),
        (Group::lambda("firm"), "invalid compute provider type 'aws-lambda'"),
    ] {
        let spec = SpecFile::of(&version.id).group("default", group);
        let output = version.apply(&spec).await;
        assert_eq!(output.code, Some(1), "{output:?}");
        assert!(output.stderr.contains(expected), "{output:?}");
        assert_eq!(output.stderr.trim().lines().count(), 1, "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
    }
    let after = version.dump().await.unwrap();
    assert_eq!((after.spec, after.conflict_token), (before.spec, before.conflict_token));
    version.load(1, 10).await.done(SOON).await;
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn a_version_whose_first_spec_is_rejected_leaves_nothing_behind() {
    let world = World::new().await;
    let version = world.version("nothing");
    let group = Group::greeters("nothing").provider("command", "rm");
    let output = version.apply(&SpecFile::of(&version.id).group("default", group)).await;
    assert_eq!(output.code, Some(1), "{output:?}");
    assert!(output.stderr.contains("is not allowed here"), "{output:?}");
    let listed = world.wci(&["list", "-o", "json"]).await.ok().json();
    assert_eq!(listed["instances"], serde_json::json!([]), "{listed}");
    let known = world.temporal(&["worker", "deployment", "list", "-o", "json"]).await.ok();
    assert!(!known.stdout.contains("nothing"), "{}", known.stdout);
}
