//! A worker where the platform wants HTTP answered, as Cloud Run services and AgentCore's runtime
//! do: `GET /ping` says that the container is well, and `POST /invocations`, whatever its body, is
//! a life, answered with its report when it is over. SIGTERM ends the life that goes on within its
//! grace, and then the program.
//!
//! It listens on `PORT`, 8080 unless it is set, at the address `HOST`, all of them unless it is
//! set; `TEMPORAL_SERVERLESS_DEADLINE_MS=300000` gives each
//! life five minutes. The workflow `answer` takes `{"question": "why", "work_ms": 200}`.

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

/// What is asked.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Question {
    question: String,
    work_ms: u64,
}

/// The workflow.
#[workflow]
#[derive(Default)]
pub struct Answer;

#[workflow_methods]
impl Answer {
    /// Has the question answered.
    #[run(name = "answer")]
    pub async fn run(ctx: &mut WorkflowContext<Self>, it: Question) -> WorkflowResult<String> {
        let options = ActivityOptions::start_to_close_timeout(Duration::from_secs(900));
        Ok(ctx.execute_activity(Activities::think, it, options).await?)
    }
}

/// The activities of this worker.
pub struct Activities;

#[activities]
impl Activities {
    #[activity(name = "think")]
    async fn think(_: ActivityContext, it: Question) -> Result<String, ActivityError> {
        tokio::time::sleep(Duration::from_millis(it.work_ms)).await;
        Ok(format!("{}: because", it.question))
    }
}

/// A life has a thread and a runtime of its own, so nothing of it stays when it is over.
async fn live(State(worker): State<ServerlessWorker>) -> (StatusCode, String) {
    let (end, ended) = oneshot::channel();
    thread::spawn(move || {
        // Nobody listens any more when the one who asked has gone.
        let _ = end.send(block_on(async { worker.run().await }).flatten());
    });
    match ended.await {
        Ok(Ok(report)) => (StatusCode::OK, told(&report)),
        Ok(Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "the worker panicked".to_owned()),
    }
}

fn told(report: &Report) -> String {
    report.log();
    serde_json::to_string(report).unwrap_or_default()
}

/// Answers until SIGTERM, and then until the life that goes on is over.
async fn listen(worker: ServerlessWorker) -> Result<(), Error> {
    let given = |name: &str, otherwise: &str| env::var(name).unwrap_or_else(|_| otherwise.into());
    let address = format!("{}:{}", given("HOST", "0.0.0.0"), given("PORT", "8080"));
    let troubled = |error: std::io::Error| Error::Process(format!("{address}: {error}"));
    let listener = TcpListener::bind(&address).await.map_err(troubled)?;
    let mut told = signal(SignalKind::terminate()).map_err(troubled)?;
    let routes = Router::new()
        .route("/ping", get(|| async { r#"{"status":"Healthy"}"# }))
        .route("/invocations", post(live))
        .with_state(worker);
    let end = async move {
        told.recv().await;
    };
    axum::serve(listener, routes).with_graceful_shutdown(end).await.map_err(troubled)
}

fn main() -> ExitCode {
    let worker = ServerlessWorker::builder("endpoint")
        .register_workflow::<Answer>()
        .register_activities(Activities);
    patterns::run(async { listen(patterns::ready(worker)?).await })
}
