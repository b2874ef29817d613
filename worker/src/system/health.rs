//! `/healthz`, `/readyz` and `/metrics`, for those who look after the process.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::Context;
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;

use super::telemetry::Telemetry;

/// Whether tasks are taken: not before the server knows of this process, and not while it stops.
#[derive(Debug, Default)]
pub(super) struct Health {
    ready: AtomicBool,
    stopping: AtomicBool,
}

impl Health {
    /// From now on, tasks are taken.
    pub(super) fn ready(&self) {
        self.ready.store(true, Ordering::Relaxed);
    }

    /// From now on, no new ones are.
    pub(super) fn stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed) && !self.stopping.load(Ordering::Relaxed)
    }
}

/// Answers at `address` in the background.
pub(super) async fn serve(
    address: SocketAddr,
    health: Arc<Health>,
    telemetry: Telemetry,
) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen at {address}: choose another --health-address"))?;
    tracing::info!(address = %listener.local_addr()?, "health");
    let routes = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readiness))
        .with_state(health)
        .route("/metrics", get(metrics).with_state(telemetry));
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            tracing::error!(%error, "health is no longer served");
        }
    });
    Ok(())
}

async fn readiness(State(health): State<Arc<Health>>) -> (StatusCode, &'static str) {
    if health.is_ready() {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
    }
}

async fn metrics(State(telemetry): State<Telemetry>) -> Response {
    match telemetry.text() {
        Ok(text) => ([(CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
