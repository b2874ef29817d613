//! The HTTP endpoints `/healthz`, `/readyz` and `/metrics`.

mod listener;

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

/// Whether the process is ready: not before the server lists it as a poller, and not while it
/// stops.
#[derive(Debug, Default)]
pub(super) struct Health {
    ready: AtomicBool,
    stopping: AtomicBool,
}

impl Health {
    /// Reports ready from now on.
    pub(super) fn set_ready(&self) {
        self.ready.store(true, Ordering::Relaxed);
    }

    /// Reports not ready from now on.
    pub(super) fn set_stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed) && !self.stopping.load(Ordering::Relaxed)
    }
}

/// Serves the endpoints at `address` in the background.
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
    tokio::spawn(listener::serve(listener, routes));
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
            tracing::error!(%error, "cannot write metrics");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
