//! Carries out effects in the order of the instance workflow's drivers. Activities end when a step
//! says so.

use std::collections::{BTreeMap, BTreeSet};

use wci_contract::{
    Spec,
    activities::{DecideInput, InvokeInput, ResizeInput, ValidateInput},
    launch::Launch,
    state::ValidationState,
};
use wci_instance::{Effect, Ending, Event, InstanceState, RunStatus, WatchRequest};

use super::{
    decider::Decider,
    ledger::{Ledger, unserved},
    outbox::{Outbox, may_follow_the_end},
    updates::Updates,
};

/// How long the end of a run waits for launches and resizes.
const LAST_RESULTS_MS: i64 = 2_000;
/// Rounds after which drivers that still find something to do are taken to run for ever.
const MAX_ROUNDS: usize = 100;

/// How far the run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Running,
    /// Waits for results until this time, then continues as new.
    Continuing {
        until_ms: i64,
    },
    /// Waits for its updates.
    Completing,
    Ended,
}

/// A driver that does one thing at a time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Work<T> {
    Idle,
    /// Until this time.
    Timer(i64),
    Running(T),
}

/// An instance, and what is under way for it.
#[derive(Debug, Clone)]
pub(crate) struct Driver {
    pub(crate) instance: InstanceState,
    pub(crate) decider: Decider,
    pub(crate) now_ms: i64,
    pub(crate) stage: Stage,
    pub(crate) outbox: Outbox,
    pub(crate) deciding: Option<DecideInput>,
    pub(crate) timer_ms: Option<i64>,
    pub(crate) launches: Vec<InvokeInput>,
    pub(crate) ended_launches: Vec<String>,
    /// Launches whose outcome no run will receive.
    pub(crate) orphans: Vec<Launch>,
    pub(crate) resizes: Vec<ResizeInput>,
    /// The size that was sent last, by group.
    pub(crate) sizes: BTreeMap<String, u32>,
    /// The sizes that providers acknowledged, by group and time of the request.
    pub(crate) acknowledged: BTreeSet<(String, i64)>,
    pub(crate) registering: Option<Spec>,
    /// Whether the current spec still needs a registration.
    pub(crate) is_unregistered: bool,
    pub(crate) watch: Work<WatchRequest>,
    pub(crate) revalidation: Work<ValidateInput>,
    pub(crate) notifying: Option<ValidationState>,
    /// The status and message that the version's workflow was notified of last.
    pub(crate) notified: Option<(String, String)>,
    pub(crate) updates: Updates,
    pub(crate) cancelled: bool,
    pub(crate) history_is_long: bool,
    pub(crate) ledger: Ledger,
    /// Workers started and signals dropped, at the last check.
    pub(crate) counters: [u64; 2],
    pub(crate) ids: u64,
    /// All effects so far.
    pub(crate) trace: Vec<Effect>,
}

impl Driver {
    /// The first run of an instance, after its first workflow task.
    pub(crate) fn new(instance: InstanceState, now_ms: i64, decider: Decider) -> Self {
        let mut driver = Self::idle(instance, now_ms, decider);
        driver.handle(Event::RunStarted);
        driver.settle();
        driver.check();
        driver
    }

    /// A run that has not begun.
    pub(crate) fn idle(instance: InstanceState, now_ms: i64, decider: Decider) -> Self {
        Self {
            instance,
            decider,
            now_ms,
            stage: Stage::Running,
            outbox: Outbox::default(),
            deciding: None,
            timer_ms: None,
            launches: Vec::new(),
            ended_launches: Vec::new(),
            orphans: Vec::new(),
            resizes: Vec::new(),
            sizes: BTreeMap::new(),
            acknowledged: BTreeSet::new(),
            registering: None,
            is_unregistered: false,
            watch: Work::Idle,
            revalidation: Work::Idle,
            notifying: None,
            notified: None,
            updates: Updates::default(),
            cancelled: false,
            history_is_long: false,
            ledger: Ledger::default(),
            counters: [0; 2],
            ids: 0,
            trace: Vec::new(),
        }
    }

    pub(crate) fn handle(&mut self, event: Event) {
        let effects = self.instance.handle(self.now_ms, event);
        self.route(effects);
    }

    fn route(&mut self, effects: Vec<Effect>) {
        if self.stage != Stage::Running {
            let late = effects.iter().find(|effect| !may_follow_the_end(effect));
            assert_eq!(late, None, "requested after the end of the run");
        }
        self.trace.extend(effects.iter().cloned());
        self.outbox.route(effects);
        let is_registered_twice = self.outbox.registration && self.registering.is_some();
        assert!(!is_registered_twice, "a registration is requested while one is under way");
        let is_notified_twice = self.outbox.notification && self.notifying.is_some();
        assert!(!is_notified_twice, "a notification is requested while one is under way");
        if matches!(self.revalidation, Work::Running(_)) {
            assert_eq!(self.outbox.revalidation, None, "one revalidation at a time");
        }
    }

    /// Has every driver do what it can, as at the end of a workflow task.
    pub(crate) fn settle(&mut self) {
        for _ in 0..MAX_ROUNDS {
            if self.stage == Stage::Ended {
                return;
            }
            let drivers = [
                Self::update,
                Self::step,
                Self::launch,
                Self::resize,
                Self::register,
                Self::watch,
                Self::revalidate,
                Self::notify,
            ];
            let has_worked = drivers.into_iter().fold(false, |any, drive| drive(self) | any);
            if !has_worked {
                return self.finish();
            }
        }
        panic!("the drivers never come to rest");
    }

    /// One step of the main loop; whether there was one.
    fn step(&mut self) -> bool {
        if self.stage != Stage::Running || self.deciding.is_some() {
            return false;
        }
        let step = self.outbox.main_loop.pop_front();
        match step.or(self.cancelled.then_some(Effect::Advance)) {
            Some(Effect::Advance) => self.advance(),
            Some(Effect::Decide(input)) => self.deciding = Some(input),
            Some(Effect::SetTimer { at_ms }) => {
                self.timer_ms = Some(at_ms.max(self.now_ms.saturating_add(1)));
            }
            Some(Effect::CancelTimer) => self.timer_ms = None,
            Some(Effect::ContinueAsNew) => {
                let until_ms = self.now_ms + LAST_RESULTS_MS;
                self.stage = Stage::Continuing { until_ms };
            }
            Some(Effect::End(Ending::Completed)) => self.stage = Stage::Completing,
            Some(Effect::End(Ending::Cancelled | Ending::Unclaimed)) => self.stage = Stage::Ended,
            Some(other) => panic!("{other:?} is not of the main loop"),
            None if self.timer_ms.is_some_and(|at| at <= self.now_ms) => {
                self.timer_ms = None;
                self.handle(Event::TimerFired);
            }
            None => return false,
        }
        true
    }

    fn advance(&mut self) {
        let run = RunStatus {
            cancelled: self.cancelled,
            history_is_long: self.history_is_long,
            handlers_running: !self.updates.is_empty(),
        };
        let before = unserved(&self.instance, None);
        let ids = &mut self.ids;
        let new_id = || {
            *ids += 1;
            format!("launch-{ids}")
        };
        let effects = self.instance.advance(self.now_ms, run, new_id);
        let decision = effects.iter().find_map(|effect| match effect {
            Effect::Decide(input) => Some(input),
            _ => None,
        });
        self.ledger.advanced(before, unserved(&self.instance, decision));
        self.route(effects);
    }
}
