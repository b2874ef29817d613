//! What must hold after every step, and at the end.

use wci_contract::limits::{MAX_INBOX, MAX_LAUNCHES};

use super::{Violation, plan::setting};
use crate::{Contender, Micros, controller::Instance, world::World};

/// The longest that a task may wait, whatever happens: a hundred tasks of 45 s need 25 minutes of the
/// three workers that some providers allow, and faults and back-offs of five minutes come on top.
const LONGEST_WAIT: Micros = Micros::from_ms(3_600_000);
/// Bytes of the carried state, and of a group's scaling state.
const MAX_STATE: usize = 64 * 1024;
const MAX_SCALING_STATE: usize = 8 * 1024;
/// Steps that one instance may have outstanding.
const MAX_PENDING: usize = 200;
/// Decisions within an hour.
const MAX_DECISIONS: u64 = 10_000;
/// Steps between two looks at what is slow to look at.
const SELDOM: u64 = 256;
/// The window of the budget of invocations: a minute, less the time between a decision and its
/// request.
const BUDGET_WINDOW: Micros = Micros::from_ms(59_000);
const HOUR: Micros = Micros::from_ms(3_600_000);

/// The checks of one day.
#[derive(Debug)]
pub(super) struct Checks {
    max_workers: Option<u64>,
    per_minute: Option<u64>,
    is_worker_set: bool,
    steps: u64,
    /// The hour, and the decisions before it.
    hour: (u64, u64),
}

impl Checks {
    pub(super) fn new(contender: &Contender) -> Self {
        Self {
            max_workers: setting(contender, "max_concurrent_workers"),
            per_minute: setting(contender, "max_invocations_per_minute"),
            is_worker_set: contender.is_worker_set(),
            steps: 0,
            hour: (0, 0),
        }
    }

    /// Steps checked so far.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// What holds after every step.
    pub(super) fn step(&mut self, world: &World<'_>, instance: &Instance) -> Result<(), Violation> {
        self.steps += 1;
        tasks_are_accounted_for(world)?;
        self.limits_hold(world)?;
        if self.steps.is_multiple_of(SELDOM) {
            nobody_waits_for_ever(world)?;
            state_is_bounded(instance)?;
            self.instance_is_calm(world)?;
        }
        Ok(())
    }

    fn limits_hold(&self, world: &World<'_>) -> Result<(), Violation> {
        let Some(faults) = &world.faults else { return Ok(()) };
        let counts = world.fleet.counts();
        let unknown = u64::try_from(faults.unknown.len()).unwrap_or(u64::MAX);
        // A draining worker polls no more: it counts as gone.
        let known = u64::from(counts.starting + counts.polling).saturating_sub(unknown);
        if let Some(max) = self.max_workers.filter(|max| known > *max) {
            return broken(format!("{known} workers run, and at most {max} may"));
        }
        let since = world.now.saturating_sub(BUDGET_WINDOW);
        let recent = faults.requested.iter().filter(|(at, _)| *at > since);
        let requested: u64 = recent.map(|(_, count)| u64::from(*count)).sum();
        if let Some(max) = self.per_minute.filter(|max| requested > *max) {
            return broken(format!("{requested} workers requested in a minute, of at most {max}"));
        }
        Ok(())
    }

    /// An instance that decides without end has lost its way.
    fn instance_is_calm(&mut self, world: &World<'_>) -> Result<(), Violation> {
        let (hour, decisions) = (world.now.div_floor(HOUR), world.counters.decisions);
        if hour != self.hour.0 {
            self.hour = (hour, decisions);
        }
        let made = decisions - self.hour.1;
        if made > MAX_DECISIONS {
            return broken(format!("{made} decisions within an hour"));
        }
        Ok(())
    }

    /// What holds long after the last task and the last fault.
    pub(super) fn end(&self, world: &World<'_>, instance: &Instance) -> Result<(), Violation> {
        let (counters, waiting) = (&world.counters, world.queue.waiting());
        if counters.done != counters.arrived {
            let (lost, ends) = (counters.arrived - counters.done, instance.watch_ends_in(world));
            return broken(format!(
                "{lost} tasks are not done, {waiting} of them wait; the watch ends in {ends:?}"
            ));
        }
        let alive = world.fleet.counts().alive();
        if alive > 0 {
            let kind = if self.is_worker_set { "of the set " } else { "" };
            return broken(format!("{alive} workers {kind}are left over"));
        }
        let (launches, signals, _) = instance.in_progress();
        if launches > 0 || signals > 0 {
            return broken(format!("{launches} launches and {signals} signals are left over"));
        }
        Ok(())
    }
}

fn tasks_are_accounted_for(world: &World<'_>) -> Result<(), Violation> {
    let counters = &world.counters;
    let known = counters.done + world.fleet.running() + world.queue.waiting() + counters.away;
    if known == counters.arrived {
        return Ok(());
    }
    broken(format!("{} tasks arrived, and {known} are accounted for", counters.arrived))
}

fn nobody_waits_for_ever(world: &World<'_>) -> Result<(), Violation> {
    let Some(since) = world.queue.oldest() else { return Ok(()) };
    let wait = world.now.saturating_sub(since);
    if wait <= LONGEST_WAIT {
        return Ok(());
    }
    broken(format!("a task has waited for {} s", wait.as_secs().round()))
}

fn state_is_bounded(instance: &Instance) -> Result<(), Violation> {
    let (state, scaling) = instance.state_bytes();
    let (launches, signals, pending) = instance.in_progress();
    if state > MAX_STATE || scaling > MAX_SCALING_STATE {
        return broken(format!("the state has {state} bytes, {scaling} of them for scaling"));
    }
    if launches > MAX_LAUNCHES || signals > MAX_INBOX || pending > MAX_PENDING {
        return broken(format!("{launches} launches, {signals} signals, {pending} steps"));
    }
    Ok(())
}

fn broken<T>(what: String) -> Result<T, Violation> {
    Err(Violation(what))
}
