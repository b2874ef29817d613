//! A front of the server, as an operator may have one: it lets calls through, refuses those of
//! some namespaces, and can keep a call waiting.

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

/// What the server's own authorizer says.
const REFUSAL: [(&str, &str); 3] = [
    ("content-type", "application/grpc"),
    ("grpc-status", "7"),
    ("grpc-message", "Request unauthorized."),
];

/// The front. It listens for as long as the test's runtime lives.
#[derive(Debug)]
pub struct Front {
    /// Where it listens.
    pub address: String,
    rules: Arc<Rules>,
}

#[derive(Debug)]
struct Rules {
    server: Channel,
    refused: Mutex<BTreeSet<String>>,
    refusals: AtomicUsize,
    calls: Mutex<BTreeMap<String, usize>>,
    /// The method whose calls wait.
    held: watch::Sender<Option<String>>,
    waiting: AtomicUsize,
}

impl Front {
    /// Starts one before the server at `server`.
    pub(crate) async fn start(server: &str, refused: &[String]) -> Self {
        let rules = Arc::new(Rules {
            server: Endpoint::from_shared(format!("http://{server}")).unwrap().connect_lazy(),
            refused: Mutex::new(refused.iter().cloned().collect()),
            refusals: AtomicUsize::new(0),
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

    /// Refuses whoever calls for `namespace` from now on.
    pub fn refuse(&self, namespace: &str) {
        self.rules.refused.lock().unwrap().insert(namespace.to_owned());
    }

    /// Refuses it no longer.
    pub fn accept(&self, namespace: &str) {
        self.rules.refused.lock().unwrap().remove(namespace);
    }

    /// Calls that were refused.
    pub fn refusals(&self) -> usize {
        self.rules.refusals.load(Ordering::Relaxed)
    }

    /// Calls of `method` that came so far.
    pub fn calls(&self, method: &str) -> usize {
        self.rules.calls.lock().unwrap().get(method).copied().unwrap_or(0)
    }

    /// Keeps every call of `method` waiting from now on.
    pub fn hold(&self, method: &str) {
        self.rules.held.send_replace(Some(method.to_owned()));
    }

    /// Waits until a call waits.
    pub async fn holds_one(&self) {
        let waits = || self.rules.waiting.load(Ordering::Relaxed) > 0;
        wait_for("a call to hold", SOON, async || waits().then_some(())).await;
    }

    /// Lets all calls go on.
    pub fn let_go(&self) {
        self.rules.held.send_replace(None);
    }
}

async fn pass(State(rules): State<Arc<Rules>>, request: Request) -> Response {
    let namespace = request.headers().get("temporal-namespace").and_then(|name| name.to_str().ok());
    if namespace.is_some_and(|name| rules.refused.lock().unwrap().contains(name)) {
        rules.refusals.fetch_add(1, Ordering::Relaxed);
        return (REFUSAL, ()).into_response();
    }
    let method = request.uri().path().rsplit('/').next().unwrap_or_default();
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
        let answer = async {
            poll_fn(|context| server.poll_ready(context)).await?;
            server.call(request.map(tonic::body::Body::new)).await
        };
        // A server that is gone is for the caller to notice.
        match answer.await {
            Ok(answer) => answer.map(Body::new),
            Err(error) => tonic::Status::unavailable(error.to_string()).into_http(),
        }
    }
}
