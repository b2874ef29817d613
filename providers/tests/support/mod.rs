//! What the tests of both providers share.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use serde_json::{Map, Value};
use wci_contract::activities::Version;
use wci_providers::{LaunchRequest, Progress, Scope};

/// Hears what a launch reports.
#[derive(Default)]
pub struct Heard(Mutex<Vec<u32>>);

impl Heard {
    pub fn all(&self) -> Vec<u32> {
        self.0.lock().unwrap().clone()
    }
}

impl Progress for Heard {
    fn started(&self, total: u32) {
        self.0.lock().unwrap().push(total);
    }
}

pub fn scope() -> Scope {
    Scope {
        namespace: "default".to_owned(),
        version: Version { deployment_name: "orders".to_owned(), build_id: "v1".to_owned() },
        group: "all".to_owned(),
    }
}

pub fn map(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

pub fn launch(launch_id: &str, count: u32, config: Value) -> LaunchRequest {
    LaunchRequest {
        scope: scope(),
        launch_id: launch_id.to_owned(),
        count,
        already_started: 0,
        config: map(config),
    }
}

/// Waits until `condition` holds; fails with `what` after 20 s.
pub async fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
