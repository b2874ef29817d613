//! A proxy in front of the server, as an operator may have one: it forwards calls, rejects those of
//! some namespaces, and can hold a call.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::poll_fn,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use temporalio_client::tonic::{
    self,
    codegen::Service,
    transport::{Channel, Endpoint},
};
use tokio::{net::TcpListener, sync::watch};

use crate::{SOON, wait_for};

/// The response of the server's own authorizer.
const REJECTION: [(&str, &str); 3] = [
    ("content-type", "application/grpc"),
    ("grpc-status", "7"),
    ("grpc-message", "Request unauthorized."),
];

/// The proxy. It listens for as long as the test's runtime lives.
#[derive(Debug)]
pub struct ServerProxy {
    /// Its address.
    pub address: String,
    rules: Arc<Rules>,
}

#[derive(Debug)]
struct Rules {
    server: Channel,
    rejected: Mutex<BTreeSet<String>>,
    /// The methods whose calls are rejected.
    refused: Mutex<BTreeSet<String>>,
    rejections: AtomicUsize,
    calls: Mutex<BTreeMap<String, usize>>,
    /// The method whose calls are held.
    held: watch::Sender<Option<String>>,
    waiting: AtomicUsize,
}

impl ServerProxy {
    /// Starts a proxy for the server at `server`.
    pub(crate) async fn start(server: &str, rejected: &[String]) -> Self {
        let rules = Arc::new(Rules {
            server: Endpoint::from_shared(format!("http://{server}")).unwrap().connect_lazy(),
            rejected: Mutex::new(rejected.iter().cloned().collect()),
            refused: Mutex::default(),
            rejections: AtomicUsize::new(0),
            calls: Mutex::default(),
            held: watch::Sender::default(),
            waiting: AtomicUsize::new(0),
        });
        let routes = Router::new().fallback(pass).with_state(Arc::clone(&rules));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { address, rules }
    }

    /// Rejects calls for `namespace` from now on.
    pub fn reject(&self, namespace: &str) {
        self.rules.rejected.lock().unwrap().insert(namespace.to_owned());
    }

    /// Forwards calls for `namespace` again.
    pub fn accept(&self, namespace: &str) {
        self.rules.rejected.lock().unwrap().remove(namespace);
    }

    /// Rejects calls of `method` from now on.
    pub fn refuse(&self, method: &str) {
        self.rules.refused.lock().unwrap().insert(method.to_owned());
    }

    /// Forwards calls of `method` again.
    pub fn admit(&self, method: &str) {
        self.rules.refused.lock().unwrap().remove(method);
    }

    /// The number of rejected calls.
    pub fn rejections(&self) -> usize {
        self.rules.rejections.load(Ordering::Relaxed)
    }

    /// The number of calls of `method` so far.
    pub fn calls(&self, method: &str) -> usize {
        self.rules.calls.lock().unwrap().get(method).copied().unwrap_or(0)
    }

    /// Holds every call of `method` from now on.
    pub fn hold(&self, method: &str) {
        self.rules.held.send_replace(Some(method.to_owned()));
    }

    /// Waits until a call is held.
    pub async fn wait_for_held_call(&self) {
        let waits = || self.rules.waiting.load(Ordering::Relaxed) > 0;
        wait_for("a call that is held", SOON, async || waits().then_some(())).await;
    }

    /// Forwards all calls.
    pub fn release(&self) {
        self.rules.held.send_replace(None);
    }
}

async fn pass(State(rules): State<Arc<Rules>>, request: Request) -> Response {
    let namespace = request.headers().get("temporal-namespace").and_then(|name| name.to_str().ok());
    if namespace.is_some_and(|name| rules.rejected.lock().unwrap().contains(name)) {
        rules.rejections.fetch_add(1, Ordering::Relaxed);
        return (REJECTION, ()).into_response();
    }
    let method = request.uri().path().rsplit('/').next().unwrap_or_default();
    if rules.refused.lock().unwrap().contains(method) {
        return (REJECTION, ()).into_response();
    }
    *rules.calls.lock().unwrap().entry(method.to_owned()).or_default() += 1;
    if rules.is_held(method) {
        rules.waiting.fetch_add(1, Ordering::Relaxed);
        let mut held = rules.held.subscribe();
        held.wait_for(Option::is_none).await.unwrap();
    }
    rules.forward(request).await
}

impl Rules {
    fn is_held(&self, method: &str) -> bool {
        self.held.borrow().as_deref() == Some(method)
    }

    async fn forward(&self, request: Request) -> Response {
        let mut server = self.server.clone();
        let response = async {
            poll_fn(|context| server.poll_ready(context)).await?;
            server.call(request.map(tonic::body::Body::new)).await
        };
        // If the server is down, the caller receives the error.
        match response.await {
            Ok(response) => response.map(Body::new),
            Err(error) => tonic::Status::unavailable(error.to_string()).into_http(),
        }
    }
}
