//! Consecutive announcements for one task queue.

use wci_contract::signal::TaskAdd;

use super::Sentence;
use crate::{
    event::Event,
    phrase::{count, full_stop, list, span},
    time::Millis,
};

/// Announcements that share a sentence.
pub(super) struct Announcements {
    first: Millis,
    last: Event,
    signals: u64,
    tasks: TaskAdd,
}

impl Announcements {
    pub(super) fn new(event: &Event, tasks: &TaskAdd) -> Self {
        Self { first: event.at, last: event.clone(), signals: 1, tasks: tasks.clone() }
    }

    /// Whether `tasks` are announced for the same task queue, in the same run.
    pub(super) fn is_like(&self, event: &Event, tasks: &TaskAdd) -> bool {
        self.last.run == event.run
            && self.tasks.task_queue_name == tasks.task_queue_name
            && self.tasks.task_queue_type == tasks.task_queue_type
    }

    pub(super) fn add(&mut self, event: &Event, tasks: &TaskAdd) {
        self.last = event.clone();
        self.signals += 1;
        self.tasks.misses = self.tasks.misses.saturating_add(tasks.misses);
        self.tasks.syncs = self.tasks.syncs.saturating_add(tasks.syncs);
    }

    pub(super) fn sentence(self) -> Sentence {
        let TaskAdd { task_queue_name, misses, syncs, .. } = &self.tasks;
        let kind = self.tasks.kind().map_or("", |kind| kind.as_str());
        let mut parts = Vec::new();
        if *misses > 0 {
            parts.push(format!("{} found no worker", count(*misses, &format!("{kind} task"))));
        }
        if *syncs > 0 || *misses == 0 {
            let one = if *misses > 0 { "one" } else { "a worker" };
            let syncs = count((*syncs).max(1), &format!("{kind} task"));
            parts.push(format!("{syncs} found {one} at once"));
        }
        let mut text = format!("On task queue {task_queue_name}, {}", list(&parts));
        if self.signals > 1 {
            let within = span(self.last.at - self.first);
            text.push_str(&format!(" ({} within {within})", count(self.signals, "signal")));
        }
        let Event { event_id, run, .. } = self.last;
        Sentence { at: self.first, event_id, run, kind: "signal", text: full_stop(text) }
    }
}
