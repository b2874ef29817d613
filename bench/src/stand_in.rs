//! A stand-in for AWS Lambda that accepts everything at once and remembers when.

use std::{
    sync::{Arc, Mutex},
    time::SystemTime,
};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use tokio::net::TcpListener;

/// Invocations: the function's ARN and when it was called.
type Calls = Arc<Mutex<Vec<(String, SystemTime)>>>;

/// The stand-in.
pub(crate) struct StandIn {
    calls: Calls,
    pub(crate) url: String,
}

impl StandIn {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let calls = Calls::default();
        let routes = Router::new()
            .route("/2015-03-31/functions/{arn}/invocations", post(invoke))
            .route("/2015-03-31/functions/{arn}", get(describe))
            .with_state(Arc::clone(&calls));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { calls, url })
    }

    /// When `function` was first called after `since`.
    pub(crate) fn first_call(&self, function: &str, since: SystemTime) -> Option<SystemTime> {
        let calls = self.calls.lock().ok()?;
        let of_function = calls.iter().filter(|(arn, _)| arn.contains(function));
        of_function.map(|(_, at)| *at).filter(|at| *at >= since).min()
    }
}

async fn invoke(State(calls): State<Calls>, Path(arn): Path<String>) -> StatusCode {
    let now = SystemTime::now();
    if let Ok(mut calls) = calls.lock() {
        calls.push((arn, now));
    }
    StatusCode::ACCEPTED
}

async fn describe(Path(arn): Path<String>) -> String {
    format!(r#"{{"Configuration": {{"FunctionArn": "{arn}", "Timeout": 900, "State": "Active"}}}}"#)
}
