//! 1000 invocations through a role: only the provider, without a server.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use axum::{Router, extract::State, http::StatusCode, routing::post};
use serde_json::json;
use tokio::net::TcpListener;
use wci_contract::VersionId;
use wci_providers::{
    AwsSettings, Host, HostSettings, LaunchRequest, Progress, Provider, Registry, Scope, Settings,
};

use crate::figures::{Figures, Target, median};

const COUNT: u32 = 1000;
const RUNS: u32 = 5;
/// The response times of the stand-in: none, and about that of a neighbouring region.
const RESPONSE_TIMES: [Duration; 2] = [Duration::ZERO, Duration::from_millis(50)];
const PER_SECOND: f64 = 500.0;
const MOST_ASSUMED: f64 = 2.0;

#[derive(Clone)]
struct FakeAws {
    response_time: Duration,
    assumed: Arc<AtomicUsize>,
    invoked: Arc<AtomicUsize>,
}

/// Ignores the progress.
struct NoProgress;

impl Progress for NoProgress {
    fn started(&self, _total: u32) {}
}

pub(super) async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    for response_time in RESPONSE_TIMES {
        let (aws, url) = FakeAws::start(response_time).await?;
        let Provider::Invoke(provider) = provider(url)? else {
            bail!("aws-lambda is a provider of worker sets")
        };
        let mut rates = Vec::new();
        for run in 0..RUNS {
            let request = request(run)?;
            let began = Instant::now();
            let outcome = provider.invoke(&request, &NoProgress).await;
            rates.push(f64::from(COUNT) / began.elapsed().as_secs_f64());
            ensure!(outcome.started == COUNT, "{outcome:?}");
        }
        let millis = response_time.as_millis();
        figures.add(
            &format!("invocations by one launch of 1000, response time {millis} ms"),
            "/s",
            median(rates),
            Target::AtLeast(PER_SECOND),
        );
        let requested = usize::try_from(COUNT * RUNS)?;
        ensure!(aws.invoked.load(Ordering::Relaxed) == requested, "some invocations are missing");
        let assumed = u32::try_from(aws.assumed.load(Ordering::Relaxed))?;
        figures.add(
            &format!("AssumeRole calls for {requested} invocations"),
            "",
            f64::from(assumed),
            Target::AtMost(MOST_ASSUMED),
        );
    }
    Ok(())
}

fn provider(url: String) -> anyhow::Result<Provider> {
    let own = Credentials::new("own", "secret", None, None, "bench");
    let aws = AwsSettings {
        endpoint_url: Some(url),
        credentials: Some(SharedCredentialsProvider::new(own)),
        ..AwsSettings::default()
    };
    let host = Host::new(HostSettings { aws, processes: None });
    Ok(Registry::new(&host, Settings::default())?.find("aws-lambda")?)
}

fn request(run: u32) -> anyhow::Result<LaunchRequest> {
    let config = json!({
        "arn": "arn:aws:lambda:us-east-1:123456789012:function:orders:5",
        "role": "arn:aws:iam::123456789012:role/invoke-orders",
        "role_external_id": "f3a9c1",
    });
    Ok(LaunchRequest {
        scope: Scope {
            namespace: "default".to_owned(),
            version: VersionId::new("orders", "v1")?,
            group: "all".to_owned(),
        },
        launch_id: format!("bench-{run}"),
        count: COUNT,
        already_started: 0,
        config: config.as_object().cloned().unwrap_or_default(),
    })
}

impl FakeAws {
    async fn start(response_time: Duration) -> anyhow::Result<(Self, String)> {
        let aws = Self { response_time, assumed: Arc::default(), invoked: Arc::default() };
        let routes = Router::new()
            .route("/", post(assume))
            .route("/2015-03-31/functions/{arn}/invocations", post(invoke))
            .with_state(aws.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no free port")?;
        let url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok((aws, url))
    }
}

async fn assume(State(aws): State<FakeAws>) -> &'static str {
    aws.assumed.fetch_add(1, Ordering::Relaxed);
    "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
     <Credentials><AccessKeyId>assumed</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
     <SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
     </AssumeRoleResult></AssumeRoleResponse>"
}

async fn invoke(State(aws): State<FakeAws>) -> StatusCode {
    tokio::time::sleep(aws.response_time).await;
    aws.invoked.fetch_add(1, Ordering::Relaxed);
    StatusCode::ACCEPTED
}
