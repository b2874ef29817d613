//! The effects of events.

use wci_contract::activities::{DecideInput, InvokeInput};

/// Something to carry out. Whoever drives the instance reports the result as an
/// [`Event`](crate::Event).
///
/// An effect whose input could change before it is carried out has none: its driver takes the
/// input from the instance when it begins, by the method that the variant names.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Call [`InstanceState::advance`](crate::InstanceState::advance) once all events that have
    /// arrived are handled.
    Advance,
    /// Decide, and report the decision.
    Decide(DecideInput),
    /// Set the wake-up timer; it replaces the one that is set.
    SetTimer {
        /// When it fires.
        at_ms: i64,
    },
    /// Cancel the wake-up timer.
    CancelTimer,
    /// Wait for launches and resizes for a bounded time, then continue as new with
    /// [`InstanceState::carry_over`](crate::InstanceState::carry_over).
    ContinueAsNew,
    /// End the run.
    End(Ending),
    /// Have a provider start workers.
    Launch(Box<InvokeInput>),
    /// Have a provider resize the worker set of this group:
    /// [`InstanceState::begin_resize`](crate::InstanceState::begin_resize).
    Resize {
        /// The scaling group.
        group: String,
    },
    /// Register task queues: [`InstanceState::begin_registration`](crate::InstanceState::begin_registration).
    Register,
    /// Watch the task queues; this replaces the running watch:
    /// [`InstanceState::begin_watch`](crate::InstanceState::begin_watch).
    Watch,
    /// Stop the running watch.
    StopWatch,
    /// Validate the compute config at this time, at once if it has passed:
    /// [`InstanceState::begin_revalidation`](crate::InstanceState::begin_revalidation). It replaces
    /// the time that was set before.
    RevalidateAt {
        /// When it is due.
        due_ms: i64,
    },
    /// Forget the time of the next revalidation.
    CancelRevalidation,
    /// Notify the version's workflow of the validation status:
    /// [`InstanceState::begin_notification`](crate::InstanceState::begin_notification).
    NotifyVersion,
}

/// How a run ends without a next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The version was deleted, or handed over to another controller.
    Completed,
    /// The instance was without a spec for too long.
    Unclaimed,
    /// The workflow was cancelled.
    Cancelled,
}
