//! The unmodified Temporal CLI.

use serde_json::Value;
use temporalio_common::protos::temporal::api::{
    enums::v1::EventType, history::v1::history_event::Attributes,
};
use wci_tests::{CommandOutput, SOON, Version, World, groups_of, wait_for};

const ROLE: [&str; 1] = ["--aws-lambda-skip-role-and-external-id"];

fn arn(function: &str) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:function:{function}")
}

/// `temporal worker deployment <command> --deployment-name … --build-id … <options>`.
async fn deployment(world: &World, command: &str, of: &Version, options: &[&str]) -> CommandOutput {
    let names = ["--deployment-name", of.id.deployment(), "--build-id", of.id.build_id()];
    let args = [&["worker", "deployment", command], &names[..], options].concat();
    world.temporal(&args).await
}

/// A claimed version of an existing deployment.
async fn claimed(world: &World, name: &str) -> Version {
    let version = world.version(name);
    world.temporal(&["worker", "deployment", "create", "--name", name]).await.ok();
    version.wci("claim", &[]).await.ok();
    version
}

/// The output of `describe-version`. For a second after a change, the server's own workflow of the
/// version answers one query at a time.
async fn shown(world: &World, version: &Version) -> Value {
    wait_for("the response of the server", SOON, async || {
        let output = deployment(world, "describe-version", version, &["-o", "json"]).await;
        (output.code == Some(0)).then(|| output.json())
    })
    .await
}

/// The function in the server's compute config; the CLI shows only the provider.
async fn function(version: &Version) -> String {
    let info =
        wait_for("the response of the server", SOON, async || version.info().await.ok()).await;
    let groups = serde_json::to_value(groups_of(&info)).unwrap();
    groups["default"]["provider"]["details"]["json"]["arn"].as_str().unwrap().to_owned()
}

fn provider(shown: &Value) -> &Value {
    &shown["computeConfig"]["scalingGroups"]["default"]["provider"]
}

#[tokio::test]
async fn a_version_is_created_described_changed_and_deleted_with_the_cli_alone() {
    let world = World::builder().with_lambda().start().await;
    let version = claimed(&world, "stock").await;
    let run = version.run_id().await;
    let first = arn("stock:1");
    let options = [&["--aws-lambda-function-arn", &first], &ROLE[..]].concat();
    deployment(&world, "create-version", &version, &options).await.ok();
    let output = deployment(&world, "create-version", &version, &options).await;
    assert_ne!(output.code, Some(0), "a second time: {output:?}");
    let found = shown(&world, &version).await;
    assert_eq!(provider(&found)["type"], "aws-lambda", "{found:#}");
    assert_eq!(function(&version).await, first);

    let second = arn("stock:2");
    let options = [&["--aws-lambda-function-arn", &second], &ROLE[..]].concat();
    deployment(&world, "update-version-compute-config", &version, &options).await.ok();
    assert_eq!(function(&version).await, second);

    let args = ["worker", "deployment", "describe", "--name", "stock", "-o", "json"];
    let described = world.temporal(&args).await.ok().json();
    assert!(described["versionSummaries"].to_string().contains("\"v1\""), "{described:#}");

    deployment(&world, "delete-version", &version, &[]).await.ok();
    let output = deployment(&world, "describe-version", &version, &[]).await;
    assert_ne!(output.code, Some(0), "{output:?}");
    let history = version.history_of(&run).await;
    assert_eq!(history.count(EventType::WorkflowExecutionCompleted), 1);
    assert_eq!(history.failed_tasks(), 0);
}

#[tokio::test]
async fn a_compute_config_is_removed_and_set_again_with_the_cli_alone() {
    let world = World::builder().with_lambda().start().await;
    let version = claimed(&world, "removed").await;
    let (first, second) = (arn("removed:1"), arn("removed:2"));
    let with = |arn| [&["--aws-lambda-function-arn", arn], &ROLE[..]].concat();
    deployment(&world, "create-version", &version, &with(&first)).await.ok();
    let run = version.run_id().await;
    let command = "update-version-compute-config";
    for again in [&second, &first] {
        deployment(&world, command, &version, &["--remove"]).await.ok();
        let found = shown(&world, &version).await;
        assert!(!found.to_string().contains("aws-lambda"), "{found:#}");
        let described = version.wci("describe", &[]).await.ok().stdout;
        assert!(described.contains("no compute config yet"), "{described}");
        assert!(waits_ten_minutes(&version).await, "it waits for another group");
        deployment(&world, command, &version, &with(again)).await.ok();
        assert_eq!(&function(&version).await, again);
        assert_eq!(version.run_id().await, run, "the built-in controller started an instance");
    }
    // An instance without a group ends with its version.
    deployment(&world, command, &version, &["--remove"]).await.ok();
    deployment(&world, "delete-version", &version, &[]).await.ok();
    let history = version.history_of(&run).await;
    assert_eq!(history.count(EventType::WorkflowExecutionCompleted), 1);
    assert_eq!(history.failed_tasks(), 0);
}

/// Whether the latest timer is that of an instance without a compute config.
async fn waits_ten_minutes(version: &Version) -> bool {
    let events = version.history().await.into_events().into_iter().rev();
    let latest = events.filter_map(|event| event.attributes).find_map(|attributes| {
        let Attributes::TimerStartedEventAttributes(timer) = attributes else { return None };
        timer.start_to_fire_timeout
    });
    latest.is_some_and(|time| time.seconds >= 599)
}

#[tokio::test]
async fn tasks_that_arrive_while_there_is_no_group_are_served_by_the_next_one() {
    let world = World::builder().with_lambda().start().await;
    let version = claimed(&world, "between").await;
    world.lambda().runs("between", version.greeter());
    let (first, second) = (arn("between:1"), arn("between:2"));
    let with = |arn| [&["--aws-lambda-function-arn", arn], &ROLE[..]].concat();
    deployment(&world, "create-version", &version, &with(&first)).await.ok();
    wait_for("the version's queues", SOON, async || (version.queues().await >= 2).then_some(()))
        .await;
    deployment(&world, "set-current-version", &version, &["--yes"]).await.ok();
    let command = "update-version-compute-config";
    deployment(&world, command, &version, &["--remove"]).await.ok();
    version.scaled_to_zero().await;
    let before = world.lambda().calls("between");
    let load = version.load(2, 10).await;
    wait_for("a signal about the tasks", SOON, async || {
        (!version.dump().await?.pending_task_add_signals.is_empty()).then_some(())
    })
    .await;
    assert_eq!(world.lambda().calls("between"), before, "nothing is started without a group");
    deployment(&world, command, &version, &with(&second)).await.ok();
    load.done(SOON).await;
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn a_provider_that_this_build_does_not_have_is_rejected_with_the_message_that_clients_know() {
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
        let output = deployment(&world, "create-version", &version, flags).await;
        assert_eq!(output.code, Some(1), "{output:?}");
        let expected = format!("entry default: invalid compute provider type '{kind}'");
        assert!(output.stderr.contains(&expected), "{output:?}");
    }
}
