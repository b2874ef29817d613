//! `wci explain` for a real instance, now and in the past.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wci_tests::{Group, SOON, SpecFile, World, wait_for};

#[tokio::test]
async fn explain_shows_observations_decisions_launches_and_what_the_instance_waits_for() {
    let mut world = World::new().await;
    let version = world.version("explained");
    version.at_zero().await;
    let before = version.wci("explain", &["-o", "json"]).await.ok().json();
    version.load(2, 10).await.done(SOON).await;
    version.scaled_to_zero().await;
    let output = wait_for("the end of the launch", SOON, async || {
        let output = version.wci("explain", &[]).await.ok().stdout;
        output.contains("subprocess started 1 worker").then_some(output)
    });
    let output = output.await;
    for expected in [
        "explained:v1 in namespace default, run by wci, now (",
        "Since it was created: workers started",
        "Group default (subprocess, ",
        "Last decision, ",
        "It waits for",
        "The watch of the workflow, activity and nexus queues",
        "found no worker",
        "Decided for default to start 1 worker: ",
        "Requested 1 worker for default from subprocess.",
    ] {
        assert!(output.contains(expected), "{expected:?} is missing:\n{output}");
    }
    // The state before the load.
    let at = before["at"].as_str().unwrap();
    let then = version.wci("explain", &["--at", at]).await.ok().stdout;
    assert!(then.contains(&format!("as it was at {at}, ")), "{then}");
    assert!(then.contains("It waited for") && !then.contains("Decided for"), "{then}");
    // The past can be explained without a system worker.
    world.worker().kill();
    let alone = version.wci("explain", &["-o", "json"]).await.ok().json();
    let kinds = |report: &serde_json::Value| {
        let moments = report["moments"].as_array().unwrap().iter();
        moments.filter(|moment| moment["kind"] == "outcome").count()
    };
    assert!(kinds(&alone) > kinds(&before), "{alone:#}");
}

#[tokio::test]
async fn explain_works_for_an_instance_that_has_ended() {
    let world = World::new().await;
    let version = world.version("gone");
    version.apply(&version.greeters()).await.ok();
    version.scaled_to_zero().await;
    let request = serde_json::json!({"identity": "tests"});
    version.update::<serde_json::Value>(wci_contract::names::DELETE, &request).await.unwrap();
    let output = version.wci("explain", &[]).await.ok().stdout;
    assert!(output.contains("It no longer runs."), "{output}");
    assert!(output.contains("The instance completed."), "{output}");
    let never = world.version("never").wci("explain", &[]).await;
    assert_eq!(never.code, Some(1), "{never:?}");
    assert!(never.stderr.contains("never:v1 is not there"), "{never:?}");
}

#[tokio::test]
async fn a_time_that_cannot_be_explained_is_rejected_with_a_reason() {
    let world = World::new().await;
    let version = world.version("timely");
    let spec = SpecFile::of(&version.id).group("default", Group::greeters("timely"));
    version.apply(&spec).await.ok();
    for (at, code, expected) in [
        ("1d", 1, "was not there at"),
        ("2099-01-01T00:00:00Z", 1, "lies ahead"),
        ("yesterday", 2, "give an instant like"),
    ] {
        let output = version.wci("explain", &["--at", at]).await;
        assert_eq!(output.code, Some(code), "{output:?}");
        assert!(output.stderr.contains(expected), "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
    }
}
