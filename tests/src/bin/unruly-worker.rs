//! A worker of the library whose activities use their client.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{process::ExitCode, time::Duration};

use futures::TryStreamExt;
use temporal_serverless_worker::ServerlessWorker;
use temporalio_client::{
    ActivityIdentifier, RpcOptions, WorkflowDescribeOptions, WorkflowExecuteUpdateOptions,
    WorkflowFetchHistoryOptions, WorkflowQueryOptions, WorkflowSignalOptions, WorkflowStartOptions,
};
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::{
    ActivityOptions, SyncWorkflowContext, WorkflowContext, WorkflowContextView, WorkflowResult,
    activities::{ActivityContext, ActivityError},
};

/// The ID of the activity that another one completes.
const COMPLETED_ELSEWHERE: &str = "completed-elsewhere";

/// Waits for a letter.
#[workflow]
#[derive(Default)]
pub struct Mailbox {
    letters: Vec<String>,
    closed: bool,
}

#[workflow_methods]
impl Mailbox {
    #[run(name = "mailbox")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<usize> {
        ctx.wait_condition(|mailbox| mailbox.closed).await?;
        Ok(ctx.state(|mailbox| mailbox.letters.len()))
    }

    #[signal]
    pub fn post(&mut self, _: &mut SyncWorkflowContext<Self>, letter: String) {
        self.letters.push(letter);
    }

    #[query]
    pub fn letters(&self, _: &WorkflowContextView) -> Vec<String> {
        self.letters.clone()
    }

    #[update]
    pub fn close(&mut self, _: &mut SyncWorkflowContext<Self>) -> usize {
        self.closed = true;
        self.letters.len()
    }
}

/// Runs an activity that uses its client, beside one that it completes.
#[workflow]
#[derive(Default)]
pub struct Correspond;

#[workflow_methods]
impl Correspond {
    #[run(name = "correspond")]
    pub async fn run(ctx: &mut WorkflowContext<Self>) -> WorkflowResult<Vec<String>> {
        let timeout = Duration::from_secs(60);
        let open = ActivityOptions::with_start_to_close_timeout(timeout)
            .activity_id(COMPLETED_ELSEWHERE.to_owned())
            .build();
        let open = ctx.execute_activity(Activities::stay_open, (), open);
        let options = ActivityOptions::start_to_close_timeout(timeout);
        let used = ctx.execute_activity(Activities::use_client, (), options);
        let (open, used) = temporalio_workflow::join!(open, used);
        Ok([used?, vec![open?]].concat())
    }
}

pub struct Activities;

#[activities]
impl Activities {
    #[activity(name = "stay-open")]
    async fn stay_open(_: ActivityContext) -> Result<String, ActivityError> {
        Err(ActivityError::WillCompleteAsync)
    }

    /// Starts, signals, queries, updates, describes and reads a workflow, and completes an activity.
    #[activity(name = "use-client")]
    async fn use_client(ctx: ActivityContext) -> Result<Vec<String>, ActivityError> {
        Ok(correspond(&ctx).await?)
    }
}

async fn correspond(ctx: &ActivityContext) -> Result<Vec<String>, anyhow::Error> {
    let client = ctx.client();
    let own = ctx.info().workflow_id.clone().unwrap();
    let open = ActivityIdentifier::by_id_workflow(own, "", COMPLETED_ELSEWHERE);
    // Fails, and is retried, until that activity has started.
    client
        .get_async_activity_handle(open)
        .complete(Some("completed".to_owned()), RpcOptions::default())
        .await?;
    let id = format!("mailbox-{}", ctx.info().attempt);
    let queue = ctx.info().task_queue.clone();
    let options = WorkflowStartOptions::new(queue, &id).build();
    let mailbox = client.start_workflow(Mailbox::run, (), options).await?;
    let letter = "a letter".to_owned();
    mailbox.signal(Mailbox::post, letter, WorkflowSignalOptions::default()).await?;
    let letters = mailbox.query(Mailbox::letters, (), WorkflowQueryOptions::default()).await?;
    let options = WorkflowExecuteUpdateOptions::default();
    let count = mailbox.execute_update(Mailbox::close, (), options).await?;
    let described = mailbox.describe(WorkflowDescribeOptions::default()).await?;
    let options = WorkflowFetchHistoryOptions::builder().build();
    let events = mailbox.fetch_history(options).try_collect::<Vec<_>>().await?;
    let running = client.count_workflows("WorkflowType='mailbox'", Default::default()).await?;
    tracing::info!(count, ?described, events = events.len(), ?running, "corresponded");
    Ok(letters)
}

fn main() -> ExitCode {
    tracing_subscriber::fmt().json().flatten_event(true).with_writer(std::io::stderr).init();
    let result = temporal_serverless_worker::block_on(async {
        let worker = ServerlessWorker::builder("unruly")
            .register_workflow::<Mailbox>()
            .register_workflow::<Correspond>()
            .register_activities(Activities);
        worker.build()?.run().await
    });
    match result.flatten() {
        Ok(report) => {
            tracing::info!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!(%error, "the worker failed");
            ExitCode::FAILURE
        }
    }
}
