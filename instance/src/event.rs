//! The events of an instance.

use wci_contract::{
    Spec,
    activities::{
        DecideInput, DecideOutput, RegisterOutput, ResizeInput, ValidateOutput, WatchOutput,
    },
    launch::Outcome,
    limits::{MAX_IDENTITY, MAX_MESSAGE, shorten},
    signal::TaskAdd,
    state::ValidationState,
};

use crate::{RegistrationFailure, Rules};

/// Something that happened. [`InstanceState::handle`](crate::InstanceState::handle) takes it
/// together with the time.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The run began. The first event of every run, apart from signals and updates that arrive
    /// with the run's first task.
    RunStarted,
    /// Which rules the run follows, before it starts. Without this event, the latest.
    RulesFollowed(Rules),
    /// Matching announced tasks by a `task-add-signal`.
    TasksAnnounced(TaskAdd),
    /// A `task-add-signal` could not be read.
    SignalDropped {
        /// Why.
        reason: String,
    },
    /// The wake-up timer fired.
    TimerFired,
    /// A decision came back.
    DecisionMade {
        /// The input of the decision, as [`Effect::Decide`](crate::Effect::Decide) held it.
        input: DecideInput,
        /// The decision for each group.
        output: DecideOutput,
    },
    /// No decision could be made.
    DecisionFailed {
        /// The input of the decision.
        input: DecideInput,
    },
    /// A launch ended.
    LaunchEnded {
        /// The launch, as [`Effect::Launch`](crate::Effect::Launch) named it.
        launch_id: String,
        /// What the provider started, throttled and refused.
        outcome: Outcome,
    },
    /// A provider answered a request to resize a worker set.
    SetResized {
        /// The request.
        input: ResizeInput,
        /// The answer.
        outcome: Outcome,
    },
    /// A watch of the task queues ended with stats.
    WatchEnded(WatchOutput),
    /// A watch failed for good; another one may begin now.
    WatchFailed,
    /// An attempt to register task queues ended.
    RegistrationEnded {
        /// The spec of the registration.
        spec: Spec,
        /// What was started, or why nothing could be.
        result: Result<RegisterOutput, RegistrationFailure>,
    },
    /// The timer of the next revalidation fired.
    RevalidationDue,
    /// A revalidation of the compute config ended.
    Revalidated {
        /// The spec that was validated.
        spec: Spec,
        /// The findings; `None` when the validation itself failed.
        output: Option<ValidateOutput>,
    },
    /// The version's workflow was notified of a validation status. In runs of earlier revisions:
    /// or all attempts failed.
    VersionNotified(ValidationState),
    /// The version's workflow could not be notified; another attempt follows.
    NotificationFailed {
        /// Why.
        message: String,
        /// Until the next attempt, milliseconds.
        wait_ms: i64,
    },
    /// An update changed the spec to one that was validated.
    SpecChanged {
        /// The new spec. It has at least one group.
        spec: Spec,
        /// Who made the change.
        identity: String,
        /// The findings of its validation.
        output: ValidateOutput,
    },
    /// An update removed the last group.
    SpecRemoved {
        /// Who made the change.
        identity: String,
    },
    /// The instance is about to end: its worker sets are released first.
    SetsReleased,
    /// The version was deleted.
    Deleted {
        /// Who deleted it.
        identity: String,
    },
    /// Another controller takes over what this instance knows.
    Released,
    /// The update whose turn it was is done; the next one in the queue has its turn.
    UpdateFinished,
}

impl Event {
    /// Cuts and drops what is too large to be kept. A client of the namespace may have sent it.
    pub(crate) fn bound(&mut self) {
        match self {
            Self::DecisionMade { output, .. } => output.bound(),
            Self::LaunchEnded { outcome, .. } | Self::SetResized { outcome, .. } => outcome.bound(),
            Self::RegistrationEnded { result: Ok(output), .. } => output.bound(),
            Self::Revalidated { output: Some(output), .. } => output.bound(),
            Self::SpecChanged { spec, identity, output } => {
                spec.bound_unknown();
                shorten(identity, MAX_IDENTITY);
                output.bound();
            }
            Self::SpecRemoved { identity } | Self::Deleted { identity } => {
                shorten(identity, MAX_IDENTITY);
            }
            Self::WatchEnded(output) => output.bound(),
            Self::NotificationFailed { message, .. } => shorten(message, MAX_MESSAGE),
            // Bounded where they arise.
            Self::RunStarted
            | Self::RulesFollowed(_)
            | Self::TasksAnnounced(_)
            | Self::SignalDropped { .. }
            | Self::TimerFired
            | Self::DecisionFailed { .. }
            | Self::WatchFailed
            | Self::RegistrationEnded { result: Err(_), .. }
            | Self::RevalidationDue
            | Self::Revalidated { output: None, .. }
            | Self::VersionNotified(_)
            | Self::SetsReleased
            | Self::Released
            | Self::UpdateFinished => {}
        }
    }

    /// Whether the main loop takes a step after this event in any case.
    pub(crate) fn wakes_main_loop(&self) -> bool {
        matches!(
            self,
            Self::RunStarted
                | Self::TimerFired
                | Self::DecisionMade { .. }
                | Self::DecisionFailed { .. }
                | Self::UpdateFinished
        )
    }
}
