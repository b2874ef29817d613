//! A stand-in for AWS Lambda that does what a test says: it answers, refuses, or hangs.

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

/// What an invocation of a function comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// 202 at once.
    Accepts,
    /// 202 after a while.
    Slow(Duration),
    /// 429.
    Throttles,
    /// 500.
    Fails,
    /// No answer.
    Hangs,
    /// 404, as for a function that was deleted.
    Gone,
    /// 403, with words that repeat credentials.
    Denies,
}

/// The access key ID, as AWS makes them, that stands in a refusal of [`Behaviour::Denies`]. Put
/// together here so that no scanner takes it for a real one.
pub const KEY_IN_REFUSAL: &str = concat!("AS", "IAQWERTYUIOPASDFGH");

/// The stand-in. It answers for as long as it is there.
#[derive(Debug)]
pub struct Lambda {
    pub(crate) shared: Arc<Shared>,
    /// Where it listens.
    pub url: String,
}

/// What is known of its functions.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    functions: Mutex<BTreeMap<String, Function>>,
    logs: PathBuf,
}

#[derive(Debug, Default)]
struct Function {
    behaviour: Option<Behaviour>,
    calls: usize,
    looks: usize,
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
            .route("/2019-09-25/functions/{arn}/event-invoke-config", get(keeps_no_events))
            .with_state(Arc::clone(&shared));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { shared, url }
    }

    /// From now on, invocations of `function` come to this.
    pub fn set(&self, function: &str, behaviour: Behaviour) {
        self.shared.with(function, |function| function.behaviour = Some(behaviour));
    }

    /// From now on, an invocation that is accepted runs such a worker.
    pub fn runs(&self, function: &str, worker: Greeter) {
        self.shared.with(function, |function| function.worker = Some(worker));
    }

    /// From now on, an invocation that is accepted runs in `emulator`.
    pub fn forwards(&self, function: &str, emulator: &Emulator) {
        let address = emulator.address.clone();
        self.shared.with(function, |function| function.emulator = Some(address));
    }

    /// What the invocations came to that ran in an emulator and have ended.
    pub fn results(&self, function: &str) -> Vec<Result<Value, String>> {
        self.shared.with(function, |function| function.results.clone())
    }

    /// How often `function` was invoked, whatever came of it.
    pub fn calls(&self, function: &str) -> usize {
        self.shared.with(function, |function| function.calls)
    }
}

impl Lambda {
    /// How often somebody asked what `function` is.
    pub fn looks(&self, function: &str) -> usize {
        self.shared.with(function, |function| function.looks)
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        // The task that answers may outlive this; the workers must not.
        self.shared.functions.lock().unwrap().clear();
    }
}

impl Shared {
    fn with<T>(&self, function: &str, act: impl FnOnce(&mut Function) -> T) -> T {
        act(self.functions.lock().unwrap().entry(function.to_owned()).or_default())
    }

    /// Workers of its functions that live.
    pub(crate) fn living(&self) -> usize {
        let mut functions = self.functions.lock().unwrap();
        let living = |function: &mut Function| {
            let workers = function.workers.iter_mut();
            workers.filter_map(|worker| worker.is_alive().then_some(())).count() + function.running
        };
        functions.values_mut().map(living).sum()
    }

    fn accept(self: &Arc<Self>, name: &str) -> Response {
        let log = self.logs.join(format!("function-{name}.log"));
        let emulator = self.with(name, |function| {
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

/// Lambda answers first and runs the function then.
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
        Behaviour::Throttles => {
            refusal(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "Rate Exceeded.")
        }
        Behaviour::Fails => failure(),
        Behaviour::Hangs => std::future::pending().await,
        Behaviour::Gone => not_found(&arn),
        Behaviour::Denies => denial(),
    }
}

async fn describe(State(shared): State<Arc<Shared>>, Path(arn): Path<String>) -> Response {
    let name = name_of(&arn);
    let behaviour = shared.with(name, |function| {
        function.looks += 1;
        function.behaviour
    });
    match behaviour {
        Some(Behaviour::Gone) => return not_found(&arn),
        Some(Behaviour::Denies) => return denial(),
        _ if name.starts_with("missing") => return not_found(&arn),
        Some(Behaviour::Fails) => return failure(),
        _ => {}
    }
    let answer = json!({"Configuration": {"FunctionName": name, "FunctionArn": arn,
        "Timeout": 900, "State": "Active"}, "Code": {}, "Tags": {}});
    (StatusCode::OK, answer.to_string()).into_response()
}

/// As the deployment guide has it: no second try, and no event older than a minute.
async fn keeps_no_events() -> Response {
    let config = json!({"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60});
    (StatusCode::OK, config.to_string()).into_response()
}

fn not_found(arn: &str) -> Response {
    let words = format!("Function not found: {arn}");
    refusal(StatusCode::NOT_FOUND, "ResourceNotFoundException", &words)
}

fn denial() -> Response {
    let words = format!("{KEY_IN_REFUSAL} is not authorized to perform this");
    refusal(StatusCode::FORBIDDEN, "AccessDeniedException", &words)
}

fn failure() -> Response {
    refusal(StatusCode::INTERNAL_SERVER_ERROR, "ServiceException", "An error occurred.")
}

fn refusal(status: StatusCode, code: &'static str, words: &str) -> Response {
    let body = json!({"Type": "User", "Message": words, "message": words}).to_string();
    (status, [("x-amzn-errortype", code)], body).into_response()
}

/// The function's name in `arn:aws:lambda:<region>:<account>:function:<name>[:<version>]`.
fn name_of(arn: &str) -> &str {
    arn.split(':').nth(6).unwrap_or(arn)
}
