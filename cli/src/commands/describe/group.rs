//! The state of each scaling group.

use serde::Serialize;
use wci_contract::{
    Crashes, GroupSpec, TaskType, Trouble,
    decision::OwnState,
    state::{FailureRecord, State},
};

use crate::clock::{self, Millis};

/// One scaling group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct GroupReport {
    pub(super) group: String,
    pub(super) provider: String,
    pub(super) scaler: String,
    /// The task types that it serves, explicitly or by default.
    pub(super) task_types: Vec<TaskType>,
    /// Requested workers whose start is not confirmed.
    pub(super) in_flight: u32,
    /// Its worker set; absent where workers are started one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) worker_set: Option<SetReport>,
    pub(super) backing_off: Option<BackingOff>,
    pub(super) last_failure: Option<LastFailure>,
    /// Why the server does not know its task queues; absent once it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) not_registered: Option<NotRegistered>,
    /// How its workers fail one after another; absent if the last one lived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) crash_loop: Option<CrashLoop>,
}

/// Workers that exit with an error right after their start, one after another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct CrashLoop {
    pub(super) in_a_row: u32,
    /// When the last one exited.
    #[serde(serialize_with = "clock::as_rfc3339")]
    pub(super) at: Millis,
    pub(super) message: String,
}

/// A group whose task queues the server does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct NotRegistered {
    pub(super) attempts: u32,
    #[serde(serialize_with = "clock::as_rfc3339")]
    pub(super) since: Millis,
    #[serde(serialize_with = "clock::as_rfc3339")]
    pub(super) next_attempt: Millis,
    /// Empty if a worker runs that has not polled yet.
    pub(super) message: String,
}

/// A worker set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct SetReport {
    /// The wanted number of workers.
    pub(super) wanted: u32,
    /// Whether the provider acknowledged that size.
    #[serde(rename = "told")]
    pub(super) acknowledged: bool,
}

/// A back-off: the group requests no workers from its provider for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct BackingOff {
    pub(super) class: String,
    pub(super) failures: u64,
    #[serde(serialize_with = "clock::as_rfc3339")]
    pub(super) until: Millis,
    /// Whether the provider is being probed with one worker.
    pub(super) probing: bool,
}

/// The last launch that failed, until one succeeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct LastFailure {
    #[serde(serialize_with = "clock::as_rfc3339")]
    pub(super) at: Millis,
    pub(super) class: &'static str,
    pub(super) message: String,
    pub(super) started: u32,
    pub(super) throttled: u32,
    pub(super) refused: u32,
}

impl GroupReport {
    /// Every group of `state`'s spec.
    pub(super) fn all(state: &State) -> Vec<Self> {
        let groups = state.spec.iter().flat_map(|spec| &spec.scaling_group_specs);
        groups.map(|(name, group)| Self::new(state, name, group)).collect()
    }

    fn new(state: &State, name: &str, group: &GroupSpec) -> Self {
        let wci = state.wci.as_ref();
        let launches = wci.iter().flat_map(|wci| &wci.launches);
        Self {
            group: name.to_owned(),
            provider: group.compute.provider_type.clone(),
            scaler: group.algorithm().to_owned(),
            task_types: state.spec.as_ref().map(|spec| spec.types_of(name)).unwrap_or_default(),
            in_flight: launches
                .filter(|launch| launch.group == name)
                .fold(0, |sum, launch| sum.saturating_add(launch.count)),
            worker_set: wci
                .and_then(|wci| wci.worker_sets.get(name))
                .map(|set| SetReport { wanted: set.wanted, acknowledged: set.acknowledged }),
            backing_off: BackingOff::of(state, name),
            last_failure: wci.and_then(|wci| wci.last_failures.get(name)).map(LastFailure::from),
            not_registered: wci.and_then(|wci| wci.unregistered.get(name)).map(NotRegistered::from),
            crash_loop: wci.and_then(|wci| wci.crashes.get(name)).and_then(CrashLoop::of),
        }
    }

    /// Whether its task queues are registered, and there is no back-off and no failure.
    pub(super) fn is_healthy(&self) -> bool {
        self.not_registered.is_none()
            && self.crash_loop.is_none()
            && self.backing_off.is_none()
            && self.last_failure.is_none()
    }
}

impl BackingOff {
    /// The back-off in the scaling state of `group`.
    fn of(state: &State, group: &str) -> Option<Self> {
        let own = OwnState::read(state.scaling_state.get(group)?);
        let backoff = own.backoff()?;
        Some(Self {
            class: own.class_name().unwrap_or("unknown").to_owned(),
            failures: backoff.failures.into(),
            until: backoff.until_ms,
            probing: backoff.probing,
        })
    }
}

impl CrashLoop {
    fn of(crashes: &Crashes) -> Option<Self> {
        let (in_a_row, at, message) = (crashes.in_a_row, crashes.at_ms, crashes.to_string());
        crashes.is_loop().then_some(Self { in_a_row, at, message })
    }
}

impl From<&Trouble> for NotRegistered {
    fn from(group: &Trouble) -> Self {
        Self {
            attempts: group.attempts,
            since: group.since_ms,
            next_attempt: group.next_attempt_ms,
            message: group.message.clone(),
        }
    }
}

impl From<&FailureRecord> for LastFailure {
    fn from(record: &FailureRecord) -> Self {
        let outcome = &record.outcome;
        Self {
            at: record.at_ms,
            class: outcome.failure_class().as_str(),
            message: outcome.message.clone(),
            started: outcome.started,
            throttled: outcome.throttled,
            refused: outcome.refused,
        }
    }
}
