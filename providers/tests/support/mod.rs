//! Requests and assertions that the tests of both providers share.

use std::sync::Mutex;

use serde_json::{Map, Value};
use wci_contract::{VersionId, launch::Outcome};
use wci_providers::{LaunchRequest, Progress, Provider, Scope};

/// Collects the progress of a launch.
#[derive(Default)]
struct Reports(Mutex<Vec<u32>>);

impl Progress for Reports {
    fn started(&self, total: u32) {
        self.0.lock().unwrap().push(total);
    }
}

pub(crate) fn scope() -> Scope {
    Scope {
        namespace: "default".to_owned(),
        version: VersionId::new("orders", "v1").unwrap(),
        group: "all".to_owned(),
    }
}

pub(crate) fn map(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

pub(crate) fn launch(launch_id: &str, count: u32, config: Value) -> LaunchRequest {
    LaunchRequest {
        scope: scope(),
        launch_id: launch_id.to_owned(),
        count,
        already_started: 0,
        config: map(config),
    }
}

/// The outcome, and the progress reported before it.
pub(crate) async fn invoke(provider: &Provider, request: &LaunchRequest) -> (Outcome, Vec<u32>) {
    let reports = Reports::default();
    let Provider::Invoke(provider) = provider else { panic!("it keeps a worker set") };
    let outcome = provider.invoke(request, &reports).await;
    (outcome, reports.0.into_inner().unwrap())
}
