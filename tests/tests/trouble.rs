//! A provider in trouble, and a spec that is refused.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wci_contract::FailureClass;
use wci_tests::{Behaviour, Group, SOON, SpecFile, Version, World, wait_for};

async fn a_version_on_lambda(world: &World, name: &str) -> Version {
    let version = world.version(name);
    world.lambda().runs(name, version.greeter());
    let spec = SpecFile::of(&version.id).group("default", Group::lambda(name));
    version.at_zero_with(&spec).await;
    version
}

#[tokio::test]
async fn a_provider_that_throttles_is_left_alone_for_a_while_and_then_tried_again() {
    let world = World::builder().with_lambda().start().await;
    let version = a_version_on_lambda(&world, "throttled").await;
    world.lambda().set("throttled", Behaviour::Throttles);
    let before = world.lambda().calls("throttled");
    let load = version.load(4, 10).await;
    let described = wait_for("the back-off to show", SOON, async || {
        let said = version.wci("describe", &[]).await.ok().stdout;
        said.contains("2 failures in a row").then_some(said)
    });
    let described = described.await;
    for words in ["throttled", "retries in", "Rate Exceeded", "backing_off"] {
        assert!(described.contains(words), "{words:?} is missing:\n{described}");
    }
    let json = version.wci("describe", &["-o", "json"]).await.ok().json();
    assert_eq!(json["groups"][0]["last_failure"]["class"], "throttled", "{json:#}");
    world.lambda().set("throttled", Behaviour::Accepts);
    load.done(SOON).await;
    let asked = world.lambda().calls("throttled") - before;
    assert!(asked <= 8, "asked {asked} times, 4 of them for nothing");
    let failures = version.history().await.launches().into_iter().filter_map(|l| l.outcome);
    let failures = failures.filter(|o| o.class == Some(FailureClass::Throttled)).count();
    assert!(failures >= 2, "{failures}");
    let healthy = wait_for("the trouble to be over", SOON, async || {
        let state = version.dump().await?;
        state.wci?.last_failures.is_empty().then_some(state.scaling_state)
    });
    assert!(!healthy.await["default"].contains_key("wci"));
}

#[tokio::test]
async fn a_provider_that_fails_once_is_asked_again_without_a_new_task() {
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
async fn a_refused_update_leaves_the_previous_spec_in_force() {
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
        let said = version.apply(&spec).await;
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.stderr.contains(expected), "{said:?}");
        assert_eq!(said.stderr.trim().lines().count(), 1, "{said:?}");
        assert!(said.stdout.is_empty(), "{said:?}");
    }
    let after = version.dump().await.unwrap();
    assert_eq!((after.spec, after.conflict_token), (before.spec, before.conflict_token));
    version.load(1, 10).await.done(SOON).await;
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn a_version_whose_first_spec_is_refused_leaves_nothing_behind() {
    let world = World::new().await;
    let version = world.version("nothing");
    let group = Group::greeters("nothing").provider("command", "rm");
    let said = version.apply(&SpecFile::of(&version.id).group("default", group)).await;
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stderr.contains("is not allowed here"), "{said:?}");
    let listed = world.wci(&["list", "-o", "json"]).await.ok().json();
    assert_eq!(listed["instances"], serde_json::json!([]), "{listed}");
    let known = world.temporal(&["worker", "deployment", "list", "-o", "json"]).await.ok();
    assert!(!known.stdout.contains("nothing"), "{}", known.stdout);
}
