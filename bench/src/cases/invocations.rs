//! 1000 invocations by way of a role: the provider's own path, without a server.

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
/// What the stand-in takes for an answer: none, and about what a region next door does.
const ANSWERS: [Duration; 2] = [Duration::ZERO, Duration::from_millis(50)];
const PER_SECOND: f64 = 500.0;
const MOST_ASSUMED: f64 = 2.0;

#[derive(Clone)]
struct StandIn {
    takes: Duration,
    assumed: Arc<AtomicUsize>,
    invoked: Arc<AtomicUsize>,
}

/// Nobody listens.
struct Deaf;

impl Progress for Deaf {
    fn started(&self, _total: u32) {}
}

pub(super) async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    for takes in ANSWERS {
        let (stand_in, url) = StandIn::start(takes).await?;
        let Provider::Invoke(provider) = provider(url)? else { bail!("aws-lambda keeps a set") };
        let mut rates = Vec::new();
        for run in 0..RUNS {
            let request = request(run)?;
            let began = Instant::now();
            let outcome = provider.invoke(&request, &Deaf).await;
            rates.push(f64::from(COUNT) / began.elapsed().as_secs_f64());
            ensure!(outcome.started == COUNT, "{outcome:?}");
        }
        let millis = takes.as_millis();
        figures.add(
            &format!("invocations by one launch of 1000, each answered in {millis} ms"),
            "/s",
            median(rates),
            Target::AtLeast(PER_SECOND),
        );
        let asked = usize::try_from(COUNT * RUNS)?;
        ensure!(stand_in.invoked.load(Ordering::Relaxed) == asked, "some were not asked for");
        let assumed = u32::try_from(stand_in.assumed.load(Ordering::Relaxed))?;
        figures.add(
            &format!("AssumeRole calls for {asked} invocations"),
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

impl StandIn {
    async fn start(takes: Duration) -> anyhow::Result<(Self, String)> {
        let stand_in = Self { takes, assumed: Arc::default(), invoked: Arc::default() };
        let routes = Router::new()
            .route("/", post(assume))
            .route("/2015-03-31/functions/{arn}/invocations", post(invoke))
            .with_state(stand_in.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no free port")?;
        let url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok((stand_in, url))
    }
}

async fn assume(State(stand_in): State<StandIn>) -> &'static str {
    stand_in.assumed.fetch_add(1, Ordering::Relaxed);
    "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
     <Credentials><AccessKeyId>assumed</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
     <SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
     </AssumeRoleResult></AssumeRoleResponse>"
}

async fn invoke(State(stand_in): State<StandIn>) -> StatusCode {
    tokio::time::sleep(stand_in.takes).await;
    stand_in.invoked.fetch_add(1, Ordering::Relaxed);
    StatusCode::ACCEPTED
}
