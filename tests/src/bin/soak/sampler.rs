//! Samples of what must stay within limits.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::{Duration, Instant},
};

use temporalio_client::WorkflowDescribeOptions;
use tokio::time::timeout;
use wci_tests::{Footprint, Version};

use crate::stage::Stage;

/// Samples without the server's help are cheap; histories are asked for less often.
const HISTORY_EVERY: Duration = Duration::from_secs(10);
const LIMIT: Duration = Duration::from_secs(3);

/// The largest values that were seen.
#[derive(Debug, Default)]
pub(crate) struct Sampler {
    /// Workers at a time: processes, and functions.
    pub(crate) most_workers: [usize; 2],
    pub(crate) most_resident_kb: usize,
    /// Resident memory and open files in the first and in the latest samples.
    pub(crate) first: Option<Footprint>,
    pub(crate) last: Option<Footprint>,
    pub(crate) most_files: usize,
    pub(crate) longest_history: i64,
    /// Records of started processes, by launch.
    pub(crate) records: BTreeMap<String, BTreeSet<String>>,
    asked: Option<Instant>,
}

impl Sampler {
    pub(crate) async fn sample(&mut self, stage: &mut Stage) {
        let running = stage.running();
        for (most, now) in self.most_workers.iter_mut().zip(running) {
            *most = (*most).max(now);
        }
        self.read_records(stage);
        if stage.world.worker().process().is_running() {
            let footprint = Footprint::of(stage.world.worker().process().pid());
            self.most_resident_kb = self.most_resident_kb.max(footprint.resident_kb);
            self.most_files = self.most_files.max(footprint.files);
            self.first.get_or_insert(footprint);
            self.last = Some(footprint);
        }
        if self.asked.is_none_or(|at| at.elapsed() >= HISTORY_EVERY) {
            self.asked = Some(Instant::now());
            for version in stage.versions() {
                let length = history_length(version).await.unwrap_or_default();
                self.longest_history = self.longest_history.max(length);
            }
        }
    }

    /// Folders of launches hold a file for each worker: `<namespace>/<launch>/<index>`.
    fn read_records(&mut self, stage: &Stage) {
        let entries = |path: &std::path::Path| fs::read_dir(path).into_iter().flatten().flatten();
        for namespace in entries(&stage.run_dir()) {
            for launch in entries(&namespace.path()) {
                let name = launch.file_name().to_string_lossy().into_owned();
                let workers = entries(&launch.path());
                let workers =
                    workers.map(|worker| worker.file_name().to_string_lossy().into_owned());
                self.records.entry(name).or_default().extend(workers);
            }
        }
    }
}

async fn history_length(version: &Version) -> Option<i64> {
    let handle = version.handle();
    let described = timeout(LIMIT, handle.describe(WorkflowDescribeOptions::default())).await;
    let described = described.ok()?.ok()?;
    Some(described.raw().workflow_execution_info.as_ref()?.history_length)
}
