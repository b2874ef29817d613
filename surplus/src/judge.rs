//! The judge: does the load need this worker?

use crate::{Listed, Looker, TaskType, slots_needed};

/// Whether a worker is needed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Judgement {
    /// The load needs it, for tasks of this type.
    Needed(Need),
    /// The others suffice for every type that it polls for. `workers` is the number of workers that
    /// consolidate, with this one.
    Surplus {
        /// The number of workers that consolidate, with this one.
        workers: usize,
    },
    /// It polls for nothing, so nothing can be said.
    PollsForNothing,
}

/// What tasks of one type need.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// The type.
    pub task_type: TaskType,
    /// The mean number of busy slots of all workers.
    pub load: f64,
    /// The slots that this load needs.
    pub needed: u64,
    /// The slots of those that stay before this worker does: the younger ones, and those of workers
    /// that do not consolidate.
    pub others: u64,
    /// The number of younger workers that consolidate.
    pub younger: usize,
}

impl Need {
    /// The last worker never leaves by this rule: it leaves when it is idle.
    fn is_met(&self) -> bool {
        self.younger > 0 && self.others >= self.needed
    }
}

/// Judges whether the load of the workers in `list` needs the worker `me`.
///
/// The list may contain `me` or not. `share` is the share of tasks that may find no free slot, for
/// example 0.1. A worker is surplus if for every type that it polls for, the younger workers and
/// those that do not consolidate have enough slots, and at least one younger worker consolidates.
#[must_use]
pub fn judge(me: &Looker<'_>, list: &[Listed<'_>], share: f64) -> Judgement {
    let polled = TaskType::ALL.into_iter().filter(|kind| *me.slots.get(*kind) > 0);
    let mut needs = polled.map(|kind| need(me, list, share, kind)).peekable();
    if needs.peek().is_none() {
        return Judgement::PollsForNothing;
    }
    if let Some(need) = needs.find(|need| !need.is_met()) {
        return Judgement::Needed(need);
    }
    let others = list.iter().filter(|other| other.consolidates && other.key != me.key);
    Judgement::Surplus { workers: 1 + others.count() }
}

fn need(me: &Looker<'_>, list: &[Listed<'_>], share: f64, task_type: TaskType) -> Need {
    let mut younger = 0;
    let mut others = 0;
    let mut consolidating = 1.0;
    // Two views of the load: what this worker does, times their number, and what all reported.
    let own = me.busy.get(task_type).filter(|own| own.is_finite());
    let mut reported = own.unwrap_or_else(|| own_report(me, list, task_type));
    let mut used_by_the_rest = 0.0;
    let polling = list.iter().filter(|other| *other.slots.get(task_type) > 0);
    for other in polling.filter(|other| other.key != me.key) {
        let (slots, used) = (*other.slots.get(task_type), f64::from(*other.used.get(task_type)));
        reported += used;
        if other.consolidates {
            consolidating += 1.0;
        } else {
            used_by_the_rest += used;
        }
        if !other.consolidates || me.is_older_than(other) {
            others += u64::from(slots);
            younger += usize::from(other.consolidates);
        }
    }
    let scaled = own.map_or(0.0, |own| own * consolidating + used_by_the_rest);
    // Leaving on the larger one needs both views to agree, so an error of one costs time only.
    let load = scaled.max(reported);
    Need { task_type, load, needed: slots_needed(load, share), others, younger }
}

/// The taken slots in this worker's own report.
fn own_report(me: &Looker<'_>, list: &[Listed<'_>], task_type: TaskType) -> f64 {
    let mine = list.iter().find(|other| other.key == me.key);
    mine.map_or(0.0, |mine| f64::from(*mine.used.get(task_type)))
}

#[cfg(test)]
mod tests;
