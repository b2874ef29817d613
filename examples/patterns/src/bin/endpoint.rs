//! A worker behind HTTP, for platforms that require it, such as Cloud Run services and AgentCore
//! Runtime.
//!
//! `GET /ping` reports that the container is healthy. `POST /invocations` with any body runs the
//! worker once and returns its report. SIGTERM stops the current run within its termination grace,
//! and then the program.
//!
//! The program listens on port `PORT` (8080 by default) of the address `HOST` (all addresses by
//! default). `TEMPORAL_SERVERLESS_DEADLINE_MS=300000` gives each run five minutes. The workflow
//! `answer` takes `{"question": "why", "work_ms": 200}`.

#![expect(missing_docs, reason = "the macros make public items of their own")]

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use std::{env, process::ExitCode, thread, time::Duration};
use temporal_serverless_worker::{Error, Report, ServerlessWorker, block_on};
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::{
    ActivityOptions, WorkflowContext, WorkflowResult,
    activities::{ActivityContext, ActivityError},
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

/// The input.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Question {
    question: String,
    work_ms: u64,
}

/// The workflow `answer`.
#[workflow]
#[derive(Default)]
pub struct Answer;

#[workflow_methods]
impl Answer {
    /// Answers the question in an activity.
    #[run(name = "answer")]
    pub async fn run(ctx: &mut WorkflowContext<Self>, input: Question) -> WorkflowResult<String> {
        let options = ActivityOptions::start_to_close_timeout(Duration::from_secs(900));
        Ok(ctx.execute_activity(Activities::think, input, options).await?)
    }
}

/// The activities of this worker.
pub struct Activities;

#[activities]
impl Activities {
    #[activity(name = "think")]
    async fn think(_: ActivityContext, input: Question) -> Result<String, ActivityError> {
        tokio::time::sleep(Duration::from_millis(input.work_ms)).await;
        Ok(format!("{}: because", input.question))
    }
}

/// Runs the worker once, on a thread and a runtime of its own, so that nothing outlasts the run.
async fn invoke(State(worker): State<ServerlessWorker>) -> (StatusCode, String) {
    let (sender, result) = oneshot::channel();
    thread::spawn(move || {
        // The receiver is gone if the client has disconnected.
        let _ = sender.send(block_on(async { worker.run().await }).flatten());
    });
    match result.await {
        Ok(Ok(report)) => (StatusCode::OK, log_and_format(&report)),
        Ok(Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "the worker panicked".to_owned()),
    }
}

fn log_and_format(report: &Report) -> String {
    report.log();
    serde_json::to_string(report).unwrap_or_default()
}

/// Serves HTTP until SIGTERM, and then until the current run has finished.
async fn listen(worker: ServerlessWorker) -> Result<(), Error> {
    let setting = |name: &str, default: &str| env::var(name).unwrap_or_else(|_| default.into());
    let address = format!("{}:{}", setting("HOST", "0.0.0.0"), setting("PORT", "8080"));
    let failed = |error: std::io::Error| Error::Process(format!("cannot serve {address}: {error}"));
    let listener = TcpListener::bind(&address).await.map_err(failed)?;
    let mut sigterm = signal(SignalKind::terminate()).map_err(failed)?;
    let routes = Router::new()
        .route("/ping", get(|| async { r#"{"status":"Healthy"}"# }))
        .route("/invocations", post(invoke))
        .with_state(worker);
    let shutdown = async move {
        sigterm.recv().await;
    };
    axum::serve(listener, routes).with_graceful_shutdown(shutdown).await.map_err(failed)
}

fn main() -> ExitCode {
    let worker = ServerlessWorker::builder("endpoint")
        .register_workflow::<Answer>()
        .register_activities(Activities);
    patterns::run(async { listen(patterns::build(worker)?).await })
}
