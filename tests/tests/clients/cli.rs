//! The Temporal CLI, as it is sold.

use serde_json::Value;
use temporalio_common::protos::temporal::api::enums::v1::EventType;
use wci_tests::{SOON, Said, Version, World, groups_of, wait_for};

const ROLE: [&str; 1] = ["--aws-lambda-skip-role-and-external-id"];

fn arn(function: &str) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:function:{function}")
}

/// `temporal worker deployment <command> --deployment-name … --build-id … <options>`.
async fn deployment(world: &World, command: &str, of: &Version, options: &[&str]) -> Said {
    let names = ["--deployment-name", of.id.deployment(), "--build-id", of.id.build_id()];
    let args = [&["worker", "deployment", command], &names[..], options].concat();
    world.temporal(&args).await
}

/// A version that is claimed, of a deployment that there is.
async fn claimed(world: &World, name: &str) -> Version {
    let version = world.version(name);
    world.temporal(&["worker", "deployment", "create", "--name", name]).await.ok();
    version.wci("claim", &[]).await.ok();
    version
}

/// What `describe-version` shows. For a second after a change the server's own workflow of the
/// version answers one question at a time.
async fn shown(world: &World, version: &Version) -> Value {
    wait_for("the server's answer", SOON, async || {
        let said = deployment(world, "describe-version", version, &["-o", "json"]).await;
        (said.code == Some(0)).then(|| said.json())
    })
    .await
}

/// The function that the server has for the version; the CLI shows no more than the provider.
async fn function(version: &Version) -> String {
    let info = wait_for("the server's answer", SOON, async || version.info().await.ok()).await;
    let groups = serde_json::to_value(groups_of(&info)).unwrap();
    groups["default"]["provider"]["details"]["json"]["arn"].as_str().unwrap().to_owned()
}

fn provider(shown: &Value) -> &Value {
    &shown["computeConfig"]["scalingGroups"]["default"]["provider"]
}

#[tokio::test]
async fn a_version_is_created_shown_changed_and_deleted_with_the_cli_alone() {
    let world = World::builder().with_lambda().start().await;
    let version = claimed(&world, "sold").await;
    let run = version.run_id().await;
    let first = arn("sold:1");
    let options = [&["--aws-lambda-function-arn", &first], &ROLE[..]].concat();
    deployment(&world, "create-version", &version, &options).await.ok();
    let said = deployment(&world, "create-version", &version, &options).await;
    assert_ne!(said.code, Some(0), "a second time: {said:?}");
    let found = shown(&world, &version).await;
    assert_eq!(provider(&found)["type"], "aws-lambda", "{found:#}");
    assert_eq!(function(&version).await, first);

    let second = arn("sold:2");
    let options = [&["--aws-lambda-function-arn", &second], &ROLE[..]].concat();
    deployment(&world, "update-version-compute-config", &version, &options).await.ok();
    assert_eq!(function(&version).await, second);

    let args = ["worker", "deployment", "describe", "--name", "sold", "-o", "json"];
    let described = world.temporal(&args).await.ok().json();
    assert!(described["versionSummaries"].to_string().contains("\"v1\""), "{described:#}");

    deployment(&world, "delete-version", &version, &[]).await.ok();
    let said = deployment(&world, "describe-version", &version, &[]).await;
    assert_ne!(said.code, Some(0), "{said:?}");
    let history = version.history_of(&run).await;
    assert_eq!(history.count(EventType::WorkflowExecutionCompleted), 1);
    assert_eq!(history.failed_tasks(), 0);
}

#[tokio::test]
async fn a_compute_config_is_removed_and_given_again_with_the_cli() {
    let world = World::builder().with_lambda().start().await;
    let version = claimed(&world, "removed").await;
    let (first, second) = (arn("removed:1"), arn("removed:2"));
    let with = |arn| [&["--aws-lambda-function-arn", arn], &ROLE[..]].concat();
    deployment(&world, "create-version", &version, &with(&first)).await.ok();
    let command = "update-version-compute-config";
    deployment(&world, command, &version, &["--remove"]).await.ok();
    assert!(!version.has_instance().await, "it ends with the last group");
    let found = shown(&world, &version).await;
    assert!(!found.to_string().contains("aws-lambda"), "{found:#}");
    version.wci("claim", &[]).await.ok();
    deployment(&world, command, &version, &with(&second)).await.ok();
    assert_eq!(function(&version).await, second);
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn a_provider_that_this_build_cannot_run_is_refused_in_the_words_that_clients_know() {
    let world = World::builder().with_lambda().start().await;
    let cloud_run = [
        "--gcp-cloud-run-project=p",
        "--gcp-cloud-run-region=us-central1",
        "--gcp-cloud-run-worker-pool=pool",
        "--gcp-cloud-run-service-account=sa@p.iam.gserviceaccount.com",
    ];
    let agentcore = [
        "--aws-agentcore-endpoint-arn",
        "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/r/runtime-endpoint/DEFAULT",
        "--aws-agentcore-skip-role-and-external-id",
    ];
    for (name, flags, kind) in
        [("pooled", &cloud_run[..], "gcp-cloud-run"), ("cored", &agentcore[..], "aws-agentcore")]
    {
        let version = claimed(&world, name).await;
        let said = deployment(&world, "create-version", &version, flags).await;
        assert_eq!(said.code, Some(1), "{said:?}");
        let words = format!("entry default: invalid compute provider type '{kind}'");
        assert!(said.stderr.contains(&words), "{said:?}");
    }
}
