//! The report about an instance: a stable JSON object, also the source of the text.

use serde::Serialize;
use wci_contract::{
    Trouble, VersionId,
    launch::Launch,
    state::{DecisionLogEntry, State, ValidationState},
};

use super::group::GroupReport;
use crate::{
    clock::{self, Millis},
    control::{Announcements, Execution, Owner, Retrying, VersionStatus},
    health,
    spec_file::Document,
};

/// The report about an instance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Report {
    pub(super) deployment: String,
    pub(super) build_id: String,
    pub(super) namespace: String,
    pub(super) workflow_id: String,
    pub(super) run_id: String,
    pub(super) status: &'static str,
    pub(super) run_by: Owner,
    pub(super) task_queue: String,
    #[serde(serialize_with = "clock::as_rfc3339_or_null")]
    pub(super) created: Option<Millis>,
    #[serde(serialize_with = "clock::as_rfc3339")]
    pub(super) run_started: Millis,
    pub(super) history_length: i64,
    /// Status of the version on the server; null if the server does not know it.
    pub(super) version_status: Option<&'static str>,
    pub(super) spec: Option<Document>,
    pub(super) last_modifier_identity: String,
    pub(super) validation: Option<ValidationState>,
    /// Why the last check of the compute config came to no result; absent if it came to one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) validation_trouble: String,
    /// Why the server does not know the validation status; absent once it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) server_not_told: Option<NotTold>,
    /// What keeps workers from running, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) troubles: Vec<String>,
    /// Worker sets of groups that are gone, until their provider has ended them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) releasing: Vec<Releasing>,
    /// Activities that failed and are retried.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) retrying: Vec<Retrying>,
    /// Warnings of the latest check of the compute config.
    pub(super) warnings: Vec<String>,
    pub(super) groups: Vec<GroupReport>,
    pub(super) in_flight: Vec<InFlight>,
    pub(super) workers_started: u64,
    pub(super) signals_waiting: usize,
    pub(super) signals_dropped: u64,
    /// Why the latest one was dropped; empty if none was.
    pub(super) latest_drop: String,
    #[serde(serialize_with = "clock::as_rfc3339_or_null")]
    pub(super) next_wake_up: Option<Millis>,
    pub(super) decisions: Vec<Decision>,
    /// Whether the server announces tasks; null where the server's own controller runs it.
    pub(super) announcements: Option<Announcements>,
    /// Why no worker is ever started on this server; null if it is one that works.
    pub(super) server_problem: Option<String>,
}

/// A validation status that did not reach the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct NotTold {
    pub(super) attempts: u32,
    #[serde(serialize_with = "clock::as_rfc3339")]
    pub(super) next_attempt: Millis,
    pub(super) message: String,
}

/// A worker set that its provider is requested to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Releasing {
    pub(super) group: String,
    /// The provider's last refusal; empty before the first.
    pub(super) message: String,
}

/// A launch whose outcome is unknown yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct InFlight {
    pub(super) launch_id: String,
    pub(super) group: String,
    pub(super) workers: u32,
    #[serde(serialize_with = "clock::as_rfc3339")]
    pub(super) since: Millis,
}

/// A decision; the list is oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Decision {
    #[serde(serialize_with = "clock::as_rfc3339")]
    pub(super) at: Millis,
    pub(super) group: String,
    pub(super) event: String,
    pub(super) workers: u32,
    /// The new size of the worker set, if it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) set_size: Option<u32>,
    /// Announced tasks that were deferred.
    #[serde(rename = "held_back")]
    pub(super) throttled: u64,
    pub(super) reasons: Vec<String>,
}

impl Report {
    pub(super) fn new(
        id: &VersionId,
        namespace: &str,
        execution: Execution,
        owner: Owner,
        state: State,
        version: Option<VersionStatus>,
    ) -> Self {
        let groups = GroupReport::all(&state);
        let (troubles, releasing) = (health::troubles(&state), Releasing::all(&state));
        let status = status(&execution);
        let State { spec, pending_task_add_signals, create_time, wci, .. } = state;
        let wci = wci.unwrap_or_default();
        Self {
            deployment: id.deployment().to_owned(),
            build_id: id.build_id().to_owned(),
            namespace: namespace.to_owned(),
            workflow_id: id.workflow_id(),
            run_id: execution.run_id,
            status,
            run_by: owner,
            task_queue: execution.task_queue,
            created: create_time.map(|time| time.as_millis()),
            run_started: execution.started,
            history_length: execution.history_length,
            version_status: version.map(version_status),
            spec: spec.as_ref().map(|spec| Document::of(id, spec)),
            last_modifier_identity: state.last_modifier_identity,
            validation: state.validation_state,
            validation_trouble: wci.check.map(|plan| plan.trouble).unwrap_or_default(),
            server_not_told: wci.untold.map(NotTold::from),
            troubles,
            releasing,
            retrying: execution.retrying,
            warnings: wci.warnings,
            groups,
            in_flight: wci.launches.into_iter().map(InFlight::from).collect(),
            workers_started: wci.workers_started,
            signals_waiting: pending_task_add_signals.len(),
            signals_dropped: wci.signals_dropped,
            latest_drop: wci.latest_drop,
            next_wake_up: wci.wake_at_ms,
            decisions: wci.decisions.into_iter().map(Decision::from).collect(),
            announcements: None,
            server_problem: None,
        }
    }
}

impl Releasing {
    fn all(state: &State) -> Vec<Self> {
        let Some(wci) = &state.wci else { return Vec::new() };
        let spec = state.spec.as_ref();
        let is_kept = |group: &str| {
            let group = spec.and_then(|spec| spec.scaling_group_specs.get(group));
            group.is_some_and(|group| group.compute.is_worker_set())
        };
        let gone = wci.worker_sets.keys().filter(|group| !is_kept(group));
        let message = |group: &str| {
            let failure = wci.last_failures.get(group);
            failure.map(|failure| failure.outcome.message.clone()).unwrap_or_default()
        };
        gone.map(|group| Self { group: group.clone(), message: message(group) }).collect()
    }
}

impl From<Trouble> for NotTold {
    fn from(trouble: Trouble) -> Self {
        let Trouble { attempts, next_attempt_ms, message, .. } = trouble;
        Self { attempts, next_attempt: next_attempt_ms, message }
    }
}

impl From<Launch> for InFlight {
    fn from(launch: Launch) -> Self {
        let Launch { launch_id, group, count, since } = launch;
        Self { launch_id, group, workers: count, since }
    }
}

impl From<DecisionLogEntry> for Decision {
    fn from(record: DecisionLogEntry) -> Self {
        let DecisionLogEntry { at_ms, group, event, invoked, resized, throttled, reasons } = record;
        Self { at: at_ms, group, event, workers: invoked, set_size: resized, throttled, reasons }
    }
}

/// The status of the workflow, as a verb.
pub(super) fn status(execution: &Execution) -> &'static str {
    use temporalio_common::protos::temporal::api::enums::v1::WorkflowExecutionStatus as Status;
    match execution.status {
        Status::Running => "running",
        Status::Completed => "completed",
        Status::Failed => "failed",
        Status::Canceled => "was cancelled",
        Status::Terminated => "was terminated",
        Status::ContinuedAsNew => "continued as new",
        Status::TimedOut => "timed out",
        _ => "ended",
    }
}

fn version_status(status: VersionStatus) -> &'static str {
    match status {
        VersionStatus::Inactive => "inactive",
        VersionStatus::Current => "current",
        VersionStatus::Ramping => "ramping",
        VersionStatus::Draining => "draining",
        VersionStatus::Drained => "drained",
        VersionStatus::Created => "created",
        VersionStatus::Unspecified => "unknown",
    }
}
