//! Back-offs, as a group's scaling state holds them.

use serde_json::{Map, Value};
use wci_contract::decision::OwnState;

use crate::time::Millis;

/// Why a group requests nothing from its provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackOff {
    /// The class of the provider's failure, for example `throttled`.
    pub class: String,
    /// Failures in a row.
    pub failures: u64,
    /// When it is over.
    pub until: Millis,
    /// Whether the group probes the provider with one worker.
    pub probing: bool,
}

impl BackOff {
    /// The back-off in a group's scaling state; `None` while its provider works.
    pub(crate) fn in_state(state: &Map<String, Value>) -> Option<Self> {
        let own = OwnState::read(state);
        let backoff = own.backoff()?;
        Some(Self {
            class: own.class_name().unwrap_or_default().to_owned(),
            failures: backoff.failures.into(),
            until: backoff.until_ms,
            probing: backoff.probing,
        })
    }
}
