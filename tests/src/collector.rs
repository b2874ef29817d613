//! A stand-in for an OpenTelemetry collector: it accepts OTLP over gRPC and keeps the bytes.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderValue},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, Full};
use tokio::net::TcpListener;

/// An empty gRPC message: not compressed, no bytes.
const EMPTY_MESSAGE: &[u8] = &[0; 5];

/// The collector. It listens for as long as the test's runtime lives.
#[derive(Debug, Clone)]
pub struct Collector {
    /// Its URL.
    pub url: String,
    received: Arc<Mutex<Vec<u8>>>,
}

impl Collector {
    /// Starts it.
    pub async fn start() -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let routes = Router::new().fallback(export).with_state(Arc::clone(&received));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, received }
    }

    /// Whether it received `text`. Strings are plain bytes in OTLP.
    pub fn has_received(&self, text: &str) -> bool {
        let received = self.received.lock().unwrap();
        received.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

async fn export(State(received): State<Arc<Mutex<Vec<u8>>>>, message: Bytes) -> Response {
    received.lock().unwrap().extend_from_slice(&message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let response = Full::new(Bytes::from_static(EMPTY_MESSAGE));
    let response = Body::new(response.with_trailers(async move { Some(Ok(trailers)) }));
    ([("content-type", "application/grpc")], response).into_response()
}
