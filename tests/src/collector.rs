//! A stand-in for an OpenTelemetry collector: it takes OTLP over gRPC and keeps the bytes.

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

/// An empty message: not compressed, no bytes.
const NOTHING: &[u8] = &[0; 5];

/// The collector. It listens for as long as the test's runtime lives.
#[derive(Debug, Clone)]
pub struct Collector {
    /// Where it listens.
    pub url: String,
    taken: Arc<Mutex<Vec<u8>>>,
}

impl Collector {
    /// Starts it.
    pub async fn start() -> Self {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let routes = Router::new().fallback(export).with_state(Arc::clone(&taken));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, taken }
    }

    /// Whether these words were in what it took. Strings are plain bytes in OTLP.
    pub fn knows(&self, words: &str) -> bool {
        let taken = self.taken.lock().unwrap();
        taken.windows(words.len()).any(|window| window == words.as_bytes())
    }
}

async fn export(State(taken): State<Arc<Mutex<Vec<u8>>>>, message: Bytes) -> Response {
    taken.lock().unwrap().extend_from_slice(&message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let answer = Full::new(Bytes::from_static(NOTHING));
    let answer = Body::new(answer.with_trailers(async move { Some(Ok(trailers)) }));
    ([("content-type", "application/grpc")], answer).into_response()
}
