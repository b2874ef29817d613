//! Records decisions, launches and their outcomes.

use std::time::{Duration, SystemTime};

use wci_contract::{
    FailureClass, VersionId,
    activities::{DecideInput, DecideOutput},
    decision::{Event, GroupState, OwnState},
    launch::Outcome,
};
use wci_scaling::Algorithm;

use super::{
    NamespaceMetrics,
    gauges::BackingOff,
    label_values::{self, NONE, OTHER},
};
use crate::{callers::Refused, ceilings::Limit, timed_outcome::TimedOutcome};

/// A request to a provider.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LaunchOperation {
    /// Starts workers.
    Invoke {
        /// The number of workers.
        count: u32,
        /// Whether they were not requested before.
        is_first_attempt: bool,
    },
    /// Sets the size of a worker set.
    Resize {
        /// Whether it was not requested before.
        is_first_attempt: bool,
    },
}

impl LaunchOperation {
    /// The name that the server's controller gives it.
    fn label(self) -> &'static str {
        match self {
            Self::Invoke { .. } => "invoke_worker",
            Self::Resize { .. } => "update_worker_set_size",
        }
    }

    /// The number of workers that certainly start.
    fn count(self) -> u32 {
        match self {
            Self::Invoke { count, .. } => count,
            Self::Resize { .. } => 0,
        }
    }

    fn is_first_attempt(self) -> bool {
        match self {
            Self::Invoke { is_first_attempt, .. } | Self::Resize { is_first_attempt } => {
                is_first_attempt
            }
        }
    }
}

impl NamespaceMetrics {
    /// Records a decision for `version`.
    pub(crate) fn decided(&self, version: &VersionId, input: &DecideInput, output: &DecideOutput) {
        let inner = &self.inner;
        let (deployment, build) = inner.versions.of(&self.namespace, version);
        self.activity(version, "decide_scaling");
        for (group, decision) in &output.groups {
            let Some(input_group) = input.groups.get(group) else { continue };
            let provider = provider(&input_group.provider_type);
            let algorithm = algorithm(&input_group.scaling.scaling_algorithm);
            inner.own.decisions.of([&self.namespace, provider, algorithm]).inc();
            for reason in &decision.reasons {
                inner.own.reasons.of([&self.namespace, label_values::reason(reason)]).inc();
            }
            let labels = [&*self.namespace, deployment, build, provider];
            inner.builtin.scale_ups_throttled.of(labels).inc_by(decision.throttled);
            let backing_off = backing_off(provider, &decision.state);
            inner.gauges.backing_off(&self.namespace, version, group, backing_off);
            let workers = input_group.events.iter().rev().find_map(|event| match event {
                Event::Poll(poll) => poll.workers,
                Event::TaskAdd(_) | Event::Outcome(_) | Event::Tick {} => None,
            });
            if let Some(workers) = workers {
                inner.gauges.workers(&self.namespace, version, workers);
            }
        }
    }

    /// Records that a provider is called, for a decision at the time `decided`.
    pub(crate) fn launch(
        &self,
        version: &VersionId,
        provider_type: &str,
        operation: LaunchOperation,
        decided: Option<SystemTime>,
    ) -> LaunchSpan {
        let provider = provider(provider_type);
        let labels = [&*self.namespace, provider];
        self.inner.own.launches_in_flight.of(labels).inc();
        self.inner.own.workers_in_flight.of(labels).add(i64::from(operation.count()));
        self.activity(version, operation.label());
        if operation.is_first_attempt() {
            let (deployment, build) = self.inner.versions.of(&self.namespace, version);
            self.inner.builtin.scale_ups.of([&self.namespace, deployment, build, provider]).inc();
        }
        LaunchSpan { metrics: self.clone(), version: version.clone(), provider, operation, decided }
    }

    /// Counts workers that a ceiling of the operator kept from starting.
    pub(crate) fn over_ceiling(&self, provider: &'static str, limit: Limit, workers: u32) {
        let labels = [&*self.namespace, provider, limit.label()];
        self.inner.own.over_ceiling.of(labels).inc_by(u64::from(workers));
    }

    /// Counts an activity that is not carried out because of who requests it.
    pub(crate) fn refused(&self, refused: &Refused) {
        let counter = self.inner.own.refused.of([&self.namespace, refused.label()]);
        counter.inc();
        // A client may request as many as it likes: the log tells of the first, and then of fewer.
        let count = counter.get();
        if count.is_power_of_two() {
            tracing::warn!(
                namespace = &*self.namespace,
                reason = refused.label(),
                count,
                message = refused.message(),
                "did not carry out an activity"
            );
        }
    }

    /// Counts a worker that was requested to register task queues.
    pub(crate) fn registration(&self, provider_type: &str, outcome: &Outcome) {
        let labels =
            [&*self.namespace, provider(provider_type), label_values::class(outcome.class)];
        self.inner.own.registrations.of(labels).inc();
    }

    /// Records how many groups of `version` the server does not know after an attempt to register
    /// them.
    pub(crate) fn registered(&self, version: &VersionId, unknown_groups: usize) {
        self.inner.gauges.unregistered(&self.namespace, version, unknown_groups);
    }
}

/// A running attempt of a launch.
#[derive(Debug)]
pub(crate) struct LaunchSpan {
    metrics: NamespaceMetrics,
    version: VersionId,
    provider: &'static str,
    operation: LaunchOperation,
    decided: Option<SystemTime>,
}

impl LaunchSpan {
    /// Records the provider's response.
    pub(crate) fn end(self, ended: &TimedOutcome) {
        let TimedOutcome { outcome, took } = ended;
        let class = label_values::class(outcome.class);
        let namespace = &*self.metrics.namespace;
        let (deployment, build) = self.metrics.inner.versions.of(namespace, &self.version);
        let own = &self.metrics.inner.own;
        let builtin = &self.metrics.inner.builtin;
        let labels = [namespace, self.provider, class];
        let latency = self.decided.and_then(|at| at.elapsed().ok()).unwrap_or(*took);
        own.launches.of(labels).inc();
        own.provider_time.of(labels).observe(seconds(*took));
        own.launch_latency.of(labels).observe(seconds(latency));
        for (result, count) in [
            ("started", outcome.started),
            ("throttled", outcome.throttled),
            ("refused", outcome.refused),
        ] {
            own.workers.of([namespace, self.provider, result]).inc_by(u64::from(count));
        }
        let labels = [namespace, deployment, build, self.provider, self.operation.label()];
        builtin.action_latency.of(labels).observe(seconds(latency));
        let [.., operation] = labels;
        let labels = [namespace, deployment, build, self.provider, operation, error_type(outcome)];
        builtin.operations.of(labels).inc();
    }
}

impl Drop for LaunchSpan {
    fn drop(&mut self) {
        let labels = [&*self.metrics.namespace, self.provider];
        self.metrics.inner.own.launches_in_flight.of(labels).dec();
        self.metrics.inner.own.workers_in_flight.of(labels).sub(i64::from(self.operation.count()));
    }
}

/// The name that the server's controller gives this kind of failure.
fn error_type(outcome: &Outcome) -> &'static str {
    match outcome.class {
        None => NONE,
        Some(FailureClass::Forbidden) => "compute_provider_unavailable",
        Some(_) => "compute_provider_failed",
    }
}

/// The provider as a label: specs may name any.
pub(super) fn provider(provider_type: &str) -> &'static str {
    wci_providers::known_type(provider_type).unwrap_or(OTHER)
}

/// The algorithm as a label: specs may name any, or none.
fn algorithm(name: &str) -> &'static str {
    if name.is_empty() { "default" } else { Algorithm::parse(name).map_or(OTHER, Algorithm::name) }
}

/// The back-off in a group's state.
fn backing_off(provider: &'static str, state: &GroupState) -> Option<BackingOff> {
    let own = OwnState::read(state);
    let backoff = own.backoff()?;
    Some(BackingOff { provider, class: backoff.class, until_ms: backoff.until_ms })
}

pub(super) fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}
