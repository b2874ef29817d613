//! A working compute config is checked again, and the result is reported to the server.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use temporalio_client::tonic::IntoRequest;
use temporalio_common::protos::temporal::api::{
    deployment::v1::compute_status::ProviderValidationStatus,
    workflowservice::v1::DescribeWorkerDeploymentRequest,
};
use wci_cli::replay::{Recording, replay, this_build};
use wci_contract::{FailureClass, decision::OwnState};
use wci_tests::{Behaviour, Group, KEY_IN_ERROR, SOON, SpecFile, Version, World, wait_for};

/// Longer than the minimum interval between two checks.
const NEXT_CHECK: Duration = Duration::from_secs(120);

async fn a_version_on_lambda(world: &World, name: &str) -> Version {
    let version = world.version(name);
    world.lambda().runs(name, version.greeter());
    let spec = SpecFile::of(&version.id).group("default", Group::lambda(name));
    version.at_zero_with(&spec).await;
    version
}

/// The latest check, as the server shows it.
async fn shown(world: &World, version: &Version) -> Option<ProviderValidationStatus> {
    let request = DescribeWorkerDeploymentRequest {
        namespace: "default".into(),
        deployment_name: version.id.deployment().into(),
    };
    let mut service = world.client.connection().workflow_service();
    let response = service.describe_worker_deployment(request.into_request()).await.ok()?;
    let info = response.into_inner().worker_deployment_info?;
    info.version_summaries.into_iter().next()?.compute_status?.provider_validation
}

async fn status(version: &Version) -> Option<String> {
    Some(version.dump().await?.validation_state?.status)
}

#[tokio::test]
async fn a_permanent_launch_failure_triggers_a_check_and_the_server_shows_its_result() {
    let world = World::builder().with_lambda().start().await;
    let version = a_version_on_lambda(&world, "deleted").await;
    let first = wait_for("the result of the first check", SOON, async || {
        shown(&world, &version).await.filter(|status| status.last_check_time.is_some())
    });
    assert_eq!(first.await.error_message, "");
    world.lambda().set("deleted", Behaviour::Gone);
    let load = version.load(1, 10).await;
    wait_for("the check to fail", NEXT_CHECK, async || {
        (status(&version).await? == "failed").then_some(())
    })
    .await;
    wait_for("the result on the server", SOON, async || {
        shown(&world, &version).await?.error_message.contains("Function not found").then_some(())
    })
    .await;
    let described = version.wci("describe", &[]).await.ok().stdout;
    assert!(described.contains("failed"), "{described}");
    world.lambda().set("deleted", Behaviour::Accepts);
    load.done(Duration::from_secs(180)).await;
    wait_for("the check to succeed again", NEXT_CHECK, async || {
        shown(&world, &version).await?.error_message.is_empty().then_some(())
    })
    .await;
    let history = version.history().await;
    assert_eq!(history.failed_tasks(), 0);
    let recording =
        Recording::new(temporalio_common::protos::temporal::api::history::v1::History {
            events: history.into_events(),
        });
    replay(&recording.unwrap(), this_build).await.unwrap();
}

#[tokio::test]
async fn launches_with_a_role_that_lost_its_permission_back_off_and_the_server_shows_the_reason() {
    let mut world = World::builder().with_lambda().start().await;
    let version = a_version_on_lambda(&world, "denied").await;
    world.lambda().set("denied", Behaviour::Denies);
    let load = version.load(5, 10).await;
    let error = wait_for("the result on the server", NEXT_CHECK, async || {
        let message = shown(&world, &version).await?.error_message;
        message.contains("AccessDeniedException").then_some(message)
    });
    let error = error.await;
    assert_eq!(status(&version).await.unwrap(), "failed");
    // The number of consecutive failures, and the back-off after the latest.
    let backoff = async || {
        let state = version.dump().await?;
        let own = OwnState::read(&state.scaling_state["default"]);
        let backoff = own.backoff()?;
        assert_eq!(backoff.class, FailureClass::AccessDenied);
        let failed_ms = state.wci?.last_failures.get("default")?.at_ms;
        let waits = backoff.failures >= 2 && !backoff.probing;
        waits.then_some((backoff.failures, backoff.until_ms - failed_ms))
    };
    let (failures, wait_ms) = wait_for("the second failure", SOON, backoff).await;
    // Five seconds at first, then doubled each time; plus or minus a fifth.
    let nominal_ms = (5_000 << (failures - 1)).min(300_000);
    assert!((nominal_ms * 8 / 10..=nominal_ms * 13 / 10).contains(&wait_ms), "{wait_ms}");
    let plan = version.dump().await.unwrap().wci.unwrap().check.unwrap();
    assert!(plan.due_ms - plan.checked_ms >= 60_000, "{plan:?}");
    let described = version.wci("describe", &[]).await.ok().stdout;
    assert!(described.contains("access-denied"), "{described}");
    let state = serde_json::to_string(&version.dump().await.unwrap()).unwrap();
    let metrics = world.worker().metrics().await;
    let denied = ["class=\"access-denied\"", "provider=\"aws-lambda\""];
    assert!(metrics.sum("wci_launches_total", &denied).unwrap() >= 1.0, "{}", metrics.text());
    let id = version.id.workflow_id();
    let history = world.temporal(&["workflow", "show", "-w", &id, "-o", "json"]).await.ok().stdout;
    for text in [error, described, state, history, world.worker().log(), metrics.text().to_owned()]
    {
        assert!(!text.contains(KEY_IN_ERROR), "{text}");
    }
    world.lambda().set("denied", Behaviour::Accepts);
    load.done(Duration::from_secs(180)).await;
}

#[tokio::test]
async fn a_transient_provider_failure_does_not_fail_a_check_and_is_shown() {
    let world =
        World::builder().with_lambda().worker_args(&["--validation-interval", "1m"]).start().await;
    let version = a_version_on_lambda(&world, "shaky").await;
    world.lambda().set("shaky", Behaviour::Fails);
    let before = world.lambda().get_function_calls("shaky");
    // The AWS client retries, and so does the activity: wait until all retries are over.
    wait_for("a check", NEXT_CHECK, async || {
        (world.lambda().get_function_calls("shaky") > before).then_some(())
    })
    .await;
    let due = wait_for("the plan of the next check", SOON, async || {
        let state = version.dump().await?;
        assert_eq!(state.validation_state?.status, "success");
        let plan = state.wci?.check?;
        (plan.checked_ms + 60_000 == plan.due_ms
            && world.lambda().get_function_calls("shaky") >= before + 3)
            .then_some(plan.due_ms)
    });
    assert!(due.await > 0);
    let described = version.wci("describe", &[]).await.ok().stdout;
    for expected in ["not validated since: default: ", "could not be validated again"] {
        assert!(described.contains(expected), "{expected:?} is missing: {described}");
    }
    assert_eq!(status(&version).await.unwrap(), "success");
}
