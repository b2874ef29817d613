//! A stand-in for AWS Lambda: it starts a local worker process for each invocation, after a cold
//! start, up to a limit of concurrent ones. An invocation beyond the limit is accepted and queued,
//! like an asynchronous event of Lambda.

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

/// The time from an invocation to the start of its process.
pub(crate) const COLD_START: Duration = Duration::from_millis(300);

/// The response to an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Accepts,
    Throttles,
    Hangs,
}

/// The program of a function, with its environment.
#[derive(Debug, Clone)]
pub(crate) struct FunctionProgram {
    pub(crate) path: std::path::PathBuf,
    pub(crate) env: Vec<(&'static str, String)>,
    /// Concurrent processes.
    pub(crate) limit: usize,
}

/// The stand-in.
pub(crate) struct Lambda {
    functions: Arc<Functions>,
    pub(crate) url: String,
}

#[derive(Default)]
struct Functions(Mutex<BTreeMap<String, Arc<Function>>>);

struct Function {
    behaviour: Mutex<Behaviour>,
    program: Option<FunctionProgram>,
    free: Semaphore,
    calls: Mutex<Vec<Call>>,
    running_workers: AtomicUsize,
    worker_time: Mutex<Duration>,
    /// Whether a failure of a worker has been printed.
    failure_printed: AtomicBool,
}

/// One invocation.
#[derive(Debug, Clone, Copy)]
struct Call {
    at: SystemTime,
    accepted: bool,
}

impl Lambda {
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

    /// Sets the program of `function`; without one, its invocations do nothing.
    pub(crate) fn serve(&self, function: &str, program: Option<FunctionProgram>) {
        let created = Arc::new(Function::new(program));
        if let Ok(mut functions) = self.functions.0.lock() {
            functions.insert(function.to_owned(), created);
        }
    }

    /// Sets the response to invocations of `function`.
    pub(crate) fn set(&self, function: &str, behaviour: Behaviour) {
        if let Ok(mut set) = self.functions.of(function).behaviour.lock() {
            *set = behaviour;
        }
    }

    /// The times of the calls of `function` since `since`, accepted or not.
    pub(crate) fn calls(&self, function: &str, since: SystemTime) -> Vec<SystemTime> {
        let calls = self.functions.of(function).calls_since(since);
        calls.into_iter().map(|call| call.at).collect()
    }

    /// The number of rejected calls of `function` since `since`.
    pub(crate) fn rejected(&self, function: &str, since: SystemTime) -> usize {
        let calls = self.functions.of(function).calls_since(since);
        calls.into_iter().filter(|call| !call.accepted).count()
    }

    /// The number of running or queued workers of `function`.
    pub(crate) fn running_workers(&self, function: &str) -> usize {
        self.functions.of(function).running_workers.load(Ordering::SeqCst)
    }

    /// Worker-seconds of the exited workers of `function`.
    pub(crate) fn worker_seconds(&self, function: &str) -> f64 {
        self.functions
            .of(function)
            .worker_time
            .lock()
            .map_or(0.0, |worker_time| worker_time.as_secs_f64())
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
    fn new(program: Option<FunctionProgram>) -> Self {
        Self {
            behaviour: Mutex::new(Behaviour::Accepts),
            free: Semaphore::new(program.as_ref().map_or(0, |program| program.limit)),
            program,
            calls: Mutex::default(),
            running_workers: AtomicUsize::new(0),
            worker_time: Mutex::default(),
            failure_printed: AtomicBool::new(false),
        }
    }

    /// Prints the error of the first failed worker. Otherwise, a case whose workers all fail would
    /// look like one whose controller starts none.
    fn report_failure(&self, end: io::Result<Output>) {
        let error = match end {
            Ok(Output { status, .. }) if status.success() => return,
            Ok(Output { status, stderr, .. }) => {
                let stderr = String::from_utf8_lossy(&stderr);
                format!("{status}: {}", stderr.lines().next_back().unwrap_or_default())
            }
            Err(e) => e.to_string(),
        };
        if !self.failure_printed.swap(true, Ordering::SeqCst) {
            eprintln!("  a worker failed: {error}");
        }
    }

    fn calls_since(&self, since: SystemTime) -> Vec<Call> {
        let calls = self.calls.lock().map(|calls| calls.clone()).unwrap_or_default();
        calls.into_iter().filter(|call| call.at >= since).collect()
    }

    /// Runs one worker, billed from its cold start to its exit.
    async fn run(self: Arc<Self>) {
        let (Some(program), Ok(_permit)) = (&self.program, self.free.acquire().await) else {
            return;
        };
        let began = Instant::now();
        tokio::time::sleep(COLD_START).await;
        let worker = Command::new(&program.path)
            .envs(program.env.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .output();
        self.report_failure(worker.await);
        if let Ok(mut worker_time) = self.worker_time.lock() {
            *worker_time += began.elapsed();
        }
        self.running_workers.fetch_sub(1, Ordering::SeqCst);
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
            if function.program.is_some() {
                function.running_workers.fetch_add(1, Ordering::SeqCst);
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
