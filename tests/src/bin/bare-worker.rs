//! The greeter on the SDK's worker alone, the baseline for the worker library.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{env::var, time::Duration};

use serde::{Deserialize, Serialize};
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, Url};
use temporalio_common::worker::{
    VersioningBehavior, WorkerDeploymentOptions, WorkerDeploymentVersion,
};
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::{
    ActivityOptions, Worker, WorkerOptions, WorkflowContext, WorkflowResult,
    activities::{ActivityContext, ActivityError},
    runtime::{Runtime, RuntimeOptions},
};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Greeting {
    name: String,
    work_ms: u64,
}

#[workflow]
#[derive(Default)]
pub struct Greet;

#[workflow_methods]
impl Greet {
    #[run(name = "greet")]
    pub async fn run(ctx: &mut WorkflowContext<Self>, to: Greeting) -> WorkflowResult<String> {
        let options = ActivityOptions::start_to_close_timeout(Duration::from_secs(60));
        Ok(ctx.execute_activity(Activities::compose_greeting, to, options).await?)
    }
}

pub struct Activities;

#[activities]
impl Activities {
    #[activity(name = "compose-greeting")]
    async fn compose_greeting(_: ActivityContext, to: Greeting) -> Result<String, ActivityError> {
        tokio::time::sleep(Duration::from_millis(to.work_ms)).await;
        Ok(format!("Hello, {}!", to.name))
    }
}

#[tokio::main]
async fn main() {
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    let target = Url::parse(&format!("http://{}", var("TEMPORAL_ADDRESS").unwrap())).unwrap();
    let connection = Connection::connect(ConnectionOptions::new(target).build()).await.unwrap();
    let namespace = var("TEMPORAL_NAMESPACE").unwrap();
    let client = Client::new(connection, ClientOptions::new(namespace).build()).unwrap();
    let version = WorkerDeploymentVersion::builder()
        .deployment_name(var("TEMPORAL_DEPLOYMENT_NAME").unwrap())
        .build_id(var("TEMPORAL_WORKER_BUILD_ID").unwrap())
        .build();
    let deployment = WorkerDeploymentOptions::new(version)
        .use_worker_versioning(true)
        .default_versioning_behavior(VersioningBehavior::AutoUpgrade)
        .build();
    let mut options = WorkerOptions::new(var("TEMPORAL_TASK_QUEUE").unwrap())
        .deployment_options(deployment)
        .build();
    options.register_workflow::<Greet>().unwrap();
    options.register_activities(Activities);
    let runtime = Runtime::from_current_tokio(RuntimeOptions::builder().build().unwrap());
    let mut worker = Worker::new(&runtime.unwrap(), client, options).unwrap();
    let stop = worker.shutdown_handle();
    tokio::spawn(async move {
        terminate.recv().await;
        stop();
    });
    worker.run().await.unwrap();
}
