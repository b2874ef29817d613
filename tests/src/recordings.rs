//! The recorded runs in replay-histories/, a folder for each version of the workflow.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use wci_cli::replay::Recording;

/// One recorded run.
pub struct Recorded {
    /// Its file.
    pub path: PathBuf,
    /// The content of the file.
    pub json: Value,
    /// The file as `wci replay` reads it.
    pub recording: Recording,
}

impl Recorded {
    /// The number of events of `kind`, for example `TIMER_FIRED`.
    pub fn count(&self, kind: &str) -> usize {
        (0..self.events().len()).filter(|index| self.kind(*index) == kind).count()
    }

    /// The kind of the event at `index`, counted from 0.
    pub fn kind(&self, index: usize) -> &str {
        let kind = self.events()[index]["eventType"].as_str().expect("an event type");
        kind.strip_prefix("EVENT_TYPE_").unwrap_or(kind)
    }

    /// Whether the run has an event of any of `kinds`.
    pub fn has(&self, kinds: &[&str]) -> bool {
        kinds.iter().any(|kind| self.count(kind) > 0)
    }

    /// The types of the activities that were scheduled.
    pub fn activities(&self) -> impl Iterator<Item = &str> {
        let attributes = "activityTaskScheduledEventAttributes";
        self.events()
            .iter()
            .filter_map(move |event| event[attributes]["activityType"]["name"].as_str())
    }

    /// The events in the file.
    pub fn events(&self) -> &[Value] {
        self.json["events"].as_array().expect("a list of events")
    }

    /// The path of the file, from the folder of the workflow's version.
    pub fn name(&self) -> String {
        self.path.strip_prefix(folder()).unwrap_or(&self.path).display().to_string()
    }
}

/// Every recorded run.
///
/// # Panics
/// If there is none: a test without recordings proves nothing.
pub fn all() -> Vec<Recorded> {
    let mut recorded = Vec::new();
    for version in listed(&folder()).into_iter().filter(|path| path.is_dir()) {
        let files = listed(&version);
        let before = recorded.len();
        let is_json = |path: &&PathBuf| path.extension().is_some_and(|it| it == "json");
        recorded.extend(files.iter().filter(is_json).map(|path| read(path)));
        assert!(recorded.len() > before, "no recorded run in {}", version.display());
    }
    assert!(!recorded.is_empty(), "no recorded run in {}", folder().display());
    recorded
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-histories")
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{}: {e}: make record-histories", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> Recorded {
    let recording = Recording::read(path).unwrap_or_else(|e| panic!("{} {e}", path.display()));
    let json = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    Recorded { path: path.to_owned(), json, recording }
}
