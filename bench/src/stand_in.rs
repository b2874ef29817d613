//! A stand-in for AWS Lambda: it starts a local worker process for each invocation, after a cold
//! start, and holds a limit of concurrent ones. An invocation beyond the limit is accepted and
//! waits, as Lambda keeps an asynchronous event.

use std::{
    collections::BTreeMap,
    io,
    process::{Output, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::{net::TcpListener, process::Command, sync::Semaphore};

/// From an invocation until its process starts.
pub(crate) const COLD_START: Duration = Duration::from_millis(300);

/// What an invocation comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Accepts,
    Throttles,
    Hangs,
}

/// What a function runs: a program with its environment; nothing when there is none.
#[derive(Debug, Clone)]
pub(crate) struct Runs {
    pub(crate) program: std::path::PathBuf,
    pub(crate) env: Vec<(&'static str, String)>,
    /// Processes at once.
    pub(crate) limit: usize,
}

/// The stand-in.
pub(crate) struct StandIn {
    functions: Arc<Functions>,
    pub(crate) url: String,
}

#[derive(Default)]
struct Functions(Mutex<BTreeMap<String, Arc<Function>>>);

struct Function {
    behaviour: Mutex<Behaviour>,
    runs: Option<Runs>,
    free: Semaphore,
    calls: Mutex<Vec<Call>>,
    living: AtomicUsize,
    spent: Mutex<Duration>,
    /// Whether it was said that one of its workers failed.
    has_failed: AtomicBool,
}

/// One invocation.
#[derive(Debug, Clone, Copy)]
struct Call {
    at: SystemTime,
    accepted: bool,
}

impl StandIn {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let functions = Arc::new(Functions::default());
        let routes = Router::new()
            .route("/2015-03-31/functions/{arn}/invocations", post(invoke))
            .route("/2015-03-31/functions/{arn}", get(describe))
            .with_state(Arc::clone(&functions));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { functions, url })
    }

    /// From now on, invocations of `function` run this.
    pub(crate) fn serve(&self, function: &str, runs: Option<Runs>) {
        let made = Arc::new(Function::new(runs));
        if let Ok(mut functions) = self.functions.0.lock() {
            functions.insert(function.to_owned(), made);
        }
    }

    /// From now on, invocations of `function` come to this.
    pub(crate) fn set(&self, function: &str, behaviour: Behaviour) {
        if let Ok(mut set) = self.functions.of(function).behaviour.lock() {
            *set = behaviour;
        }
    }

    /// When `function` was called since `since`, accepted or not.
    pub(crate) fn calls(&self, function: &str, since: SystemTime) -> Vec<SystemTime> {
        let calls = self.functions.of(function).calls_since(since);
        calls.into_iter().map(|call| call.at).collect()
    }

    /// Calls of `function` since `since` that were refused.
    pub(crate) fn refused(&self, function: &str, since: SystemTime) -> usize {
        let calls = self.functions.of(function).calls_since(since);
        calls.into_iter().filter(|call| !call.accepted).count()
    }

    /// Workers of `function` that live or are about to.
    pub(crate) fn living(&self, function: &str) -> usize {
        self.functions.of(function).living.load(Ordering::SeqCst)
    }

    /// Worker-seconds of `function`, of workers that have left.
    pub(crate) fn worker_seconds(&self, function: &str) -> f64 {
        self.functions.of(function).spent.lock().map_or(0.0, |spent| spent.as_secs_f64())
    }
}

impl Functions {
    fn of(&self, name: &str) -> Arc<Function> {
        let Ok(mut functions) = self.0.lock() else { return Arc::new(Function::new(None)) };
        Arc::clone(
            functions.entry(name.to_owned()).or_insert_with(|| Arc::new(Function::new(None))),
        )
    }
}

impl Function {
    fn new(runs: Option<Runs>) -> Self {
        Self {
            behaviour: Mutex::new(Behaviour::Accepts),
            free: Semaphore::new(runs.as_ref().map_or(0, |runs| runs.limit)),
            runs,
            calls: Mutex::default(),
            living: AtomicUsize::new(0),
            spent: Mutex::default(),
            has_failed: AtomicBool::new(false),
        }
    }

    /// Says what the first worker that failed had to say: a case whose workers all fail would
    /// seem one whose controller starts none.
    fn note_end(&self, end: io::Result<Output>) {
        let trouble = match end {
            Ok(Output { status, .. }) if status.success() => return,
            Ok(Output { status, stderr, .. }) => {
                let said = String::from_utf8_lossy(&stderr);
                format!("{status}: {}", said.lines().next_back().unwrap_or_default())
            }
            Err(error) => error.to_string(),
        };
        if !self.has_failed.swap(true, Ordering::SeqCst) {
            eprintln!("  a worker failed: {trouble}");
        }
    }

    fn calls_since(&self, since: SystemTime) -> Vec<Call> {
        let calls = self.calls.lock().map(|calls| calls.clone()).unwrap_or_default();
        calls.into_iter().filter(|call| call.at >= since).collect()
    }

    /// The life of one worker, billed from its cold start to its end.
    async fn run(self: Arc<Self>) {
        let (Some(runs), Ok(_turn)) = (&self.runs, self.free.acquire().await) else { return };
        let began = Instant::now();
        tokio::time::sleep(COLD_START).await;
        let worker = Command::new(&runs.program)
            .envs(runs.env.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .output();
        self.note_end(worker.await);
        if let Ok(mut spent) = self.spent.lock() {
            *spent += began.elapsed();
        }
        self.living.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn invoke(State(functions): State<Arc<Functions>>, Path(arn): Path<String>) -> Response {
    let at = SystemTime::now();
    let function = functions.of(name_of(&arn));
    let behaviour = function.behaviour.lock().map_or(Behaviour::Accepts, |set| *set);
    if let Ok(mut calls) = function.calls.lock() {
        calls.push(Call { at, accepted: behaviour == Behaviour::Accepts });
    }
    match behaviour {
        Behaviour::Accepts => {
            if function.runs.is_some() {
                function.living.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(function.run());
            }
            StatusCode::ACCEPTED.into_response()
        }
        Behaviour::Throttles => {
            let kind = [("x-amzn-errortype", "TooManyRequestsException")];
            (StatusCode::TOO_MANY_REQUESTS, kind, r#"{"message": "Rate Exceeded."}"#)
                .into_response()
        }
        Behaviour::Hangs => std::future::pending().await,
    }
}

async fn describe(Path(arn): Path<String>) -> String {
    format!(r#"{{"Configuration": {{"FunctionArn": "{arn}", "Timeout": 900, "State": "Active"}}}}"#)
}

/// The function's name in `arn:aws:lambda:<region>:<account>:function:<name>[:<version>]`.
fn name_of(arn: &str) -> &str {
    arn.split(':').nth(6).unwrap_or(arn)
}
