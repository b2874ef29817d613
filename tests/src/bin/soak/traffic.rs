//! Load: for each version, single tasks and now and then a burst, as a seed decides.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rand_pcg::{
    Pcg64,
    rand_core::{Rng, SeedableRng},
};
use serde_json::json;
use temporalio_client::{
    Client, UntypedWorkflow, WorkflowStartOptions, errors::WorkflowStartError,
};
use tokio::{task::JoinHandle, time::timeout};
use wci_workflows::payload_of;

/// Time limit of one start, and the pause before it is tried again.
const START_LIMIT: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(500);

/// Running load.
pub(crate) struct Traffic {
    stop: Arc<AtomicBool>,
    of_versions: Vec<(String, JoinHandle<usize>)>,
}

impl Traffic {
    /// Starts load on `queues`.
    pub(crate) fn start(client: &Client, queues: &[&str], seed: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let of_queue = |(n, queue): (u64, &&str)| {
            let random = Pcg64::seed_from_u64(seed ^ n);
            let load = load(client.clone(), (*queue).to_owned(), random, Arc::clone(&stop));
            ((*queue).to_owned(), tokio::spawn(load))
        };
        let of_versions = (1..).zip(queues).map(of_queue).collect();
        Self { stop, of_versions }
    }

    /// Stops, and returns the number of workflows that the server accepted, by queue.
    pub(crate) async fn stop(self) -> Vec<(String, usize)> {
        self.stop.store(true, Ordering::Relaxed);
        let mut accepted = Vec::new();
        for (queue, load) in self.of_versions {
            accepted.push((queue, load.await.unwrap()));
        }
        accepted
    }
}

/// The prefix of the workflow IDs of a queue.
pub(crate) fn prefix(queue: &str) -> String {
    format!("{queue}-task-")
}

async fn load(client: Client, queue: String, mut random: Pcg64, stop: Arc<AtomicBool>) -> usize {
    let mut started = 0;
    while !stop.load(Ordering::Relaxed) {
        let is_burst = random.next_u64().is_multiple_of(60);
        let tasks = if is_burst { 10 + random.next_u64() % 30 } else { 1 };
        for _ in 0..tasks {
            let work_ms = 20 + random.next_u64() % 1_500;
            start(&client, &queue, started, work_ms).await;
            started += 1;
        }
        tokio::time::sleep(Duration::from_millis(200 + random.next_u64() % 1_500)).await;
    }
    started
}

/// Starts workflow `n`, however often it takes: its ID makes repeated starts harmless.
async fn start(client: &Client, queue: &str, n: usize, work_ms: u64) {
    loop {
        let input = payload_of(&json!({"name": n.to_string(), "work_ms": work_ms})).unwrap();
        let options = WorkflowStartOptions::new(queue, format!("{}{n}", prefix(queue))).build();
        let call = client.start_workflow(UntypedWorkflow::new("greet"), input, options);
        match timeout(START_LIMIT, call).await {
            Ok(Ok(_) | Err(WorkflowStartError::AlreadyStarted { .. })) => return,
            Ok(Err(_)) | Err(_) => tokio::time::sleep(RETRY).await,
        }
    }
}
