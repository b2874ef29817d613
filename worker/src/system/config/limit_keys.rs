//! Limits in the configuration file: for all namespaces, or for one.

use serde_saphyr::Spanned;

use super::Problem;
use crate::system::{Limits, limits};

type Key = Option<Spanned<String>>;

/// The keys of limits, as they are written.
pub(super) struct LimitKeys {
    pub(super) max_instances: Key,
    pub(super) validation_interval: Key,
    pub(super) ceilings: CeilingKeys,
    pub(super) max_processes: Key,
    pub(super) max_log_bytes_per_minute: Key,
}

/// The keys of ceilings, which a provider has as well.
pub(super) struct CeilingKeys {
    pub(super) max_workers: Key,
    pub(super) max_workers_per_minute: Key,
}

impl LimitKeys {
    /// `limits` with what is written.
    pub(super) fn read(self, mut limits: Limits) -> Result<Limits, Problem> {
        let Self {
            max_instances,
            validation_interval,
            ceilings,
            max_processes,
            max_log_bytes_per_minute,
        } = self;
        set(&mut limits.max_instances, max_instances, "max_instances", limits::max_instances)?;
        set(
            &mut limits.validation_interval,
            validation_interval,
            "validation_interval",
            limits::validation_interval,
        )?;
        limits.ceiling = ceilings.read(limits.ceiling)?;
        let processes = |text: &str| limits::max_workers(text).map(Some);
        set(&mut limits.max_processes, max_processes, "max_processes", processes)?;
        set(
            &mut limits.max_log_bytes_per_minute,
            max_log_bytes_per_minute,
            "max_log_bytes_per_minute",
            limits::max_log_bytes,
        )?;
        Ok(limits)
    }
}

impl CeilingKeys {
    /// `ceiling` with what is written.
    pub(super) fn read(
        self,
        mut ceiling: wci_activities::Ceiling,
    ) -> Result<wci_activities::Ceiling, Problem> {
        let Self { max_workers, max_workers_per_minute } = self;
        set(&mut ceiling.workers, max_workers, "max_workers", limits::max_workers)?;
        set(
            &mut ceiling.workers_per_minute,
            max_workers_per_minute,
            "max_workers_per_minute",
            limits::max_workers,
        )?;
        Ok(ceiling)
    }
}

/// Sets `limit` to what is written, if anything is. Errors name the key and its line.
fn set<T>(
    limit: &mut T,
    written: Key,
    key: &'static str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<(), Problem> {
    if let Some(text) = written {
        let line = Some(text.referenced.line());
        *limit = parse(&text.value).map_err(|message| (line, format!("{key}: {message}")))?;
    }
    Ok(())
}
