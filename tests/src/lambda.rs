//! A stand-in for AWS Lambda: it accepts, rejects or hangs, as the test configures it.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{Emulator, Greeter, Process, emulator};

/// The response to an invocation of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// 202 immediately.
    Accepts,
    /// 202 after this time.
    Slow(Duration),
    /// 429.
    Throttles,
    /// 500.
    Fails,
    /// No response.
    Hangs,
    /// 404, as for a deleted function.
    Gone,
    /// 403, with credentials in the message.
    Denies,
}

/// The access key ID in the message of [`Behaviour::Denies`], in AWS's format. It is in two parts
/// so that no scanner takes it for a real one.
pub const KEY_IN_ERROR: &str = concat!("AS", "IAQWERTYUIOPASDFGH");

/// The stand-in. It listens until it is dropped.
#[derive(Debug)]
pub struct Lambda {
    pub(crate) shared: Arc<Shared>,
    /// Its URL.
    pub url: String,
}

/// Its functions.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    functions: Mutex<BTreeMap<String, Function>>,
    logs: PathBuf,
}

#[derive(Debug, Default)]
struct Function {
    behaviour: Option<Behaviour>,
    calls: usize,
    accepted: usize,
    get_function_calls: usize,
    worker: Option<Greeter>,
    workers: Vec<Process>,
    emulator: Option<String>,
    running: usize,
    results: Vec<Result<Value, String>>,
}

impl Lambda {
    pub(crate) async fn start(logs: PathBuf) -> Self {
        let shared = Arc::new(Shared { logs, ..Shared::default() });
        let routes = Router::new()
            .route("/2015-03-31/functions/{arn}/invocations", post(invoke))
            .route("/2015-03-31/functions/{arn}", get(describe))
            .route("/2019-09-25/functions/{arn}/event-invoke-config", get(event_invoke_config))
            .with_state(Arc::clone(&shared));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { shared, url }
    }

    /// Sets the response to invocations of `function`.
    pub fn set(&self, function: &str, behaviour: Behaviour) {
        self.shared.with(function, |function| function.behaviour = Some(behaviour));
    }

    /// Runs `worker` for each accepted invocation of `function` from now on.
    pub fn runs(&self, function: &str, worker: Greeter) {
        self.shared.with(function, |function| function.worker = Some(worker));
    }

    /// Forwards each accepted invocation of `function` to `emulator` from now on.
    pub fn forwards(&self, function: &str, emulator: &Emulator) {
        let address = emulator.address.clone();
        self.shared.with(function, |function| function.emulator = Some(address));
    }

    /// The results of the invocations that an emulator has completed.
    pub fn results(&self, function: &str) -> Vec<Result<Value, String>> {
        self.shared.with(function, |function| function.results.clone())
    }

    /// The number of invocations of `function`, whatever their outcome.
    pub fn calls(&self, function: &str) -> usize {
        self.shared.with(function, |function| function.calls)
    }

    /// The number of accepted invocations of `function`.
    pub fn accepted(&self, function: &str) -> usize {
        self.shared.with(function, |function| function.accepted)
    }

    /// The number of `GetFunction` calls for `function`.
    pub fn get_function_calls(&self, function: &str) -> usize {
        self.shared.with(function, |function| function.get_function_calls)
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        // The server task may outlive this; the workers must not.
        self.shared.functions.lock().unwrap().clear();
    }
}

impl Shared {
    fn with<T>(&self, function: &str, act: impl FnOnce(&mut Function) -> T) -> T {
        act(self.functions.lock().unwrap().entry(function.to_owned()).or_default())
    }

    /// The number of running workers of its functions.
    pub(crate) fn running_workers(&self) -> usize {
        let mut functions = self.functions.lock().unwrap();
        let running = |function: &mut Function| {
            let workers = function.workers.iter_mut();
            workers.filter_map(|worker| worker.is_running().then_some(())).count()
                + function.running
        };
        functions.values_mut().map(running).sum()
    }

    fn accept(self: &Arc<Self>, name: &str) -> Response {
        let log = self.logs.join(format!("function-{name}.log"));
        let emulator = self.with(name, |function| {
            function.accepted += 1;
            function.workers.extend(function.worker.as_ref().map(|worker| worker.start(&log)));
            function.running += usize::from(function.emulator.is_some());
            function.emulator.clone()
        });
        if let Some(address) = emulator {
            tokio::spawn(forward(Arc::clone(self), name.to_owned(), address));
        }
        StatusCode::ACCEPTED.into_response()
    }
}

/// Lambda responds first, and then runs the function.
async fn forward(shared: Arc<Shared>, name: String, address: String) {
    let result = emulator::invoke(&address, &name).await;
    shared.with(&name, |function| {
        function.running -= 1;
        function.results.push(result);
    });
}

async fn invoke(State(shared): State<Arc<Shared>>, Path(arn): Path<String>) -> Response {
    let name = name_of(&arn);
    let behaviour = shared.with(name, |function| {
        function.calls += 1;
        function.behaviour
    });
    match behaviour.unwrap_or(Behaviour::Accepts) {
        Behaviour::Accepts => shared.accept(name),
        Behaviour::Slow(time) => {
            tokio::time::sleep(time).await;
            shared.accept(name)
        }
        Behaviour::Throttles => error_response(
            StatusCode::TOO_MANY_REQUESTS,
            "TooManyRequestsException",
            "Rate Exceeded.",
        ),
        Behaviour::Fails => failure(),
        Behaviour::Hangs => std::future::pending().await,
        Behaviour::Gone => not_found(&arn),
        Behaviour::Denies => denial(),
    }
}

async fn describe(State(shared): State<Arc<Shared>>, Path(arn): Path<String>) -> Response {
    let name = name_of(&arn);
    let behaviour = shared.with(name, |function| {
        function.get_function_calls += 1;
        function.behaviour
    });
    match behaviour {
        Some(Behaviour::Gone) => return not_found(&arn),
        Some(Behaviour::Denies) => return denial(),
        _ if name.starts_with("missing") => return not_found(&arn),
        Some(Behaviour::Fails) => return failure(),
        _ => {}
    }
    let response = json!({"Configuration": {"FunctionName": name, "FunctionArn": arn,
        "Timeout": 900, "State": "Active"}, "Code": {}, "Tags": {}});
    (StatusCode::OK, response.to_string()).into_response()
}

/// As the deployment guide recommends: no retry, and no event older than a minute.
async fn event_invoke_config() -> Response {
    let config = json!({"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60});
    (StatusCode::OK, config.to_string()).into_response()
}

fn not_found(arn: &str) -> Response {
    let message = format!("Function not found: {arn}");
    error_response(StatusCode::NOT_FOUND, "ResourceNotFoundException", &message)
}

fn denial() -> Response {
    let message = format!("{KEY_IN_ERROR} is not authorized to perform this");
    error_response(StatusCode::FORBIDDEN, "AccessDeniedException", &message)
}

fn failure() -> Response {
    error_response(StatusCode::INTERNAL_SERVER_ERROR, "ServiceException", "An error occurred.")
}

fn error_response(status: StatusCode, code: &'static str, message: &str) -> Response {
    let body = json!({"Type": "User", "Message": message, "message": message}).to_string();
    (status, [("x-amzn-errortype", code)], body).into_response()
}

/// The function's name in `arn:aws:lambda:<region>:<account>:function:<name>[:<version>]`.
fn name_of(arn: &str) -> &str {
    arn.split(':').nth(6).unwrap_or(arn)
}
