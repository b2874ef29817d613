//! What `wci explain` tells of a real instance, now and of the past.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use wci_tests::{Group, SOON, SpecFile, World, wait_for};

#[tokio::test]
async fn explain_tells_what_was_seen_decided_and_done_and_what_is_waited_for() {
    let mut world = World::new().await;
    let version = world.version("told");
    version.at_zero().await;
    let before = version.wci("explain", &["-o", "json"]).await.ok().json();
    version.load(2, 10).await.done(SOON).await;
    version.left_alone().await;
    let said = wait_for("the launch to be over", SOON, async || {
        let said = version.wci("explain", &[]).await.ok().stdout;
        said.contains("subprocess started 1 worker").then_some(said)
    });
    let said = said.await;
    for words in [
        "told:v1 in namespace default, run by wci, now (",
        "Since it was created: workers started",
        "Group default (subprocess, ",
        "Last decision, ",
        "It waits for",
        "The watch of the workflow, activity and nexus queues",
        "found no worker",
        "Decided for default to start 1 worker: ",
        "Requested 1 worker for default from subprocess.",
    ] {
        assert!(said.contains(words), "{words:?} is missing:\n{said}");
    }
    // Before the load, as it was then.
    let at = before["at"].as_str().unwrap();
    let then = version.wci("explain", &["--at", at]).await.ok().stdout;
    assert!(then.contains(&format!("as it was at {at}, ")), "{then}");
    assert!(then.contains("It waited for") && !then.contains("found no worker"), "{then}");
    // Without a system worker the past can be told all the same.
    world.worker().kill();
    let alone = version.wci("explain", &["-o", "json"]).await.ok().json();
    let kinds = |report: &serde_json::Value| {
        let moments = report["moments"].as_array().unwrap().iter();
        moments.filter(|moment| moment["kind"] == "outcome").count()
    };
    assert!(kinds(&alone) > kinds(&before), "{alone:#}");
}

#[tokio::test]
async fn explain_tells_of_an_instance_that_is_gone() {
    let world = World::new().await;
    let version = world.version("gone");
    version.apply(&version.greeters()).await.ok();
    version.left_alone().await;
    let request = serde_json::json!({"identity": "tests"});
    version.update::<serde_json::Value>(wci_contract::names::DELETE, &request).await.unwrap();
    let said = version.wci("explain", &[]).await.ok().stdout;
    assert!(said.contains("It no longer runs."), "{said}");
    assert!(said.contains("The instance completed."), "{said}");
    let never = world.version("never").wci("explain", &[]).await;
    assert_eq!(never.code, Some(1), "{never:?}");
    assert!(never.stderr.contains("never:v1 is not there"), "{never:?}");
}

#[tokio::test]
async fn a_time_that_cannot_be_told_of_is_refused_with_a_reason() {
    let world = World::new().await;
    let version = world.version("timely");
    let spec = SpecFile::of(&version.id).group("default", Group::greeters("timely"));
    version.apply(&spec).await.ok();
    for (at, code, expected) in [
        ("1d", 1, "was not there at"),
        ("2099-01-01T00:00:00Z", 1, "lies ahead"),
        ("yesterday", 2, "give an instant like"),
    ] {
        let said = version.wci("explain", &["--at", at]).await;
        assert_eq!(said.code, Some(code), "{said:?}");
        assert!(said.stderr.contains(expected), "{said:?}");
        assert!(said.stdout.is_empty(), "{said:?}");
    }
}
