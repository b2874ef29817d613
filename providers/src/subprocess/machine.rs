//! The processes of this machine, over all namespaces.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{
    pool::Kept,
    roster::{Permit, Roster},
    sweep,
};
use crate::{ProcessSettings, Shepherd, clock::now_ms};

const BETWEEN_SWEEPS: Duration = Duration::from_secs(60);

/// The processes of this machine, over all namespaces.
pub(crate) struct Machine {
    settings: ProcessSettings,
    roster: Arc<Roster>,
    swept: Mutex<Option<Instant>>,
    kept: Kept,
}

impl Machine {
    /// A machine with these settings; nothing is looked at yet.
    pub(crate) fn new(settings: ProcessSettings) -> Self {
        let roster = Roster::new(&settings.run_dir, settings.max_processes);
        Self { settings, roster, swept: Mutex::default(), kept: Kept::default() }
    }

    /// Processes that live now. May read the disk.
    pub(crate) fn living(&self) -> u32 {
        self.roster.living()
    }

    /// Clears away what ended launches left, when it was not done lately. Reads the disk.
    pub(crate) fn sweep(&self) {
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if swept.is_none_or(|at| at.elapsed() >= BETWEEN_SWEEPS) {
            *swept = Some(Instant::now());
            drop(swept);
            sweep::sweep(self.run_dir(), now_ms());
        }
    }

    /// Room for at most `wanted` more processes. May read the disk.
    pub(super) fn reserve(&self, wanted: u32) -> Vec<Permit> {
        self.roster.reserve(wanted)
    }

    /// The most processes that may live at once.
    pub(super) fn max_processes(&self) -> u32 {
        self.roster.max()
    }

    /// Where the records are.
    pub(super) fn run_dir(&self) -> &Path {
        &self.settings.run_dir
    }

    /// The pools that this process keeps.
    pub(crate) fn kept(&self) -> &Kept {
        &self.kept
    }

    /// How long a pool may be without a keeper.
    pub(super) fn lease(&self) -> Duration {
        self.settings.lease
    }

    /// How long a pool may be without word of its instance, milliseconds.
    pub(super) fn lapse_ms(&self) -> i64 {
        i64::try_from(self.settings.lapse.as_millis()).unwrap_or(i64::MAX)
    }

    /// What watches over each process.
    pub(super) fn shepherd(&self) -> &Shepherd {
        &self.settings.shepherd
    }
}
