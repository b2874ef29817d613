//! A stand-in for the execution environment of a Lambda function: the function's process, and
//! the runtime API from which it gets events.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, OnceLock},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    extract::{Path as Segment, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
};

use crate::{Greeter, Process, SOON};

/// The ARN that the function receives.
pub const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:greeter:5";

/// An invocation.
#[derive(Debug, Clone)]
pub struct Event {
    /// The body; Temporal's controllers send none.
    pub body: Vec<u8>,
    /// The header `lambda-runtime-deadline-ms`.
    pub deadline_ms: u128,
}

/// How an invocation ended.
#[derive(Debug)]
pub struct InvocationResult {
    /// The request ID.
    pub request_id: String,
    /// Whether it is an error.
    pub failed: bool,
    /// The response of the function.
    pub body: Value,
}

/// One environment, which runs one invocation after the other, as in Lambda.
#[derive(Debug)]
pub struct Environment {
    process: Process,
    /// The port of the runtime API.
    pub port: u16,
    events: mpsc::UnboundedSender<Pending>,
    api: Arc<Api>,
    started: Instant,
}

#[derive(Debug)]
struct Pending {
    id: String,
    event: Event,
    result: oneshot::Sender<InvocationResult>,
}

#[derive(Debug)]
struct Api {
    events: tokio::sync::Mutex<mpsc::UnboundedReceiver<Pending>>,
    running: Mutex<BTreeMap<String, oneshot::Sender<InvocationResult>>>,
    ready: OnceLock<Instant>,
}

impl Event {
    /// An event without a body whose deadline is in `time`.
    pub fn ending_in(time: Duration) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Self { body: Vec::new(), deadline_ms: (now + time).as_millis() }
    }

    /// Sets the body.
    pub fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_owned();
        self
    }
}

impl Environment {
    /// Starts the function as Lambda does.
    pub async fn start(function: &Greeter, log: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let port = address.port();
        let (events, waiting) = mpsc::unbounded_channel();
        let api = Api { events: waiting.into(), running: Mutex::default(), ready: OnceLock::new() };
        let api = Arc::new(api);
        let routes = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{kind}", post(complete))
            .with_state(Arc::clone(&api));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let started = Instant::now();
        let process = function
            .clone()
            .env("AWS_LAMBDA_RUNTIME_API", &address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "greeter")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "5")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .start(log);
        Self { process, port, events, api, started }
    }

    /// The function's process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// The time from the start of the process to its first request for an event; `None` before it.
    pub fn init(&self) -> Option<Duration> {
        Some(*self.api.ready.get()? - self.started)
    }

    /// Queues an invocation; the returned future completes with its result.
    pub fn invoke(&self, event: Event) -> impl Future<Output = InvocationResult> + use<> {
        let id = uuid();
        let (result, completed) = oneshot::channel();
        self.events.send(Pending { id, event, result }).expect("the runtime API runs");
        async move {
            let result = tokio::time::timeout(SOON, completed).await;
            result.expect("an invocation took too long").expect("the runtime API runs")
        }
    }
}

async fn next(State(api): State<Arc<Api>>) -> Response {
    api.ready.get_or_init(Instant::now);
    let Some(Pending { id, event, result }) = api.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    api.running.lock().unwrap().insert(id.clone(), result);
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", event.deadline_ms.to_string()),
        ("lambda-runtime-invoked-function-arn", ARN.to_owned()),
    ];
    (headers, event.body).into_response()
}

async fn complete(
    State(api): State<Arc<Api>>,
    Segment((request_id, kind)): Segment<(String, String)>,
    body: String,
) -> StatusCode {
    let Some(waiting) = api.running.lock().unwrap().remove(&request_id) else {
        return StatusCode::BAD_REQUEST;
    };
    let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
    let _ = waiting.send(InvocationResult { request_id, failed: kind == "error", body });
    StatusCode::ACCEPTED
}

/// A unique ID in the format of Lambda's.
fn uuid() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static INVOCATIONS: AtomicU32 = AtomicU32::new(1);
    let n = INVOCATIONS.fetch_add(1, Ordering::Relaxed);
    format!("8476a536-e9f4-11e8-9739-{n:012x}")
}
