//! A fake of STS and Lambda on a local port.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, SystemTime},
};

use aws_sdk_sts::{
    config::{Credentials, SharedCredentialsProvider},
    primitives::{DateTime, DateTimeFormat},
};
use axum::{
    Router,
    body::Bytes,
    extract::{ConnectInfo, State},
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use wci_providers::{
    AwsSettings, Host, HostSettings, LambdaSettings, Provider, Registry, Settings,
};

pub(crate) const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:orders:5";
pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/invoke-orders";
pub(crate) const EXTERNAL_ID: &str = "f3a9";
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// A request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    /// Role, external ID, session name.
    AssumeRole(String, Option<String>, String),
    /// The function.
    GetFunction(String),
    /// Function, qualifier.
    GetRetries(String, Option<String>),
    /// Function, invocation type, body.
    Invoke(String, String, String),
}

/// How the fake behaves, and what it received.
pub(crate) struct Behaviour {
    /// Every request, with the access key ID of its signature.
    pub(crate) calls: Vec<(Call, String)>,
    /// Region and service of each request's signature: `us-east-1/sts`.
    pub(crate) scopes: BTreeSet<String>,
    /// The source addresses of the requests: one for each connection.
    pub(crate) connections: BTreeSet<SocketAddr>,
    pub(crate) enforces_external_id: bool,
    /// How long the credentials of each AssumeRole are valid; an hour after the last entry.
    pub(crate) lifetimes: Vec<Duration>,
    /// The status and code with which STS refuses.
    pub(crate) sts_refuses: Option<(u16, &'static str)>,
    /// Whether STS accepts requests without answering them.
    pub(crate) sts_hangs: bool,
    /// Each answer to an invocation takes a permit.
    gate: Option<Arc<Semaphore>>,
    /// The number of invocations to accept; later ones are refused with this status and code.
    pub(crate) accepts: usize,
    pub(crate) refuses: (u16, &'static str),
    /// The message of a refusal.
    pub(crate) message: String,
    pub(crate) configuration: Value,
    /// The status and body of the answer about retries.
    pub(crate) retries: (u16, Value),
}

#[derive(Clone)]
pub(crate) struct FakeAws {
    url: String,
    behaviour: Arc<Mutex<Behaviour>>,
}

impl FakeAws {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let behaviour = Arc::new(Mutex::new(Behaviour {
            calls: Vec::new(),
            scopes: BTreeSet::new(),
            connections: BTreeSet::new(),
            enforces_external_id: true,
            lifetimes: Vec::new(),
            sts_refuses: None,
            sts_hangs: false,
            gate: None,
            accepts: usize::MAX,
            refuses: (429, "TooManyRequestsException"),
            message: "no".to_owned(),
            configuration: json!({"FunctionName": "orders", "Timeout": 600}),
            retries: (200, json!({"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60})),
        }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&behaviour));
        let router = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, behaviour }
    }

    pub(crate) fn behaviour(&self) -> MutexGuard<'_, Behaviour> {
        self.behaviour.lock().unwrap()
    }

    pub(crate) fn settings(&self) -> AwsSettings {
        let own = Credentials::new("OWNKEY", "secret", None, None, "test");
        AwsSettings {
            endpoint_url: Some(self.url.clone()),
            credentials: Some(SharedCredentialsProvider::new(own)),
            ..AwsSettings::default()
        }
    }

    pub(crate) fn provider(&self) -> Provider {
        provider(self.settings(), LambdaSettings::default())
    }

    /// Answers `count` invocations, and more as permits are added.
    pub(crate) fn answers_only(&self, count: usize) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(count));
        self.behaviour().gate = Some(Arc::clone(&gate));
        gate
    }

    pub(crate) fn assumed(&self) -> usize {
        self.count(|call| matches!(call, Call::AssumeRole(..)))
    }

    pub(crate) fn invoked(&self) -> usize {
        self.count(|call| matches!(call, Call::Invoke(..)))
    }

    fn count(&self, wanted: impl Fn(&Call) -> bool) -> usize {
        self.behaviour().calls.iter().filter(|(call, _)| wanted(call)).count()
    }
}

pub(crate) fn provider(aws: AwsSettings, lambda: LambdaSettings) -> Provider {
    let host = Host::new(HostSettings { aws, ..HostSettings::default() });
    let settings = Settings { lambda, ..Settings::default() };
    Registry::new(&host, settings).unwrap().find("aws-lambda").unwrap()
}

/// A config with all required keys.
pub(crate) fn config() -> Value {
    json!({"arn": FUNCTION, "role": ROLE, "role_external_id": EXTERNAL_ID})
}

async fn answer(
    State(behaviour): State<Arc<Mutex<Behaviour>>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let call = read(&method, &uri, &headers, body);
    let signed = headers["authorization"].to_str().unwrap();
    // `Credential=<key>/<date>/<region>/<service>/aws4_request`
    let signed: Vec<&str> = signed.split_once("Credential=").unwrap().1.split('/').collect();
    let (key, scope) = (signed[0], format!("{}/{}", signed[2], signed[3]));
    let is_invoke = matches!(call, Call::Invoke(..));
    let (answer, gate) = {
        let mut behaviour = behaviour.lock().unwrap();
        behaviour.calls.push((call.clone(), key.to_owned()));
        behaviour.scopes.insert(scope);
        behaviour.connections.insert(from);
        (behaviour.answer(call), behaviour.gate.clone().filter(|_| is_invoke))
    };
    if let Some(gate) = gate {
        gate.acquire().await.unwrap().forget();
    }
    match answer {
        Some(answer) => answer,
        None => std::future::pending().await,
    }
}

fn read(method: &Method, uri: &Uri, headers: &HeaderMap, body: String) -> Call {
    let path = decode(uri.path());
    if path == "/" {
        let field = |name: &str| {
            let fields = body.split('&').filter_map(|field| field.split_once('='));
            fields.into_iter().find(|(key, _)| *key == name).map(|(_, value)| decode(value))
        };
        assert_eq!(field("Action").unwrap(), "AssumeRole");
        let name = field("RoleSessionName").unwrap();
        return Call::AssumeRole(field("RoleArn").unwrap(), field("ExternalId"), name);
    }
    if let Some(function) = path.strip_prefix("/2019-09-25/functions/") {
        let qualifier = uri.query().and_then(|query| query.strip_prefix("Qualifier="));
        let function = function.strip_suffix("/event-invoke-config").unwrap();
        return Call::GetRetries(function.to_owned(), qualifier.map(decode));
    }
    let function = path.strip_prefix("/2015-03-31/functions/").unwrap();
    match function.strip_suffix("/invocations") {
        Some(function) if method == Method::POST => {
            let kind = headers["x-amz-invocation-type"].to_str().unwrap();
            Call::Invoke(function.to_owned(), kind.to_owned(), body)
        }
        _ => Call::GetFunction(function.to_owned()),
    }
}

impl Behaviour {
    /// `None` means no answer.
    fn answer(&mut self, call: Call) -> Option<Response> {
        Some(match call {
            Call::AssumeRole(..) if self.sts_hangs => return None,
            Call::AssumeRole(_, external_id, _) => self.assume(external_id.as_deref()),
            Call::GetFunction(arn) if arn.contains(":nothing") => {
                refuse(404, "ResourceNotFoundException", &format!("Function not found: {arn}"))
            }
            Call::GetFunction(_) => {
                let found = json!({"Configuration": self.configuration});
                (StatusCode::OK, found.to_string()).into_response()
            }
            Call::GetRetries(..) => match &self.retries {
                (200, answer) => (StatusCode::OK, answer.to_string()).into_response(),
                (404, _) => refuse(404, "ResourceNotFoundException", "there is none"),
                (status, _) => refuse(*status, "AccessDeniedException", "not you"),
            },
            Call::Invoke(..) if self.accepts == 0 => {
                refuse(self.refuses.0, self.refuses.1, &self.message)
            }
            Call::Invoke(..) => {
                self.accepts -= 1;
                StatusCode::ACCEPTED.into_response()
            }
        })
    }

    fn assume(&mut self, external_id: Option<&str>) -> Response {
        if let Some((status, code)) = self.sts_refuses {
            return sts_error(status, code);
        }
        if self.enforces_external_id && external_id != Some(EXTERNAL_ID) {
            return sts_error(403, "AccessDenied");
        }
        let lifetime = if self.lifetimes.is_empty() { HOUR } else { self.lifetimes.remove(0) };
        let end = DateTime::from(SystemTime::now() + lifetime).fmt(DateTimeFormat::DateTime);
        // Each session gets another key, so that requests show which credentials they use.
        let number = self.calls.len();
        let xml = format!(
            "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
             <AssumeRoleResult><Credentials><AccessKeyId>KEY{number}</AccessKeyId>\
             <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
             <Expiration>{}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>",
            end.unwrap()
        );
        (StatusCode::OK, xml).into_response()
    }
}

fn sts_error(status: u16, code: &str) -> Response {
    let xml = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>not you</Message></Error></ErrorResponse>"
    );
    (StatusCode::from_u16(status).unwrap(), xml).into_response()
}

fn refuse(status: u16, code: &'static str, message: &str) -> Response {
    let headers =
        [("x-amzn-errortype", code), ("x-amzn-requestid", "33333333-3333-3333-3333-333333333333")];
    let body = json!({"Type": "User", "Message": message}).to_string();
    (StatusCode::from_u16(status).unwrap(), headers, body).into_response()
}

/// Percent-decodes the characters that the SDK encodes.
fn decode(text: &str) -> String {
    text.replace("%3A", ":").replace("%2F", "/").replace("%24", "$")
}
