//! What this process knows about the runs of instances.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use wci_contract::{ComputeSpec, Spec, VersionId};

use crate::{per_version::PerVersion, server::instance_runs::InstanceRun};

/// An instance too many is counted again after this: others may have ended.
const COUNT_AGAIN: Duration = Duration::from_secs(30);
/// An instance is asked for its spec no more often than this.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// Specs that one process remembers are not larger than this altogether: a spec has 2 MB at most.
const MAX_SPEC_BYTES: usize = 64 * 1024;

/// The latest run of each version that requested something.
#[derive(Debug, Default)]
pub(super) struct KnownRuns(PerVersion<KnownRun>);

/// A run of an instance on our task queue.
#[derive(Debug, Clone)]
pub(super) struct KnownRun {
    run: Arc<InstanceRun>,
    limit: Limit,
    told: Option<(Instant, Arc<Spec>)>,
}

/// Whether the operator allows the instance.
#[derive(Debug, Clone)]
enum Limit {
    NotCounted,
    Within,
    Exceeded(Instant, Arc<str>),
}

impl KnownRuns {
    /// What is known about the run of `version`.
    pub(super) fn of(&self, version: &VersionId, run_id: &str) -> Option<KnownRun> {
        self.0.with(version, |known| known.clone()).filter(|known| known.run.run_id == run_id)
    }

    /// Remembers a run in place of an earlier one.
    pub(super) fn insert(&self, version: &VersionId, run: InstanceRun) -> KnownRun {
        let new = KnownRun { run: Arc::new(run), limit: Limit::NotCounted, told: None };
        self.0.with_or_insert(version, new.clone(), |known| {
            if known.run.run_id != new.run.run_id {
                *known = new.clone();
            }
        });
        new
    }

    /// Remembers whether the instance is one too many, and why.
    pub(super) fn record_limit(&self, version: &VersionId, run_id: &str, excess: Option<String>) {
        self.change(version, run_id, |known| {
            known.limit = match excess {
                None => Limit::Within,
                Some(message) => Limit::Exceeded(Instant::now(), message.into()),
            };
        });
    }

    /// Remembers the spec that the instance has told.
    pub(super) fn record_spec(&self, version: &VersionId, run_id: &str, spec: Spec) {
        let is_small = size(&spec) <= MAX_SPEC_BYTES;
        let spec = Arc::new(if is_small { spec } else { Spec::default() });
        self.change(version, run_id, |known| known.told = Some((Instant::now(), spec)));
    }

    fn change(&self, version: &VersionId, run_id: &str, change: impl FnOnce(&mut KnownRun)) {
        self.0.with(version, |known| {
            if known.run.run_id == run_id {
                change(known);
            }
        });
    }
}

impl KnownRun {
    pub(super) fn run(&self) -> &InstanceRun {
        &self.run
    }

    pub(super) fn is_within_limit(&self) -> bool {
        matches!(self.limit, Limit::Within)
    }

    /// Why the instance was one too many a moment ago.
    pub(super) fn recent_excess(&self) -> Option<&str> {
        match &self.limit {
            Limit::Exceeded(at, message) if at.elapsed() < COUNT_AGAIN => Some(message),
            _ => None,
        }
    }

    pub(super) fn spec_has(&self, group: &str, compute: &ComputeSpec) -> bool {
        let told = self.told.as_ref().and_then(|(_, spec)| spec.scaling_group_specs.get(group));
        told.is_some_and(|told| told.compute == *compute)
    }

    pub(super) fn was_just_told(&self) -> bool {
        self.told.as_ref().is_some_and(|(at, _)| at.elapsed() < ASK_AGAIN)
    }
}

/// Bytes of the spec in JSON, roughly what it takes in memory.
fn size(spec: &Spec) -> usize {
    serde_json::to_vec(spec).map_or(usize::MAX, |text| text.len())
}
