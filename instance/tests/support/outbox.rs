//! Effects that no driver has taken yet, and what must hold for each of them.

use std::collections::{BTreeSet, VecDeque};

use wci_contract::activities::InvokeInput;
use wci_instance::Effect;

/// Groups that a spec of these tests has, at most.
const GROUPS: usize = 2;
/// Effects that one event may have: for each group of the old and the new spec a launch or a
/// resize and two watches, and one of every other kind.
const MAX_EFFECTS: usize = 2 * GROUPS * 3 + 9;

/// An order for a driver that does one thing at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Begin, in place of what runs; a revalidation at this time.
    Begin(i64),
    Stop,
}

/// What drivers will take.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outbox {
    pub(crate) main_loop: VecDeque<Effect>,
    pub(crate) launches: VecDeque<InvokeInput>,
    pub(crate) resizes: VecDeque<String>,
    pub(crate) registration: bool,
    pub(crate) watch: Option<Order>,
    pub(crate) revalidation: Option<Order>,
    pub(crate) notification: bool,
    /// Every launch that this instance requested, over its runs.
    launch_ids: BTreeSet<String>,
}

impl Outbox {
    /// The outbox of the next run.
    pub(crate) fn next(&self) -> Self {
        Self { launch_ids: self.launch_ids.clone(), ..Self::default() }
    }

    /// Hands the effects of one event to the drivers.
    pub(crate) fn route(&mut self, effects: Vec<Effect>) {
        assert!(effects.len() <= MAX_EFFECTS, "one event has {} effects", effects.len());
        for effect in effects {
            match effect {
                Effect::Advance => {
                    if !self.main_loop.contains(&Effect::Advance) {
                        self.main_loop.push_back(Effect::Advance);
                    }
                }
                Effect::Launch(input) => {
                    assert!(self.launch_ids.insert(input.launch_id.clone()), "launched twice");
                    self.launches.push_back(*input);
                }
                Effect::Resize { group } => self.resizes.push_back(group),
                Effect::Register => {
                    assert!(!self.registration, "two registrations are requested");
                    self.registration = true;
                }
                Effect::Watch => self.watch = Some(Order::Begin(0)),
                Effect::StopWatch => self.watch = Some(Order::Stop),
                Effect::RevalidateAt { due_ms } => self.revalidation = Some(Order::Begin(due_ms)),
                Effect::CancelRevalidation => self.revalidation = Some(Order::Stop),
                Effect::NotifyVersion => {
                    assert!(!self.notification, "two notifications are requested");
                    self.notification = true;
                }
                Effect::Decide(_)
                | Effect::SetTimer { .. }
                | Effect::CancelTimer
                | Effect::ContinueAsNew
                | Effect::End(_) => self.main_loop.push_back(effect),
            }
        }
    }
}

/// Whether the instance may still request `effect` after the end of its run.
pub(crate) fn may_follow_the_end(effect: &Effect) -> bool {
    match effect {
        // Nobody takes another step. Worker sets may still be released.
        Effect::Advance
        | Effect::Resize { .. }
        | Effect::StopWatch
        | Effect::CancelTimer
        | Effect::CancelRevalidation => true,
        Effect::Decide(_)
        | Effect::SetTimer { .. }
        | Effect::ContinueAsNew
        | Effect::End(_)
        | Effect::Launch(_)
        | Effect::Register
        | Effect::Watch
        | Effect::RevalidateAt { .. }
        | Effect::NotifyVersion => false,
    }
}
