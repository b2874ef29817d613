//! Serves the endpoints to anyone who can connect, at a bounded cost.
//!
//! The port has no authentication. Connections are few, short and hold little; when there are too
//! many, the oldest one ends, so that a probe is answered while somebody keeps connections open.

use std::{collections::VecDeque, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

/// Connections at a time: probes and a few scrapes.
const MAX_CONNECTIONS: usize = 32;
/// The time limit of the head of a request.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// The time limit of a connection, which serves one request.
const CONNECTION_LASTS: Duration = Duration::from_secs(15);
/// Bytes of the head of a request.
const MAX_HEAD: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;
/// The pause after a connection that could not be accepted, for example for lack of descriptors.
const PAUSE: Duration = Duration::from_millis(500);
/// The time between two warnings about that.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// Serves `routes` for good.
pub(super) async fn serve(listener: TcpListener, routes: Router) {
    let mut open: VecDeque<JoinHandle<()>> = VecDeque::new();
    let mut warned: Option<Instant> = None;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                open.retain(|connection| !connection.is_finished());
                if open.len() >= MAX_CONNECTIONS
                    && let Some(oldest) = open.pop_front()
                {
                    oldest.abort();
                    // Its descriptor is free before the next connection takes one.
                    let _ = oldest.await;
                }
                open.push_back(tokio::spawn(answer(stream, routes.clone())));
            }
            Err(error) => {
                if warned.is_none_or(|at| at.elapsed() >= WARN_EVERY) {
                    warned = Some(Instant::now());
                    tracing::warn!(%error, "cannot accept a connection to the health endpoints");
                }
                sleep(PAUSE).await;
            }
        }
    }
}

/// Answers the request of one connection.
async fn answer(stream: TcpStream, routes: Router) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    match timeout(CONNECTION_LASTS, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a connection to the health endpoints failed"),
        Err(_) => tracing::debug!("a connection to the health endpoints took too long"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn started() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let routes = Router::new().route("/healthz", get(|| async { "ok\n" }));
        tokio::spawn(serve(listener, routes));
        address
    }

    async fn connected(address: SocketAddr) -> TcpStream {
        TcpStream::connect(address).await.unwrap()
    }

    /// Sends `request`, and returns what comes back until the connection ends.
    async fn response(mut stream: TcpStream, request: &[u8]) -> String {
        let mut text = Vec::new();
        let _ = stream.write_all(request).await;
        let _ = stream.read_to_end(&mut text).await;
        String::from_utf8(text).unwrap()
    }

    #[tokio::test]
    async fn a_probe_is_answered_while_somebody_holds_hundreds_of_connections() {
        let address = started().await;
        let mut held = Vec::new();
        for _ in 0..300 {
            let mut stream = connected(address).await;
            stream.write_all(b"GET /healthz HTTP/1.1\r\nx: ").await.unwrap();
            held.push(stream);
        }
        let probe = response(connected(address).await, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
        let probe = timeout(Duration::from_secs(4), probe).await.unwrap();
        assert!(probe.starts_with("HTTP/1.1 200") && probe.ends_with("ok\n"), "{probe}");
        // The oldest ones were closed for it.
        let mut byte = [0];
        let closed = timeout(Duration::from_secs(4), held[0].read(&mut byte)).await.unwrap();
        assert!(matches!(closed, Ok(0) | Err(_)), "{closed:?}");
    }

    #[tokio::test]
    async fn a_request_without_an_end_is_given_up_and_a_large_one_is_refused() {
        let address = started().await;
        let slow = response(connected(address).await, b"GET /healthz HTTP/1.1\r\nx: ");
        timeout(HEAD_WITHIN + Duration::from_secs(5), slow).await.unwrap();
        let head = format!("GET /healthz HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(3 * MAX_HEAD));
        let large = response(connected(address).await, head.as_bytes()).await;
        assert!(!large.contains(" 200 "), "{large}");
    }
}
