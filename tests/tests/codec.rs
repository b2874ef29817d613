//! A namespace whose clients encrypt payloads: an unreadable payload is rejected with its encoding,
//! and nothing gets stuck.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashMap;

use temporalio_client::{
    UntypedUpdate, UntypedWorkflow, WorkflowExecuteUpdateOptions, WorkflowGetResultOptions,
    WorkflowStartOptions, errors::WorkflowUpdateError, tonic::IntoRequest,
};
use temporalio_common::{
    data_converters::RawValue,
    protos::temporal::api::{
        common::v1::Payload,
        compute::v1::{ComputeConfig, ComputeConfigScalingGroup, ComputeProvider},
        deployment::v1::WorkerDeploymentVersion,
        workflowservice::v1::{
            CreateWorkerDeploymentRequest, CreateWorkerDeploymentVersionRequest,
        },
    },
};
use wci_contract::names;
use wci_tests::{SOON, World, wait_for};

const MESSAGE: &str = "encoding binary/encrypted: payload encoding is not supported";

fn encrypted() -> Payload {
    Payload {
        metadata: HashMap::from([("encoding".to_owned(), b"binary/encrypted".to_vec())]),
        data: vec![1, 2, 3],
        ..Default::default()
    }
}

#[tokio::test]
async fn encrypted_updates_and_signals_are_rejected_with_the_encoding_and_tasks_are_still_served() {
    let world = World::new().await;
    let version = world.version("sealed");
    version.at_zero().await;
    for update in [names::UPDATE, names::VALIDATE, names::DELETE, names::RELEASE] {
        let result = version
            .handle()
            .execute_update(
                UntypedUpdate::new(update),
                RawValue::new(vec![encrypted()]),
                WorkflowExecuteUpdateOptions::default(),
            )
            .await;
        let Err(WorkflowUpdateError::Failed(failure)) = result else { panic!("{update}") };
        assert!(failure.message.contains(MESSAGE), "{update}: {}", failure.message);
    }
    version.signal(names::TASK_ADD_SIGNAL, RawValue::new(vec![encrypted()])).await;
    let shown = wait_for("the dropped signal in the description", SOON, async || {
        let shown = version.wci("describe", &[]).await.ok().stdout;
        shown.contains(MESSAGE).then_some(shown)
    });
    shown.await;
    version.load(1, 10).await.done(SOON).await;
    assert_eq!(version.history().await.failed_tasks(), 0);
}

#[tokio::test]
async fn an_instance_started_with_an_encrypted_input_fails_with_the_reason() {
    let world = World::new().await;
    let version = world.version("dark");
    let options =
        WorkflowStartOptions::new(names::DEFAULT_TASK_QUEUE, version.id.workflow_id()).build();
    let workflow = UntypedWorkflow::new(names::INSTANCE_WORKFLOW);
    let input = RawValue::new(vec![encrypted()]);
    let handle = world.client.start_workflow(workflow, input, options).await.unwrap();
    let error = handle.get_result(WorkflowGetResultOptions::default()).await.unwrap_err();
    let message = format!("{error:?}");
    assert!(message.contains(MESSAGE), "{message}");
}

#[tokio::test]
async fn an_encrypted_compute_config_is_rejected_by_the_servers_own_call() {
    let world = World::new().await;
    let version = world.version("cipher");
    version.wci("claim", &[]).await.ok();
    let mut service = world.client.connection().workflow_service();
    let request = CreateWorkerDeploymentRequest {
        namespace: "default".into(),
        deployment_name: "cipher".into(),
        request_id: "one".into(),
        ..Default::default()
    };
    service.create_worker_deployment(request.into_request()).await.unwrap();
    let provider = ComputeProvider {
        r#type: "subprocess".into(),
        details: Some(encrypted()),
        ..Default::default()
    };
    let group = ComputeConfigScalingGroup { provider: Some(provider), ..Default::default() };
    let request = CreateWorkerDeploymentVersionRequest {
        namespace: "default".into(),
        deployment_version: Some(WorkerDeploymentVersion {
            deployment_name: "cipher".into(),
            build_id: "v1".into(),
        }),
        compute_config: Some(ComputeConfig {
            scaling_groups: HashMap::from([("default".to_owned(), group)]),
        }),
        request_id: "two".into(),
        ..Default::default()
    };
    let status = wait_for("a server that is not busy", SOON, async || {
        let response =
            service.create_worker_deployment_version(request.clone().into_request()).await;
        response.err().filter(|status| !status.message().contains("try again later"))
    });
    let status = status.await;
    assert_eq!(status.code(), temporalio_client::tonic::Code::InvalidArgument, "{status:?}");
    assert_eq!(status.message(), format!("default: {MESSAGE}"));
}
